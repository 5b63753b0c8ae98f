"""Hostile data folders: `data/` with changes, and positions in it."""

from __future__ import annotations

from tests.attacks.attack import Attack, Removed

ATTACKS: dict[str, Attack] = {
    "data: as it was prepared": Attack("data", ("value",)),
    "data: without its metadata": Attack("data", ("DataError",), files={"data/metadata.json": Removed()}),
}
