"""Hostile documents: texts and files that are read, and those that commands read."""

from __future__ import annotations

from tests.attacks.attack import Attack

ATTACKS: dict[str, Attack] = {
    "document: a thousand open brackets": Attack("document", ("DocumentError",), "[" * 1_000),
}
