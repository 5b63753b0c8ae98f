"""Hostile run folders: `run/` with changes."""

from __future__ import annotations

from tests.attacks.attack import Attack

ATTACKS: dict[str, Attack] = {
    "run: as it was trained": Attack("run", ("value",)),
    "run: a configuration that is no JSON": Attack("run", ("CheckpointError",), files={"run/config.json": "{"}),
}
