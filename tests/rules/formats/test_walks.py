"""Random documents under the built-in rules, cut anywhere and completed, use declared names only."""

from __future__ import annotations

import random

import numpy as np
import pytest

from schemalm.errors import LimitError
from schemalm.tokenizer import Tokenizer

from .conftest import Format

MAX_TOKENS = 300


def walk(tokenizer: Tokenizer, chance: random.Random) -> list[int]:
    """Draws tokens from the mask; keys that the rules name are drawn more often than others, and bytes less often."""
    rules, keys = tokenizer.grammar.rules, tokenizer.grammar.symbols.keys
    assert rules is not None
    named = {keys[key] for place in rules.names.tree for key in place.named if key in keys}
    machine = tokenizer.machine()
    tokens: list[int] = []
    for _ in range(chance.randrange(1, MAX_TOKENS)):
        if machine.is_complete:
            break
        allowed = np.flatnonzero(machine.mask()).tolist()
        longer = [token for token in allowed if token >= 2 + 256]
        useful = [token for token in longer if not named.isdisjoint(tokenizer.vocabulary.symbols[token])]
        pool = next(pool for pool in (*chance.choice([(useful, longer), (longer,), ()]), allowed) if pool)
        tokens.append(chance.choice(pool))
        machine.advance(tokens[-1])
    return tokens


def check(form: Format, tokenizer: Tokenizer, seed: int) -> None:
    chance = random.Random(seed)
    try:
        tokens = walk(tokenizer, chance)
    except LimitError:
        return  # The pattern of a key in a schema can take more work than one call may.
    for length in (len(tokens), chance.randrange(len(tokens) + 1)):
        value = tokenizer.decode_prefix(tokens[:length])
        assert form.faults(value) == [], (seed, length)
        assert form.violations(value) == [], (seed, length)


def test_random_documents_use_declared_names(form: Format) -> None:
    for seed in range(8):
        check(form, form.tokenizer, seed)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_a_thousand_random_documents_use_declared_names(form: Format, part: int) -> None:
    for seed in range(100 * part, 100 * part + 100):
        check(form, form.trained if seed % 2 else form.tokenizer, seed)
