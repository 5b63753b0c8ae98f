"""The laws of the design as properties of small random schemas of every draft. The oracle is never our own code."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.partial_values import described, partial_from, satisfies

from schemalm.compilation import compile_schema
from schemalm.errors import DecodeError, LimitError, SchemaError
from schemalm.machine import Machine, Tables
from schemalm.machine.derivation import Derivation, NotDerivableError
from schemalm.tokenizer import Tokenizer

from .properties import assert_encodes, assert_refused, mutated, oracle, prefixes, trained, walks
from .schemas import is_ordinary, schemas, values

seeds = st.integers(0, 2**32)
# Run more examples with `LAW_EXAMPLES=5000 pytest tests/laws`.
with_examples = settings(
    max_examples=int(os.environ.get("LAW_EXAMPLES", "80")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def within_limits(found: Iterator[list[int]]) -> Iterator[list[int]]:
    """Yields what is found until that takes more work than the limits allow: guards and prompts together may."""
    with suppress(LimitError):
        yield from found


def compiled(schema: Any) -> Tokenizer:
    """Returns a tokenizer of the schema. Skips schemas that are refused for references or for having no value."""
    try:
        return Tokenizer.from_grammar(compile_schema(schema))
    except SchemaError as error:
        assert error.keyword in ("", "$ref", "$dynamicRef", "unevaluatedProperties", "unevaluatedItems"), error
        assume(False)
        raise


@pytest.mark.slow
@with_examples
@given(schemas, seeds)
def test_whatever_the_machine_accepts_is_valid_at_every_prefix(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(schema, compiled(schema), chance)
    validator = oracle(schema)
    for ids in walks(tokenizer, chance, 2):
        value = tokenizer.decode(ids)
        assert validator.is_valid(value), value
        if is_ordinary(value):
            assert_encodes(tokenizer, value)
        for beginning in prefixes(tokenizer, ids):
            assert validator.is_valid(beginning), beginning


@with_examples
@given(schemas, st.lists(values, min_size=1, max_size=4), seeds)
def test_values_encode_exactly_if_they_are_valid(schema: Any, given_values: list[Any], seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = compiled(schema)
    validator = oracle(schema)
    near = [tokenizer.decode(ids) for ids in walks(tokenizer, chance, 4)]
    for value in filter(is_ordinary, [*given_values, *(mutated(value, chance) for value in near)]):
        if validator.is_valid(value):
            assert_encodes(tokenizer, value)
        else:
            assert_refused(tokenizer, value)


@with_examples
@given(schemas, st.lists(values, min_size=5, max_size=10))
def test_a_schema_is_refused_as_empty_only_if_no_value_is_valid(schema: Any, given_values: list[Any]) -> None:
    try:
        compile_schema(schema)
    except SchemaError as error:
        assume("satisfies" in error.message)
        validator = oracle(schema)
        assert not any(validator.is_valid(value) for value in given_values)


@pytest.mark.slow
@with_examples
@given(schemas, seeds)
def test_under_a_prompt_every_walk_is_what_it_states_and_valid(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = compiled(schema)
    validator = oracle(schema)
    for ids in walks(tokenizer, chance, 2):
        prompt = partial_from(tokenizer.decode(ids), chance)
        prompted = Tokenizer(tokenizer.grammar.with_prompt(prompt))
        for ids_of_prompted in within_limits(walks(prompted, chance, 2)):
            # The plain grammar reads what the prompted machine writes.
            value = tokenizer.decode(ids_of_prompted)
            assert satisfies(value, prompt), (value, described(prompt))
            assert validator.is_valid(value), value


@pytest.mark.slow
@with_examples
@given(schemas, seeds)
def test_a_prompt_admits_every_valid_value_that_it_states(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = compiled(schema)
    for ids in walks(tokenizer, chance, 2):
        value = tokenizer.decode(ids)
        prompt = partial_from(value, chance)
        machine = Machine(Tables(tokenizer.grammar.with_prompt(prompt), tokenizer.vocabulary))
        # Stated free keys come in the prompt's order, which is the value's order here.
        for token in tokenizer.encode(value):
            assert machine.mask()[token], (value, described(prompt))
            machine.advance(token)
        assert machine.is_complete


@pytest.mark.slow
@with_examples
@given(schemas, seeds)
def test_two_compilations_write_the_same_documents_alike(schema: Any, seed: int) -> None:
    first, second = compiled(schema), compiled(schema)
    ids = [list(walks(tokenizer, random.Random(seed), 2)) for tokenizer in (first, second)]
    assert ids[0] == ids[1]
    # A grammar numbers nonterminals in order of use. Labels must not depend on that order.
    documents = [value for value in map(first.decode, ids[0]) if is_ordinary(value)]
    named = [labels(tokenizer, documents) for tokenizer in (first, compiled(schema))]
    assert named[0] == named[1]
    assert labels(second, documents[::-1]) == named[0][::-1]


def labels(tokenizer: Tokenizer, documents: list[Any]) -> list[list[str]]:
    """Returns the label of the nonterminal before each token of each document."""
    found = []
    for value in documents:
        machine = tokenizer.machine()
        found.append([])
        for token in tokenizer.encode(value):
            found[-1].append(tokenizer.tables.label(machine.nonterminal))
            machine.advance(token)
    return found


def slow_encoding(tokenizer: Tokenizer, value: Any) -> list[int]:
    """Section 3 of the design: inside segments, merges the pair first whose joined spelling was learned first."""
    vocabulary = tokenizer.vocabulary
    learned = {left + right: rank for rank, (left, right) in enumerate(vocabulary.merges)}
    ids: list[int] = []
    for segment in tokenizer.segments(value):
        parts = [segment] if segment in vocabulary.whole_values else list(segment)
        while pairs := [(learned[a + b], at) for at, (a, b) in enumerate(pairwise(parts)) if a + b in learned]:
            _, at = min(pairs)
            parts[at : at + 2] = ["".join(parts[at : at + 2])]
        ids += [vocabulary.ids[part] for part in parts]
    return ids


@pytest.mark.slow
@with_examples
@given(schemas, seeds)
def test_the_merge_engine_equals_an_obvious_implementation(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = trained(schema, compiled(schema), chance)
    for ids in walks(tokenizer, chance, 3):
        value = tokenizer.decode(ids)
        if is_ordinary(value):
            assert tokenizer.encode(value) == slow_encoding(tokenizer, value)


def changed(ids: list[int], num_tokens: int, chance: random.Random) -> list[int]:
    """Returns token ids with one id dropped, doubled, swapped with the next, or replaced."""
    at = chance.randrange(len(ids))
    before, token, after = ids[:at], ids[at], ids[at + 1 :]
    return chance.choice(
        [
            [*before, *after],
            [*before, token, token, *after],
            [*before, *after[:1], token, *after[1:]],
            [*before, chance.randrange(2, num_tokens), *after],
        ]
    )


@pytest.mark.slow
@with_examples
@given(schemas, seeds)
def test_reading_a_document_at_once_equals_deriving_it_symbol_by_symbol(schema: Any, seed: int) -> None:
    chance = random.Random(seed)
    tokenizer = compiled(schema)
    for whole in walks(tokenizer, chance, 3):
        for ids in (whole, *(changed(whole, tokenizer.vocab_size, chance) for _ in range(8))):
            assert read(tokenizer, ids) == derived(tokenizer, ids)


def read(tokenizer: Tokenizer, ids: list[int]) -> Any:
    """Returns the text of the decoded value, or of the position where decoding fails."""
    try:
        return repr(tokenizer.decode(ids))
    except DecodeError:
        return None


def derived(tokenizer: Tokenizer, ids: list[int]) -> Any:
    """Returns the same by the slow derivation alone."""
    derivation = Derivation(tokenizer.grammar)
    try:
        for token in ids:
            for symbol in tokenizer.vocabulary.symbols[token]:
                derivation.push(symbol)
    except NotDerivableError:
        return None
    return repr(derivation.value) if derivation.is_complete else None


@pytest.mark.parametrize(
    ("schema", "wanted", "refused"),
    [
        ({"type": "array", "not": {"uniqueItems": True}}, [[1, 1.0], [{}, 1, {}]], [[], [1, True]]),
        ({"if": {"uniqueItems": True}, "then": {"items": False}}, [[], [[], []], 1], [[1], [1, 2]]),
    ],
)
def test_arrays_may_have_to_repeat_an_item(schema: Any, wanted: list[Any], refused: list[Any]) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    for value in wanted:
        assert_encodes(tokenizer, value)
    for value in refused:
        assert_refused(tokenizer, value)
