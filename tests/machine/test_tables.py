"""Tables agree with the grammar token by token, for tokens that span many symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from schemalm.errors import InvalidDocument
from schemalm.grammar import compile_schema
from schemalm.machine import Machine, Tables
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.segmentation import MergeScope

SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["a", "b"]},
        "child": {"$ref": "#"},
        "items": {"type": "array", "items": {"type": ["string", "boolean"]}},
    },
    "if": {"properties": {"kind": {"const": "a"}}},
    "then": {"required": ["items"]},
    "additionalProperties": {"type": "string"},
}
VALUES: list[Any] = [
    {"kind": "a", "child": {"kind": "b", "x": "some words"}, "items": ["some words", True]},
    {"kind": "b", "child": {"kind": "a", "items": []}, "free": "some words"},
] * 6


@pytest.mark.parametrize("scope", ["word", "value", "derivation"])
def test_the_mask_is_where_transitions_are(scope: MergeScope) -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), VALUES, vocab_size=380, merge_scope=scope)
    tables = tokenizer.tables
    seen: set[int] = set()
    for value in VALUES[:2]:
        machine = Machine(tables)
        for token in tokenizer.encode(value):
            seen.add(machine.nonterminal)
            machine.advance(token)
    for nonterminal in seen:
        transitions = [tables.transition(nonterminal, token) for token in range(tokenizer.vocab_size)]
        assert tables.mask(nonterminal).tolist() == [transition is not None for transition in transitions]


def test_a_token_of_many_symbols_does_what_its_symbols_do() -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), VALUES, vocab_size=380, merge_scope="derivation")
    plain = Tokenizer(tokenizer.grammar)
    for value in VALUES[:2]:
        whole, single = tokenizer.machine(), plain.machine()
        for token in tokenizer.encode(value):
            whole.advance(token)
            for symbol in tokenizer.vocabulary.symbols[token]:
                single.advance(plain.vocabulary.symbol_token(symbol))
            assert (whole.depth, whole.is_complete) == (single.depth, single.is_complete)
            if not whole.is_complete:
                assert (whole.nonterminal, whole.path) == (single.nonterminal, single.path)


def test_masks_are_made_once_and_shared() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    assert tokenizer.machine().mask() is tokenizer.machine().mask()
    assert isinstance(tokenizer.tables, Tables)
    assert np.count_nonzero(tokenizer.machine().mask()) > 1


def test_a_very_long_token_is_no_harm() -> None:
    values = [{"kind": "b", "free": "-" * 5000}] * 4
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), values, vocab_size=330, merge_scope="derivation")
    assert max(map(len, tokenizer.vocabulary.symbols)) > 1000
    assert tokenizer.decode_prefix(tokenizer.encode(values[0])[:-1]) == values[0]
    assert tokenizer.machine().mask().any()


def test_counts_beyond_any_token_share_a_mask() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema({"type": "string", "minLength": 2_000, "maxLength": 10**6}))
    tables, machine = tokenizer.tables, tokenizer.machine()
    masks, nonterminals = set(), set()
    for token in tokenizer.encode("a" * 3_000):
        nonterminals.add(machine.nonterminal)
        masks.add(id(tables.mask(machine.nonterminal)))
        machine.advance(token)
    assert len(nonterminals) > 2_000
    assert len(masks) < 200


def test_a_long_token_meets_the_bound_of_a_text() -> None:
    grammar = compile_schema({"type": "array", "items": {"type": "string", "maxLength": 40}})
    tokenizer = Tokenizer.train(grammar, [["abcdefgh" * 4]] * 4, vocab_size=330, merge_scope="derivation")
    machine, longest = tokenizer.machine(), max(map(len, tokenizer.vocabulary.symbols))
    assert longest > 30
    for token in tokenizer.encode(["abcdefgh" * 5]):
        mask = machine.mask()
        assert mask[token]
        assert mask.tolist() == [
            tokenizer.tables.transition(machine.nonterminal, other) is not None for other in range(tokenizer.vocab_size)
        ]
        machine.advance(token)
    assert machine.is_complete
    with pytest.raises(InvalidDocument):
        tokenizer.encode(["abcdefgh" * 5 + "a"])


def test_labels_are_those_of_the_grammar() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    start = tokenizer.grammar.start
    assert tokenizer.tables.label(start) == tokenizer.grammar.label(start) == tokenizer.tables.label(start)


def test_paths_grow_by_keys_and_items() -> None:
    tables = Tokenizer.from_grammar(compile_schema(SCHEMA)).tables
    assert tables.extend_path("", ("a",)) == "a"
    assert tables.extend_path("a", ("*", "[]", "b")) == "a.*[].b"
    assert tables.extend_path("a", ()) == "a"
