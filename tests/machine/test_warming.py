"""Tables filled ahead: the masks are the same, and they are there."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.limits import Limits
from schemalm.machine import Tables
from schemalm.machine.warming import warm_tables
from schemalm.tokenizer import GrammarStates, Tokenizer

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["a", "b"]},
        "steps": {"type": "array", "items": {"$ref": "#"}},
        "version": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)*$"},
    },
    "oneOf": [{"required": ["kind"]}, {"required": ["version"]}],
    "additionalProperties": {"type": ["string", "number"]},
}
VALUES: list[Any] = [
    {"kind": "a", "steps": [{"version": "1.20.3"}, {"kind": "b", "name": "some words"}]},
    {"version": "4", "count": 12, "ratio": 0.5, "name": "some other words"},
] * 6


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(compile_schema(SCHEMA), VALUES, vocab_size=360)


def masks(tokenizer: Tokenizer) -> list[list[bool]]:
    """The masks along the documents."""
    found = []
    for value in VALUES[:2]:
        machine = tokenizer.machine()
        for token in tokenizer.encode(value):
            found.append(machine.mask().tolist())
            machine.advance(token)
    return found


def test_warm_tables_give_the_same_masks(tokenizer: Tokenizer) -> None:
    warm = Tokenizer(
        compile_schema(SCHEMA).with_key_orders(tokenizer.grammar.key_orders),
        tokenizer.vocabulary,
        states=tokenizer.states,
    )
    warm.warm()
    assert masks(warm) == masks(tokenizer)


def test_documents_like_those_of_training_find_their_masks_filled(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = Tables(tokenizer.grammar, tokenizer.vocabulary)
    warm_tables(tables, tokenizer.states.nonterminals)
    monkeypatch.setattr(tokenizer, "tables", tables)
    monkeypatch.setattr("schemalm.machine.filling.MaskFiller.fill", None)
    assert masks(tokenizer)


def test_the_most_frequent_come_first_where_room_is_short(tokenizer: Tokenizer) -> None:
    tables = Tables(tokenizer.grammar, tokenizer.vocabulary, limit_bytes=0)
    filled = []
    tables.packed = filled.append  # type: ignore[assignment, return-value]
    warm_tables(tables, tokenizer.states.nonterminals)
    assert [tables.label(row) for row in filled] == list(tokenizer.states.nonterminals[:1])


def test_a_tokenizer_that_was_not_trained_has_nothing_to_fill() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    tokenizer.warm()
    assert tokenizer.tables.packed.cache_info().currsize == 0  # type: ignore[attr-defined]


def test_what_takes_too_much_work_to_fill_ahead_is_left() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
    grammar = compile_schema(schema, limits=Limits(call_work=0))
    tokenizer = Tokenizer.from_grammar(grammar)
    tokenizer.states = GrammarStates((tokenizer.tables.label(grammar.start), "not there"), ())
    tokenizer.warm()
