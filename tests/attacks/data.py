"""Hostile data folders: a changed `data/`, and invalid positions in a valid one."""

from __future__ import annotations

from typing import Any

from tests.attacks.attack import Attack, Content, Fifo, Link, Members, Removed, Zeros

DEEP = "[" * 100_000
FILES = (
    "metadata.json",
    "places.npy",
    "train/blocks.zst",
    "train/blocks.bin",
    "train/documents.bin",
    "train/bytes.bin",
)
IN_ITS_PLACE: dict[str, Content] = {
    "missing": Removed(),
    "empty": "",
    "cut off": "\x93NUMPY",
    "a pipe": Fifo(),
    "a device": Link("/dev/zero"),
    "a link to its like": Link("tokenizer.json"),
    "of many gigabytes": Zeros(1 << 40),
}
METADATA: dict[str, Any] = {
    "/context_size": 10**9,
    "/stride": -1,
    "/vocab_size": 10**12,
    "/pad_id": 320,
    "/num_places": "many",
    "/num_states": 1,
    "/tokenizer_sha256": "../",
    "/files": {"../../etc/passwd": "0" * 64},
    "/files/~1dev~1zero": "0" * 64,
    "/files/tokenizer.json": 1,
    "/splits": [],
    "/splits/..": {},
    "/splits/train/num_documents": 10**15,
    "/splits/train/num_tokens": 10**30,
    "/splits/train/files/~1dev~1zero": "0" * 64,
    "/format_version": 99,
    "/unheard of": {"a": [1]},
}
TEXTS: dict[str, str] = {
    "no JSON": "{",
    "no object": "[]",
    "nested without end": DEEP,
    "repeated keys": '{"format_version": 3, "format_version": 3}',
    "NaN": '{"format_version": NaN}',
    "a number of 100,000 digits": f'{{"format_version": {"9" * 100_000}}}',
}
# The states of a loader: the number of the epoch, and a position in its windows.
STATES: dict[str, tuple[int, int]] = {
    "beyond the end": (0, 10**6),
    "far beyond the end": (0, 2**62),
    "before the beginning": (0, -1),
}

ATTACKS: dict[str, Attack] = {
    "data: as it was prepared": Attack("data", ("value",)),
    **{
        f"data: {name} is {what}": Attack("data", ("DataError",), files={f"data/{name}": content})
        for name in FILES
        for what, content in IN_ITS_PLACE.items()
    },
    **{
        f"data: another {pointer}": Attack(
            "data", ("DataError",), files={"data/metadata.json": Members({pointer: value})}
        )
        for pointer, value in METADATA.items()
    },
    **{
        f"data: metadata of {name}": Attack("data", ("DataError",), files={"data/metadata.json": text})
        for name, text in TEXTS.items()
    },
    **{f"data: a position {name}": Attack("data", ("DataError",), state) for name, state in STATES.items()},
    "data: a split that is a link": Attack("data", ("DataError",), files={"data/train": Link("data/val")}),
}
