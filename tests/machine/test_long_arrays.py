"""Long arrays whose items have to differ: work is bounded and grows linearly with their length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import LimitError, SchemaError
from schemalm.limits import Limits
from schemalm.machine import Machine
from schemalm.tokenizer import Tokenizer

FREE = Limits(call_work=1 << 40)
# The fixture: the number of lines of Python that a call executes.
NumLines = Callable[[Callable[[], object]], int]


def array(items: Any, count: int, **more: Any) -> dict[str, Any]:
    return {"type": "array", "uniqueItems": True, "items": items, "minItems": count, **more}


RECORD = {
    "type": "object",
    "properties": {"id": {"type": "integer"}},
    "required": ["id"],
    "additionalProperties": False,
}
# Schemas whose shortest value has this many items.
KINDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "integers": lambda count: array({"type": "integer"}, count),
    "numbers": lambda count: array({"type": "number"}, count),
    "strings": lambda count: array({"type": "string"}, count),
    "anything": lambda count: array({}, count),
    "constants, just enough": lambda count: array({"enum": [f"v{number}" for number in range(count)]}, count),
    "a range, just enough": lambda count: array({"type": "integer", "minimum": 1, "maximum": count}, count),
    "objects with a key": lambda count: array(RECORD, count),
    "objects": lambda count: array({"type": "object"}, count),
    "arrays": lambda count: array({"type": "array", "items": {"type": "integer"}}, count),
    "arrays that differ inside": lambda count: array(array({"enum": [*"abcdefg"]}, 2), count),
    "several kinds": lambda count: array({"anyOf": [{"type": "integer"}, {"type": "string"}]}, count),
    "contained texts": lambda count: array({"type": "string"}, 0, contains={"pattern": "^z"}, minContains=count),
    "constants by position": lambda count: array(
        False, count, prefixItems=[{"const": number} for number in range(count)]
    ),
    "a repetition": lambda count: {
        "type": "array",
        "not": {"uniqueItems": True},
        "minItems": count,
        "items": {"type": "integer"},
    },
    "draft 4": lambda count: {
        "$schema": "http://json-schema.org/draft-04/schema#",
        **array({"type": "integer"}, count),
    },
}


WALKED = KINDS.keys() - {"constants, just enough", "a range, just enough", "objects", "arrays that differ inside"}


def tokenizer_of(schema: Any, limits: Limits = FREE) -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema(schema, limits=limits))


def walk(machine: Machine, tokens: list[int]) -> None:
    for token in tokens:
        assert machine.mask()[token]
        machine.advance(token)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_shortest_value_takes_work_in_proportion_to_its_items(kind: str, num_lines: NumLines) -> None:
    def lines(count: int) -> int:
        schema = KINDS[kind](count)
        tokenizer = tokenizer_of(schema)
        machine = tokenizer.machine()
        tokens: list[int] = []
        found = num_lines(lambda: tokens.extend(machine.completion()))
        assert jsonschema_rs.is_valid(schema, tokenizer.decode(tokens))
        return found

    # Values that are listed one by one are few.
    few = 80 if kind.endswith("just enough") else 20
    # Short items run out, so those of the second half are a little longer.
    assert lines(2 * few) <= 2.9 * lines(few)


# A mask lists each value that it forbids. If no other value is left, its work is that of the vocabulary.
@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(WALKED))
def test_masks_and_steps_take_work_in_proportion_to_the_items(kind: str, num_lines: NumLines) -> None:
    def lines(count: int) -> int:
        tokenizer = tokenizer_of(KINDS[kind](count))
        tokens = tokenizer.machine().completion()
        return num_lines(lambda: walk(tokenizer.machine(), tokens))

    assert lines(40) <= 2.6 * lines(20)


@pytest.mark.parametrize("kind", ["integers", "objects with a key", "contained texts"])
def test_a_copy_of_a_machine_costs_the_same_whatever_the_number_of_items(kind: str, num_lines: NumLines) -> None:
    tokenizer = tokenizer_of(KINDS[kind](60))
    tokens = tokenizer.machine().completion()
    machine = tokenizer.machine()
    walk(machine, tokens[: len(tokens) // 10])
    few = num_lines(machine.copy)
    walk(machine, tokens[len(tokens) // 10 : -1])
    assert num_lines(machine.copy) <= few


def test_copies_that_diverge_keep_their_own_items() -> None:
    tokenizer = tokenizer_of(
        {"type": "array", "uniqueItems": True, "items": {"enum": [*"abcd"] * 30, "type": "string"}}
    )
    a, b, c = (tokenizer.encode([name])[:-1] for name in "abc")
    one = tokenizer.machine()
    walk(one, a)
    other = one.copy()
    walk(one, b)
    walk(other, c)
    walk(one, c)
    walk(other, b)
    for machine in (one, other):
        walk(machine, tokenizer.encode(["d"])[:-1])
        assert np.flatnonzero(machine.mask()).tolist() == tokenizer.encode([])[-1:]


def test_five_thousand_different_integers_are_within_the_limits() -> None:
    grammar = compile_schema(array({"type": "integer"}, 250))
    before = grammar.budget.num_units
    Tokenizer.from_grammar(grammar).machine().completion()
    assert 20 * (grammar.budget.num_units - before) < grammar.limits.call_work


def test_more_different_items_than_there_are_values_are_refused_at_once() -> None:
    with pytest.raises(SchemaError, match="satisfies"):
        compile_schema(array({"type": "boolean"}, 1_000))


PAIR = {"enum": [*"abcdefghi"]}
PAIRS = {"type": "object", "properties": {"k": PAIR, "v": PAIR}, "required": ["k", "v"], "additionalProperties": False}


def test_a_schema_whose_shortest_value_takes_too_much_work_is_refused_when_it_is_compiled() -> None:
    schema = array(PAIRS, 81)
    assert jsonschema_rs.is_valid(schema, tokenizer_of(schema).decode_prefix([]))
    with pytest.raises(LimitError) as caught:
        compile_schema(schema, limits=Limits(call_work=10_000))
    assert (caught.value.limit, caught.value.maximum, caught.value.operation) == ("call_work", 10_000, "compile")


def test_a_call_that_takes_too_much_work_names_its_path_and_leaves_the_grammar_usable() -> None:
    schema = {"type": "object", "properties": {"pairs": array(PAIRS, 60), "name": {"type": "string"}}}
    tokenizer = tokenizer_of(schema)
    machine = tokenizer.machine()
    pairs = [{"k": k, "v": v} for k in "abcdefgh" for v in "abcdefgh"]
    for token in tokenizer.encode({"pairs": pairs})[:8]:
        machine.advance(token)
    # From here on calls may take less work than before.
    tokenizer.grammar.budget.limits = Limits(call_work=10_000)
    with pytest.raises(LimitError) as caught:
        machine.completion()
    assert (caught.value.operation, caught.value.limit) == ("completion", "call_work")
    assert caught.value.place.startswith("pairs")
    assert tokenizer.decode(tokenizer.encode({"name": "x"})) == {"name": "x"}
    assert tokenizer.decode_prefix([]) == {}
