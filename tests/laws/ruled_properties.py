"""Helpers that check the laws for one schema with rules: random walks, and slow and obvious judges of values."""

from __future__ import annotations

import random
from typing import Any

import jsonschema_rs
import numpy as np
from tests.rules.slow_names import verdict

from schemalm.rules.amendments import amended
from schemalm.rules.expressions import expression_language
from schemalm.rules.expressions.references import find_references
from schemalm.rules.expressions.types import Names
from schemalm.tokenizer import Tokenizer

from .properties import mutated
from .ruled_schemas import NAMES
from .ruled_schemas import TEXTS as TEXTS_TO_TRY

MAX_TOKENS = 120


class Judge:
    """Says whether a value keeps a schema and its rules."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        rules = tokenizer.grammar.rules
        assert rules is not None
        self._names = {name: {"scope": "", **kind} for name, kind in rules.file.content().get("names", {}).items()}
        self._languages = {
            place.path: expression_language(place.expression)
            for place in rules.names.tree
            if place.expression is not None
        }
        self._validator = jsonschema_rs.Draft202012Validator(amended(rules.schema, rules.file.amend))

    def accepts(self, value: Any) -> bool:
        return self._validator.is_valid(value) and self._are_expressions_fine(value) and not self.faults(value)

    def faults(self, value: Any) -> set[tuple[Any, ...]]:
        return verdict(self._names, list(self._languages), self._chains, value)

    def _chains(self, path: str, text: str) -> list[list[tuple[str, str]]]:
        return [
            [(link.type.kind, link.name) for link in chain if isinstance(link.type, Names)]
            for chain in find_references(self._languages[path], text) or ()
        ]

    def _are_expressions_fine(self, value: Any, path: str = "") -> bool:
        if isinstance(value, dict):
            return all(self._are_expressions_fine(inner, self._below(path, key)) for key, inner in value.items())
        if isinstance(value, list):
            return all(self._are_expressions_fine(inner, f"{path}/[]") for inner in value)
        return not isinstance(value, str) or path not in self._languages or self._languages[path].contains(value)

    def _below(self, path: str, key: str) -> str:
        named = f"{path}/{key}"
        return named if any(f"{place}/".startswith(f"{named}/") for place in self._languages) else f"{path}/*"


def walk(tokenizer: Tokenizer, chance: random.Random) -> list[int]:
    """Draws tokens from the mask, then appends the completion."""
    machine = tokenizer.machine()
    tokens: list[int] = []
    kinds = [0] * len(machine.mask())
    for token, spelling in enumerate(tokenizer.vocabulary.symbols):
        kinds[token] = 0 if all(symbol < 256 for symbol in spelling) else 1
    structure = np.array(kinds, dtype=bool)
    favourite = chance.random()
    while not machine.is_complete and len(tokens) < MAX_TOKENS:
        mask = machine.mask()
        assert mask.any(), "a machine that is not complete has a way on"
        pool = mask & structure if chance.random() < favourite and (mask & structure).any() else mask
        tokens.append(int(chance.choice(np.flatnonzero(pool).tolist())))
        machine.advance(tokens[-1])
    return tokens + machine.completion()


def near(value: Any, chance: random.Random) -> Any:
    """The value with one part changed, often to one that names may be."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        return _near_object(value, chance)
    if isinstance(value, list) and value and chance.random() < 0.8:
        index = chance.randrange(len(value))
        changed = [value[index]] if chance.random() < 0.3 else []
        return [*value[:index], near(value[index], chance), *changed, *value[index + 1 :]]
    if isinstance(value, str):
        return TEXTS_TO_TRY[chance.randrange(len(TEXTS_TO_TRY))]
    return mutated(value, chance)


def _near_object(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    name = chance.choice(list(value))
    if chance.random() < 0.2:
        return {**value, chance.choice(NAMES): value[name]}
    if chance.random() < 0.2:
        return {key: inner for key, inner in value.items() if key != name}
    if chance.random() < 0.2:
        return {chance.choice(NAMES) if key == name else key: inner for key, inner in value.items()}
    return {**value, name: near(value[name], chance)}
