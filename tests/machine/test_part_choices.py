"""Where a part of a text is a name, masks and completions agree with the choice of texts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from schemalm.compilation import compile_schema
from schemalm.grammar.states import Array
from schemalm.grammar.symbols import ITEM
from schemalm.machine import Machine
from schemalm.machine.name_choices import choice
from schemalm.machine.part_choices import PartChoice
from schemalm.tokenizer import Tokenizer

LINKS = {"type": "array", "items": {"type": "string"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "before": {"type": "object", "additionalProperties": {"type": "null"}},
        "links": LINKS,
        "strict": {"type": "array", "items": {"type": "string", "pattern": "^#[a-z]+/?$"}},
        "after": {"type": "object", "additionalProperties": {"type": "null"}},
    },
    "additionalProperties": False,
}
PART = {"prefix": "#", "until": "/", "pattern": "^[a-z]+$"}
RULES: dict[str, Any] = {
    "rules": 1,
    "names": {
        "heading": {
            "declared": [{"keys": "/before"}],
            "referred": [{"values": "/links/[]", **PART}, {"values": "/strict/[]", **PART}],
        },
    },
}
# The keys of `after` may be referred to before they are declared.
PROMISING: dict[str, Any] = {
    "rules": 1,
    "names": {
        "heading": {
            "declared": [{"keys": "/after"}],
            "referred": [{"values": "/links/[]", **PART, "order": "any"}],
        },
    },
}
VALUE = {
    "before": {"intro": None, "end": None},
    "links": ["#intro", "#intro/a", "#end", "top", "#In"],
    "after": {"x": None},
}


@cache
def tokenizer(promises: bool) -> Tokenizer:
    grammar = compile_schema(SCHEMA, rules=PROMISING if promises else RULES)
    sample = {**VALUE, "after": VALUE["before"]} if promises else VALUE
    return Tokenizer.train(grammar, [sample] * 5, 1_000, merge_scope="value")


def machines(found: Tokenizer, seed: int) -> Iterator[Machine]:
    """The machines of a walk that prefers long tokens and beginnings of references."""
    chance, machine = random.Random(seed), found.machine()
    for _ in range(80):
        if machine.is_complete:
            return
        yield machine
        allowed = np.flatnonzero(machine.mask()).tolist()
        longer = [token for token in allowed if len(found.vocabulary.symbols[token]) > 1 or token == 2 + ord("#")]
        machine.advance(chance.choice(longer if longer and chance.random() < 0.7 else allowed))


@pytest.mark.parametrize("promises", [False, True])
def test_a_mask_admits_what_can_be_ended_with_a_declared_name_or_none(promises: bool) -> None:
    found = tokenizer(promises)
    num_texts = 0
    for seed in range(12):
        for machine in machines(found, seed):
            top, names = machine.top, machine.names
            allowed = choice(machine, names, top.slot) if top.slot is not None else None
            if not isinstance(allowed, PartChoice):
                continue
            num_texts += 1
            row, mask = machine.tables.slot_row(top), machine.mask()
            for (text, has_ended), tokens in row.texts.items():
                expected = allowed.allows(names.prefix + text, has_ended)
                assert mask[tokens].all() == mask[tokens].any() == expected, (names.prefix, text, has_ended)
    assert num_texts > 20


@pytest.mark.parametrize("promises", [False, True])
def test_every_beginning_is_completed_with_declared_names(promises: bool) -> None:
    found = tokenizer(promises)
    checker = found.grammar.rules.checker
    for seed in range(12):
        for machine in machines(found, seed):
            other = machine.copy()
            for token in machine.completion():
                other.advance(token)
            assert other.is_complete
    for seed in range(30):
        tokens: list[int] = []
        chance, machine = random.Random(seed), found.machine()
        while not machine.is_complete and len(tokens) < chance.randrange(1, 60):
            tokens.append(chance.choice(np.flatnonzero(machine.mask()).tolist()))
            machine.advance(tokens[-1])
        assert checker.violations(found.decode_prefix(tokens)) == []


def test_where_every_text_is_a_reference_there_is_none_without_a_name() -> None:
    found = tokenizer(False)
    item = found.vocabulary.symbol_token(found.grammar.symbols.ids[ITEM])
    for before, may_have_items in (({}, False), ({"intro": None}, True)):
        machine = found.machine()
        for token in found.encode({"before": before, "strict": []}):
            if machine.path.startswith("strict") and isinstance(
                found.grammar.nonterminals[machine.nonterminal].state, Array
            ):
                assert bool(machine.mask()[item]) is may_have_items
            machine.advance(token)
