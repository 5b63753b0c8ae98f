"""All attacks by name; each kind of hostile input has a module with its `ATTACKS`, and names are unique."""

from __future__ import annotations

from tests.attacks import data, documents, runs, schemas, tokenizers
from tests.attacks.attack import Attack

MODULES = (schemas, documents, tokenizers, data, runs)
ATTACKS: dict[str, Attack] = {name: attack for module in MODULES for name, attack in module.ATTACKS.items()}
assert len(ATTACKS) == sum(len(module.ATTACKS) for module in MODULES), "two attacks have one name"
