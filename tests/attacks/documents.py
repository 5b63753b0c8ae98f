"""Hostile documents: texts and files for the readers, and files for commands."""

from __future__ import annotations

from tests.attacks.attack import Attack, Fifo, Link

TRAIN = ("tokenizer", "train", "--corpus", "rows.jsonl", "--schema", "schema.json", "--vocab-size", "300", "--out")
ROWS = {"rows.jsonl": '{"value": {"a": 1}}\n', "schema.json": "{}"}
ATTACKS: dict[str, Attack] = {
    "document: a thousand open brackets": Attack("document", ("DocumentError",), "[" * 1_000),
    "document: a tokenizer in the place of the corpus": Attack("command", ("exit 2",), (*TRAIN, "rows.jsonl"), ROWS),
    "document: a tokenizer through a link to nothing": Attack(
        "command", ("exit 0", "exit 2"), (*TRAIN, "new.json"), {**ROWS, "new.json": Link("nowhere/file")}
    ),
    "document: a pipe in the place of a tokenizer": Attack(
        "command", ("exit 2",), (*TRAIN, "new.json"), {**ROWS, "new.json": Fifo()}
    ),
}
