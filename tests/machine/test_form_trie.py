"""Tries of forms find the prefix of an item among them, however the value is written."""

from __future__ import annotations

from typing import Any

from schemalm.compilation import compile_schema
from schemalm.grammar.symbols import SymbolTable
from schemalm.machine.form_trie import Candidates, Suffix, TrieNode
from schemalm.machine.guards import SymbolHistory, form_of
from schemalm.machine.vocabulary import FIRST_SYMBOL_ID
from schemalm.tokenizer import Tokenizer

GRAMMAR = compile_schema({"type": "object", "additionalProperties": {"type": "integer"}})
TOKENIZER = Tokenizer.from_grammar(GRAMMAR)


def spelled(value: Any) -> list[int]:
    return [token - FIRST_SYMBOL_ID for token in TOKENIZER.encode(value)]


def form(value: dict[str, int]) -> tuple[int | bytes, ...]:
    """Returns the form of an object. Its numbers follow a key."""
    symbols: list[SymbolHistory] = []
    in_number, key_end = False, GRAMMAR.symbols.characters[spelled({"a": 1})[2]]
    for symbol in spelled(value):
        symbols.append(SymbolHistory(None, symbol, in_number))
        in_number = (in_number and symbol < 256) or GRAMMAR.symbols.characters[symbol] == key_end
    return form_of(symbols)


def among(*values: dict[str, int], num: int | None = None) -> Candidates:
    node = TrieNode()
    for number, value in enumerate(values):
        node.add(number, Suffix(form(value)))
    no_values = Candidates(GRAMMAR.symbols, GRAMMAR.budget)
    return no_values.with_node(node, len(values) if num is None else num)


def test_keys_in_any_order_and_numbers_in_any_spelling_are_the_same_value() -> None:
    values = among({"a": 1, "b": 2, "c": 0})
    for same in ({"c": 0, "a": 1, "b": 2}, {"b": 2.0, "a": 1, "c": -0.0}, {"a": 1.0, "b": 2, "c": 0.0}):
        assert values.after_all(spelled(same)).is_match
    for other in ({"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 1}, {"a": 1, "b": 2, "c": 0, "d": 0}, {"a": 10}):
        assert not values.after_all(spelled(other)).is_match


def test_later_values_are_found_after_earlier_searches() -> None:
    node = TrieNode()
    no_values = Candidates(GRAMMAR.symbols, GRAMMAR.budget)
    for number, value in enumerate([{"a": 1}, {"a": 2}, {"a": 12}]):
        node.add(number, Suffix(form(value)))
        assert no_values.with_node(node, number + 1).after_all(spelled(value)).is_match
        assert not no_values.with_node(node, number).after_all(spelled(value)).is_match


def test_every_value_with_the_prefix_has_an_ending() -> None:
    begun = among({"a": 1}, {"a": 2}, {"b": 1}).after_all(spelled({"a": 1})[:3])
    assert {len(way) for way in begun.endings()} == {3}
    assert len([*begun.endings()]) == 2


def test_forms_are_only_passed_on_along_prefixes_that_occur() -> None:
    symbols: SymbolTable = GRAMMAR.symbols
    node, long = TrieNode(), {"k" * 1_000: 1}
    node.add(0, Suffix(form(long)))
    beginnings = Candidates(symbols, GRAMMAR.budget).with_node(node, 1)
    before = GRAMMAR.budget.num_units
    assert not beginnings.after_all(spelled({"x": 1}))
    assert GRAMMAR.budget.num_units - before < 10
