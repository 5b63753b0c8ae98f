"""States are what the model gets from the machine, numbered by first occurrence, in whatever process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.dataset import state_tables
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.dataset.state_tables import StateNumbers, StateReader, StateTables, first_occurrences
from schemalm.machine.masks import unpack_mask
from schemalm.tokenizer import Tokenizer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
    "additionalProperties": {"$ref": "#"},
}
VALUES: list[dict[str, Any]] = [{"a": "one two", "b": 3}, {"b": 7, "c": {"a": "x"}}, {"a": "one", "d": {"e": {}}}]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(compile_schema(SCHEMA), VALUES * 5, vocab_size=300)


@given(st.lists(st.integers(0, 9), max_size=30))
def test_numbers_are_in_order_of_first_occurrence(numbers: list[int]) -> None:
    met, index = first_occurrences(np.array(numbers, dtype=np.int64), 10)
    assert met.tolist() == list(dict.fromkeys(numbers))
    assert met[index].tolist() == numbers


def taken(reader: StateReader, values: list[Any]) -> tuple[list[int], StateTables]:
    numbers, tables = reader.take(np.concatenate([reader.encode(value)[1] for value in values]))
    return numbers.tolist(), tables


def test_states_are_those_of_the_machine(tokenizer: Tokenizer) -> None:
    reader, states = StateReader(tokenizer), GrammarStateReader(tokenizer)
    for value in VALUES:
        tokens, found = reader.encode(value)
        numbers, tables = reader.take(found)
        machine = tokenizer.machine()
        for token, number in zip(tokens.tolist(), numbers.tolist(), strict=True):
            mask, *rows = tables.rows[number].tolist()
            table = tokenizer.tables.mask(machine.nonterminal)
            assert (unpack_mask(tables.masks[mask], tokenizer.vocab_size) == table).all()
            assert tuple(rows) == states.rows(machine)
            machine.advance(token)
        assert len({mask.tobytes() for mask in tables.masks}) == len(tables.masks)
        assert len({tuple(row) for row in tables.rows.tolist()}) == len(tables.rows)


def test_states_do_not_depend_on_what_was_encoded_before(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = taken(StateReader(tokenizer), VALUES[1:])
    reader = StateReader(tokenizer)
    taken(reader, VALUES[::-1])
    after = taken(reader, VALUES[1:])
    monkeypatch.setattr(state_tables, "MAX_REMEMBERED", 1)  # everything is forgotten after each
    forgetful = StateReader(tokenizer)
    taken(forgetful, VALUES)
    for numbers, tables in (after, taken(forgetful, VALUES[1:])):
        assert numbers == alone[0]
        assert np.array_equal(tables.masks, alone[1].masks)
        assert np.array_equal(tables.rows, alone[1].rows)


def test_merged_tables_of_parts_equal_those_of_the_whole(tokenizer: Tokenizer) -> None:
    whole, whole_tables = taken(StateReader(tokenizer), VALUES)
    together, numbers = StateNumbers(), []
    for value in VALUES:
        local, tables = taken(StateReader(tokenizer), [value])
        numbers += together.add(tables)[local].tolist()
    assert numbers == whole
    assert np.array_equal(together.tables().masks, whole_tables.masks)
    assert np.array_equal(together.tables().rows, whole_tables.rows)


def test_no_states_have_empty_tables() -> None:
    masks, rows = StateNumbers().tables()
    assert (masks.shape, rows.shape) == ((0, 0), (0, 3))
