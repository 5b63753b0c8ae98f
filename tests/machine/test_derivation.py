"""A derivation builds the value of its symbols, and refuses symbols that the grammar does not admit."""

from __future__ import annotations

from typing import Any

import pytest
from tests.tokenizer.conftest import SCHEMA

from schemalm.compilation import compile_schema
from schemalm.documents import json_equal
from schemalm.grammar import Grammar
from schemalm.grammar.symbols import FREE_KEY, ITEM, NULL, symbol_of
from schemalm.machine.derivation import Derivation, NotDerivableError
from schemalm.tokenizer import Tokenizer

VALUES: list[Any] = [
    *({}, {"name": "a b"}, {"tags": ["x", 1.5, None, 1, -0.0]}, {"": True}, {"free": "𝄞", "é": {"a": 1}}),
    *({"child": {"child": {"kind": ""}, "tags": []}, "kind": "large"},),
]


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return compile_schema(SCHEMA)


def symbols_of(grammar: Grammar, value: Any) -> list[int]:
    return [symbol_of(character) for segment in Tokenizer(grammar).segments(value) for character in segment]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_the_value_of_a_linearization_is_the_value(grammar: Grammar, value: Any) -> None:
    derivation = Derivation(grammar)
    for symbol in symbols_of(grammar, value):
        assert not derivation.is_complete
        derivation.push(symbol)
    assert derivation.is_complete
    assert json_equal(derivation.value, value)


def test_after_the_end_there_is_nothing(grammar: Grammar) -> None:
    derivation = Derivation(grammar)
    for symbol in symbols_of(grammar, {}):
        derivation.push(symbol)
    with pytest.raises(NotDerivableError, match="ended"):
        derivation.push(grammar.symbols.ids[NULL])


@pytest.mark.parametrize("symbol", [ITEM, NULL])
def test_what_the_grammar_does_not_admit_is_refused(grammar: Grammar, symbol: Any) -> None:
    with pytest.raises(NotDerivableError, match="not admitted"):
        Derivation(grammar).push(grammar.symbols.ids[symbol])


def test_a_free_key_may_not_repeat_and_may_not_be_a_named_one(grammar: Grammar) -> None:
    derivation = Derivation(grammar)
    once = symbols_of(grammar, {"k": "v"})[:-1]
    for symbol in once:
        derivation.push(symbol)
    with pytest.raises(NotDerivableError, match="repeats"):
        for symbol in once:
            derivation.push(symbol)
    derivation = Derivation(grammar)
    derivation.push(grammar.symbols.ids[FREE_KEY])
    with pytest.raises(NotDerivableError):
        for symbol in symbols_of(grammar, {"namex": "v"})[1:5] + once[2:]:
            derivation.push(symbol)


def test_the_newest_item_is_known() -> None:
    grammar = compile_schema({"type": "array", "items": {"type": ["string", "array"], "items": {}}})
    derivation = Derivation(grammar)
    for symbol in symbols_of(grammar, ["a", ["b"]])[:-1]:
        derivation.push(symbol)
    assert derivation.last_item() == ["b"]


def test_a_derivation_may_begin_at_a_part() -> None:
    grammar = compile_schema({"type": "array", "items": {"type": "integer"}})
    step = grammar.step(grammar.start, grammar.symbols.ids[ITEM])
    assert step is not None
    derivation = Derivation(grammar, step.opened[0])
    for symbol in symbols_of(grammar, [12])[1:-1]:
        derivation.push(symbol)
    assert derivation.value == 12


@pytest.mark.parametrize("items", [[1, 1.0], [{"a": 1}, {"a": 1}], [[], []]])
def test_items_that_have_to_differ_may_not_repeat(items: list[Any]) -> None:
    free, guarded = compile_schema({"type": "array"}), compile_schema({"type": "array", "uniqueItems": True})
    derivation = Derivation(guarded)
    with pytest.raises(NotDerivableError, match="repeats"):
        for symbol in symbols_of(free, items):
            derivation.push(symbol)
