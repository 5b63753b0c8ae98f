"""Tables agree with the grammar token by token, also for tokens of many symbols."""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.machine.spanning import LEARNERS, SpanningTokenizer

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument
from schemalm.machine import Machine, Tables
from schemalm.machine.finite_tables import ENTRY_BYTES
from schemalm.machine.stepper import MAX_PATH_LENGTH
from schemalm.tokenizer import Tokenizer

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


@pytest.mark.parametrize("learn", LEARNERS)
def test_the_mask_admits_exactly_the_tokens_with_a_transition(learn: Callable[..., Tokenizer]) -> None:
    tokenizer = learn(compile_schema(SCHEMA), VALUES, vocab_size=380)
    tables = tokenizer.tables
    seen: set[int] = set()
    for value in VALUES[:2]:
        machine = Machine(tables)
        for token in tokenizer.encode(value):
            seen.add(machine.nonterminal)
            machine.advance(token)
    for nonterminal in seen:
        entry = tables.entry(nonterminal, "", None)
        transitions = [tables.transition(entry, token) for token in range(tokenizer.vocab_size)]
        assert tables.mask(nonterminal).tolist() == [transition is not None for transition in transitions]


def test_a_token_of_many_symbols_does_what_its_symbols_do() -> None:
    tokenizer = SpanningTokenizer.learn(compile_schema(SCHEMA), VALUES, vocab_size=380)
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


def test_a_very_long_token_is_handled() -> None:
    values = [{"kind": "b", "free": "-" * 5000}] * 4
    tokenizer = SpanningTokenizer.learn(compile_schema(SCHEMA), values, vocab_size=330)
    assert max(map(len, tokenizer.vocabulary.symbols)) > 200
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
    tokenizer = SpanningTokenizer.learn(grammar, [["abcdefgh" * 4]] * 4, vocab_size=330)
    machine, longest = tokenizer.machine(), max(map(len, tokenizer.vocabulary.symbols))
    assert longest > 30
    for token in tokenizer.encode(["abcdefgh" * 5]):
        mask = machine.mask()
        assert mask[token]
        assert mask.tolist() == [
            tokenizer.tables.transition(machine.top, other) is not None for other in range(tokenizer.vocab_size)
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
    tokenizer = SpanningTokenizer.learn(compile_schema(SCHEMA), VALUES, vocab_size=380)
    machine, paths = tokenizer.machine(), set()
    for token in tokenizer.encode({"items": ["x"], "child": {"items": [], "free": "y"}, "free": "z"}):
        paths.add(machine.path)
        machine.advance(token)
    assert {"", "items[]", "child", "child.*", "*"} <= paths


def test_paths_of_deep_derivations_stop_growing() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    machine, key = tokenizer.machine(), tokenizer.encode({"child": {"items": []}, "items": []})[0]
    for _ in range(1_000):
        machine.advance(key)
    assert MAX_PATH_LENGTH < len(machine.path) < MAX_PATH_LENGTH + 10
    assert machine.depth == 1_001


def walk(tables: Tables, seed: int, num_tokens: int) -> list[tuple[str, bytes]]:
    """Returns paths and masks along random documents."""
    chance, seen, machine = random.Random(seed), [], Machine(tables)
    for _ in range(num_tokens):
        if machine.is_complete:
            machine = Machine(tables)
        mask = machine.mask()
        seen.append((machine.path, mask.tobytes()))
        machine.advance(chance.choice(np.flatnonzero(mask).tolist()))
    return seen


@pytest.mark.parametrize("limit_bytes", [0, 20_000])
def test_a_small_limit_changes_only_the_time(limit_bytes: int) -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), VALUES, vocab_size=380)
    small = Tables(tokenizer.grammar, tokenizer.vocabulary, limit_bytes)
    for seed in range(5):
        assert walk(small, seed, 60) == walk(tokenizer.tables, seed, 60)


@pytest.mark.slow
def test_memory_stays_under_the_limit() -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), VALUES, vocab_size=380)
    for seed in range(30):
        walk(tokenizer.tables, seed, 200)
    limit_bytes = 200_000
    tables = Tables(tokenizer.grammar, tokenizer.vocabulary, limit_bytes)
    tracemalloc.start()
    for seed in range(30):
        walk(tables, seed, 200)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < limit_bytes


def test_recently_used_entries_are_kept() -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), VALUES, vocab_size=380)
    tables = Tables(tokenizer.grammar, tokenizer.vocabulary, limit_bytes=8 * (380 + ENTRY_BYTES))
    first = tables.mask(tables.grammar.start)
    assert tables.mask(tables.grammar.start) is first
    walk(tables, 0, 50)
    assert tables.mask(tables.grammar.start) is not first
