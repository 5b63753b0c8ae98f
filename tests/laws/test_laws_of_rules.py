"""The laws of the design under rules: random small schemas with rules files, judged by slow and obvious checkers."""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.errors import RulesError
from schemalm.machine import Machine
from schemalm.tokenizer import Tokenizer

from .properties import assert_encodes, assert_refused
from .ruled_properties import Judge, near, walk
from .ruled_schemas import Drawn, ruled_schemas

seeds = st.integers(0, 2**32)
with_examples = settings(
    max_examples=int(os.environ.get("LAW_EXAMPLES", "25")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
# Every how many tokens of a walk all tokens are tried.
STRIDE = 6


def compiled(schema: Drawn, rules: Drawn) -> Tokenizer:
    """Returns a tokenizer. Skips schemas in which every document has to refer to a name that nothing declares."""
    try:
        return Tokenizer.from_grammar(compile_schema(schema, rules=rules))
    except RulesError as error:
        assert "would have to refer to a name" in error.message
        assume(False)
        raise


def trained(tokenizer: Tokenizer, chance: random.Random) -> Tokenizer:
    """Returns the tokenizer, most often with merges learned from documents of random walks."""
    if chance.random() < 0.3:
        return tokenizer
    documents = [tokenizer.decode(walk(tokenizer, chance)) for _ in range(3)]
    scope: Any = chance.choice(["word", "value"])
    return Tokenizer.train(tokenizer.grammar, documents * 2, tokenizer.vocab_size + 40, merge_scope=scope)


@pytest.mark.slow
@with_examples
@given(ruled_schemas(), seeds)
def test_whatever_the_machine_accepts_keeps_the_rules_at_every_cut(case: tuple[Drawn, Drawn], seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(compiled(*case), chance)
    judge = Judge(tokenizer)
    ids = walk(tokenizer, chance)
    value = tokenizer.decode(ids)
    assert judge.accepts(value), (value, judge.faults(value))
    machine = tokenizer.machine()
    for length, token in enumerate(ids):
        ending = machine.completion()
        assert_accepted(machine.copy(), ending)
        value = tokenizer.decode(ids[:length] + ending)
        assert judge.accepts(value), (value, judge.faults(value))
        machine.advance(token)


def assert_accepted(machine: Machine, ids: list[int]) -> None:
    """Asserts that a machine accepts tokens step by step, and is complete then."""
    for token in ids:
        assert machine.mask()[token], token
        machine.advance(token)
    assert machine.is_complete


@pytest.mark.slow
@with_examples
@given(ruled_schemas(), seeds)
def test_a_mask_is_exactly_what_a_copy_consumes(case: tuple[Drawn, Drawn], seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(compiled(*case), chance)
    machine = tokenizer.machine()
    for position, token in enumerate(walk(tokenizer, chance)):
        if position % STRIDE == 0:
            mask = machine.mask().copy()
            consumed = [consumes(machine.copy(), other) for other in range(tokenizer.vocab_size)]
            assert np.flatnonzero(mask).tolist() == np.flatnonzero(consumed).tolist()
            in_order = machine.mask_in_order(mask)
            assert in_order.any()
            assert not (in_order & ~mask).any()
            # The copies have changed nothing.
            assert np.array_equal(machine.mask(), mask)
        machine.advance(token)


def consumes(machine: Machine, token: int) -> bool:
    """Whether a machine consumes a token."""
    try:
        machine.advance(token)
    except ValueError:
        return False
    return True


@pytest.mark.slow
@with_examples
@given(ruled_schemas(), seeds)
def test_a_token_does_what_its_symbols_do_one_by_one(case: tuple[Drawn, Drawn], seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(compiled(*case), chance)
    whole, by_symbol = tokenizer.machine(), tokenizer.machine()
    for token in walk(tokenizer, chance):
        whole.advance(token)
        for symbol in tokenizer.tables.vocabulary.symbols[token]:
            by_symbol.push(symbol)
        assert [entry.nonterminal for entry in whole.stack] == [entry.nonterminal for entry in by_symbol.stack]
        assert np.array_equal(whole.mask(), by_symbol.mask())
        assert whole.completion() == by_symbol.completion()


@pytest.mark.slow
@with_examples
@given(ruled_schemas(), seeds)
def test_values_encode_exactly_if_they_keep_the_rules(case: tuple[Drawn, Drawn], seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(compiled(*case), chance)
    judge = Judge(tokenizer)
    walked = [tokenizer.decode(walk(tokenizer, chance)) for _ in range(3)]
    changed = [near(value, chance) for value in walked for _ in range(4)]
    for value in [*walked, *changed, *(near(value, chance) for value in changed)]:
        if judge.accepts(value):
            assert_encodes(tokenizer, value)
        else:
            assert_refused(tokenizer, value)


@pytest.mark.slow
@with_examples
@given(ruled_schemas(), seeds)
def test_labels_do_not_depend_on_names(case: tuple[Drawn, Drawn], seed: int) -> None:
    chance = random.Random(seed)
    tokenizer, again = compiled(*case), compiled(*case)
    ids = walk(tokenizer, chance)
    followed, free = tokenizer.machine(), Machine(again.tables, follows_names=False)
    for token in ids:
        assert tokenizer.tables.label(followed.nonterminal) == again.tables.label(free.nonterminal)
        followed.advance(token)
        free.advance(token)
