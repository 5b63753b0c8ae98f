"""Hostile tokenizer files: a changed `tokenizer.json`, which must be refused before it is used."""

from __future__ import annotations

from typing import Any

from tests.attacks.attack import Attack, Content, Fifo, Link, Members, Removed, Zeros

DEEP = "[" * 100_000
# A file that must never be read: its text must not appear anywhere.
SECRET = {"secret.json": '{"type": "object", "title": "a secret"}'}

FILES: dict[str, Content] = {
    "missing": Removed(),
    "empty": "",
    "no JSON": "{",
    "no object": "[]",
    "nested without end": DEEP,
    "nested without end in a member": f'{{"kind": "typed", "schema": {DEEP}',
    "two kinds": '{"kind": "typed", "kind": "character"}',
    "NaN": '{"kind": "typed", "format": NaN}',
    "a number of 100,000 digits": f'{{"kind": "typed", "format": {"9" * 100_000}}}',
    "not UTF-8": b'{"kind": "\xff"}',
    "a pipe": Fifo(),
    "a device": Link("/dev/zero"),
    "of many gigabytes": Zeros(1 << 36),
    "a text kind with an empty token": '{"kind": "byte-bpe", "format": 2, "text": "json", "split": "short_words", '
    '"tokens": [""]}',
    "a character kind without characters": '{"kind": "character", "format": 1, "characters": ["a"]}',
}
CHANGES: dict[str, Any] = {
    "/format": 99,
    "/vocab_size": 10**9,
    "/merge_scope": "everything",
    "/formats": ["assert"],
    "/symbols": ["KEY:other"],
    "/key_orders": [["kind", "kind"]],
    "/whole_values": [""],
    "/merges": [["a"]],
    "/merges/0": ["\U0010ffff", "a"],
    "/states": {"nonterminals": [1], "paths": []},
    "/states/paths": {"a": 1},
    "/schema": {"type": 3},
    "/schema/$ref": "file:///etc/passwd",
    "/unheard of": 1,
}
NO_SCHEMAS: dict[str, Any] = {
    "a path": "secret.json",
    "an address": "file:///etc/passwd",
    "a name": "github-workflow",
    "a list": [],
    "nothing": None,
}

ATTACKS: dict[str, Attack] = {
    "tokenizer: as it was saved": Attack("tokenizer", ("value",), {"kind": "alpha"}),
    **{
        f"tokenizer: {name}": Attack("tokenizer", ("DataError",), {"kind": "alpha"}, {"tokenizer.json": content})
        for name, content in FILES.items()
    },
    **{
        f"tokenizer: another {pointer}": Attack(
            "tokenizer", ("DataError",), {"kind": "alpha"}, {"tokenizer.json": Members({pointer: value})}
        )
        for pointer, value in CHANGES.items()
    },
    **{
        f"tokenizer: {name} in place of a schema": Attack(
            "tokenizer", ("DataError",), {"kind": "alpha"}, {"tokenizer.json": Members({"/schema": value}), **SECRET}
        )
        for name, value in NO_SCHEMAS.items()
    },
}
