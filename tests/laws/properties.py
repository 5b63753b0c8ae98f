"""Helpers that check the laws for one schema: random walks of machines, values near documents, and an oracle."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.machine.spanning import SpanningTokenizer

from schemalm.documents import json_equal
from schemalm.errors import InvalidDocument
from schemalm.tokenizer import Tokenizer

from .schemas import KEYS, NUMBERS, STRINGS, dialect_of, is_free_of_negated_guards, is_ordinary

MAX_TOKENS = 60


def refuse(uri: str) -> Any:
    """A retriever that fetches nothing."""
    raise LookupError(uri)


def oracle(schema: dict[str, Any]) -> Any:
    """Returns an independent validator of the schema's draft."""
    return dialect_of(schema).validator(schema, validate_formats=True, retriever=refuse)


def trained(schema: Any, tokenizer: Tokenizer, chance: random.Random) -> Tokenizer:
    """Returns the tokenizer with merges learned from documents of random walks."""
    documents = [value for ids in walks(tokenizer, chance, 4) if is_ordinary(value := tokenizer.decode(ids))]
    # A mask does not exclude tokens with whole items, some of which may have to repeat an item.
    kind = chance.choice(["word", "value", *(["spanning"] if is_free_of_negated_guards(schema) else [])])
    vocab_size = tokenizer.vocab_size + 20
    if kind == "spanning":
        return SpanningTokenizer.learn(tokenizer.grammar, documents * 2, vocab_size)
    return Tokenizer.train(tokenizer.grammar, documents * 2, vocab_size, merge_scope=kind)


def walk(tokenizer: Tokenizer, chance: random.Random) -> list[int]:
    """Draws tokens from the mask, then appends the completion."""
    machine = tokenizer.machine()
    tokens: list[int] = []
    while not machine.is_complete and len(tokens) < MAX_TOKENS:
        allowed = np.flatnonzero(machine.mask())
        assert len(allowed), "a machine that is not complete has a way on"
        structural = allowed[allowed >= 2 + 256]
        # Most tokens are bytes, so half of the draws exclude them.
        pool = structural if len(structural) and chance.random() < 0.5 else allowed
        tokens.append(int(chance.choice(pool.tolist())))
        machine.advance(tokens[-1])
    return tokens + machine.completion()


def walks(tokenizer: Tokenizer, chance: random.Random, count: int) -> Iterator[list[int]]:
    """Returns this many walks."""
    return (walk(tokenizer, chance) for _ in range(count))


def prefixes(tokenizer: Tokenizer, ids: list[int]) -> Iterator[Any]:
    """Yields the value of every prefix of a walk."""
    return (tokenizer.decode_prefix(ids[:length]) for length in range(len(ids)))


def mutated(value: Any, chance: random.Random) -> Any:
    """Returns a copy of the value with one part changed."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        return _mutated_object(value, chance)
    if isinstance(value, list) and value and chance.random() < 0.8:
        return _mutated_array(value, chance)
    if isinstance(value, str) and chance.random() < 0.5:
        return chance.choice([value[:-1], value[1:], value + chance.choice("a0Z-/"), value.upper()])
    if isinstance(value, int | float) and not isinstance(value, bool) and chance.random() < 0.7:
        return chance.choice([value + 1, value - 1, -value, value * 3, value / 10, value + 0.5])
    return chance.choice([*STRINGS, *NUMBERS, None, True, {}, [], {"a": 1}, ["a"]])


def _mutated_object(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    name = chance.choice(list(value))
    change = chance.randrange(3)
    if change == 0:
        return {key: item for key, item in value.items() if key != name}
    if change == 1:
        return {**value, chance.choice(KEYS): chance.choice([*STRINGS, *NUMBERS, None, {}, []])}
    return {**value, name: mutated(value[name], chance)}


def _mutated_array(value: list[Any], chance: random.Random) -> list[Any]:
    index = chance.randrange(len(value))
    change = chance.randrange(4)
    if change == 0:
        return [*value[:index], *value[index + 1 :]]
    if change == 1:
        return [*value, value[index]]
    if change == 2:
        return [*value, chance.choice([*STRINGS, *NUMBERS, None, True, {}, []])]
    return [*value[:index], mutated(value[index], chance), *value[index + 1 :]]


def assert_encodes(tokenizer: Tokenizer, value: Any) -> None:
    """Asserts laws 1 and 4 for one valid value."""
    ids = tokenizer.encode(value)
    machine = tokenizer.machine()
    for token in ids:
        assert machine.mask()[token], f"the mask forbids {tokenizer.describe(token)} of {value!r}"
        machine.advance(token)
    assert machine.is_complete
    assert json_equal(tokenizer.decode(ids), value)


def assert_refused(tokenizer: Tokenizer, value: Any) -> None:
    """Asserts law 5 for one invalid value."""
    with pytest.raises(InvalidDocument) as caught:
        tokenizer.encode(value)
    place = value
    for part in caught.value.pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        place = place[int(name)] if isinstance(place, list) else place[name]
    assert caught.value.keyword
    assert "cannot be written" not in caught.value.message, caught.value.message
