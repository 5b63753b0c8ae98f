"""Hostile tokenizer files: `tokenizer.json` with changes."""

from __future__ import annotations

from tests.attacks.attack import Attack, Members

ATTACKS: dict[str, Attack] = {
    "tokenizer: as it was saved": Attack("tokenizer", ("value",), {"kind": "alpha"}),
    "tokenizer: no merges but a number": Attack(
        "tokenizer", ("DataError",), {"kind": "alpha"}, {"tokenizer.json": Members({"/merges": 3})}
    ),
}
