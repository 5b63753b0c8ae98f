"""What a prompt states has the tokens of the tokenizer, and no choice is left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.partial_values import TEXTS, VALUES

from schemalm.compilation import compile_schema
from schemalm.documents.partial import MORE, Exactly, PartialArray, PartialObject, TextLike, partial_of
from schemalm.generation.prompts import tables_of
from schemalm.generation.stated_tokens import MAX_SYMBOLS, stated_tokens
from schemalm.machine import Machine
from schemalm.tokenizer import Tokenizer

from .conftest import SCHEMA, documents

STRINGS = TEXTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
STEPS = st.fixed_dictionaries({"run": STRINGS}, optional={"name": STRINGS})
SERVICES = st.fixed_dictionaries(
    {"kind": st.sampled_from(["service", "job"]), "steps": st.lists(STEPS, min_size=1, max_size=3)},
    optional={
        "name": STRINGS,
        "replicas": st.integers(),
        "env": st.dictionaries(STRINGS, STRINGS | st.integers() | st.floats(allow_nan=False, allow_infinity=False)),
    },
)


@pytest.fixture(scope="module")
def services() -> Tokenizer:
    return Tokenizer.train(compile_schema(SCHEMA), [document.value for document in documents()], 400)


@pytest.fixture(scope="module")
def anything() -> Tokenizer:
    return Tokenizer.train(compile_schema({}), [document.value for document in documents()], 400)


def tokens_of(tokenizer: Tokenizer, stated: Any) -> tuple[list[int], Machine]:
    """Return the tokens that are stated before the first choice, and the machine after them."""
    machine = Machine(tables_of(tokenizer, stated))
    tokens = []
    while following := stated_tokens(tokenizer, machine):
        for token in following:
            machine.advance(token)
        tokens += following
    return tokens, machine


@settings(max_examples=40)
@given(SERVICES)
def test_a_value_that_is_stated_whole_leaves_no_choice(services: Tokenizer, value: Any) -> None:
    tokens, machine = tokens_of(services, partial_of(value))
    assert machine.is_complete
    assert tokens == services.encode(value)


@settings(max_examples=40)
@given(VALUES)
def test_a_value_of_any_kind_that_is_stated_whole_leaves_no_choice(anything: Tokenizer, value: Any) -> None:
    tokens, machine = tokens_of(anything, partial_of(value))
    assert machine.is_complete
    assert tokens == anything.encode(value)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["word " * MAX_SYMBOLS, "x" * (3 * MAX_SYMBOLS), "é\n" * MAX_SYMBOLS])
def test_a_text_longer_than_what_is_looked_ahead_has_its_tokens(services: Tokenizer, text: str) -> None:
    value = {"name": text, "kind": "job", "steps": [{"run": "x"}]}
    tokens, machine = tokens_of(services, partial_of(value))
    assert machine.is_complete
    assert tokens == services.encode(value)


def test_before_a_choice_only_tokens_that_no_choice_changes_are_stated(services: Tokenizer) -> None:
    entries = (("name", Exactly("service 1")), ("kind", TextLike("j")), ("steps", PartialArray((MORE,))))
    tokens, machine = tokens_of(services, PartialObject(entries))
    assert not machine.is_complete
    for steps in ([{"run": "x"}], [{"uses": "y"}, {"run": "z"}]):
        assert services.encode({"name": "service 1", "kind": "job", "steps": steps})[: len(tokens)] == tokens


def test_a_text_whose_beginning_is_stated_goes_on_with_any_token(services: Tokenizer) -> None:
    tokens, machine = tokens_of(services, PartialObject((("name", TextLike("service 1")),), is_open=True))
    for end in ("", "0", "2", " x"):
        whole = services.encode({"name": f"service 1{end}", "kind": "job", "steps": [{"run": "x"}]})
        assert whole[: len(tokens)] == tokens
    assert not stated_tokens(services, machine)
