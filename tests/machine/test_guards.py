"""Items that have to differ: masks forbid repetitions, completions avoid them, encoding and decoding refuse them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.machine.spanning import LEARNERS, SpanningTokenizer

from schemalm.compilation import compile_schema
from schemalm.documents import json_equal
from schemalm.errors import DecodeError, InvalidDocument, SchemaError
from schemalm.machine import Machine
from schemalm.machine.guards import tokens_with_whole_items
from schemalm.tokenizer import Tokenizer


def tokenizer_of(schema: Any) -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema(schema))


def array(items: Any, **more: Any) -> Any:
    return {"type": "array", "uniqueItems": True, "items": items, **more}


def after(tokenizer: Tokenizer, value: list[Any], num_dropped: int = 1) -> Machine:
    """Returns a machine that has read the value without its last tokens, each of them under the mask."""
    machine = tokenizer.machine()
    for token in tokenizer.encode(value)[:-num_dropped]:
        assert machine.mask()[token]
        machine.advance(token)
    return machine


def admitted(tokenizer: Tokenizer, machine: Machine) -> set[str]:
    return {tokenizer.describe(int(token)) for token in np.flatnonzero(machine.mask())}


def push(tokenizer: Tokenizer, machine: Machine, *described: str) -> Machine:
    tokens = {tokenizer.describe(token): token for token in range(tokenizer.vocab_size)}
    for name in described:
        assert name in admitted(tokenizer, machine)
        machine.advance(tokens[name])
    return machine


COLORS = {"enum": ["red", "green", "blue"]}


def test_a_constant_that_the_array_contains_is_forbidden() -> None:
    tokenizer = tokenizer_of(array(COLORS))
    machine = after(tokenizer, ["green"])
    assert admitted(tokenizer, push(tokenizer, machine, "ITEM")) == {"CONST:red", "CONST:blue"}


def test_no_item_begins_if_the_array_contains_every_constant() -> None:
    tokenizer = tokenizer_of(array(COLORS))
    assert admitted(tokenizer, after(tokenizer, ["green", "red", "blue"])) == {"ARRAY_END"}


def test_a_token_that_the_mask_forbids_cannot_be_consumed() -> None:
    tokenizer = tokenizer_of(array(COLORS))
    machine = after(tokenizer, ["green", "red", "blue"])
    with pytest.raises(ValueError, match=r"not admitted|repeats"):
        machine.advance(next(t for t in range(tokenizer.vocab_size) if tokenizer.describe(t) == "ITEM"))


def test_the_end_of_a_text_that_repeats_is_forbidden_and_longer_texts_are_not() -> None:
    tokenizer = tokenizer_of(array({"type": "string", "pattern": "^a{1,3}$"}))
    machine = push(tokenizer, after(tokenizer, ["aa", "a"]), "ITEM")
    assert admitted(tokenizer, machine) == {"'a'"}
    push(tokenizer, machine, "'a'", "'a'")
    assert admitted(tokenizer, machine) == {"'a'"}
    push(tokenizer, machine, "'a'")
    assert admitted(tokenizer, machine) == {"END"}


def test_a_prefix_that_only_repetitions_have_is_forbidden() -> None:
    tokenizer = tokenizer_of(array({"type": "string", "pattern": "^(ab|cd|ce)$"}))
    machine = push(tokenizer, after(tokenizer, ["ab", "cd"]), "ITEM")
    assert admitted(tokenizer, machine) == {"'c'"}
    assert admitted(tokenizer, push(tokenizer, machine, "'c'")) == {"'e'"}


def test_a_refused_token_leaves_the_machine_unchanged() -> None:
    tokenizer = tokenizer_of(array(COLORS))
    machine = push(tokenizer, after(tokenizer, ["green"]), "ITEM")
    green = tokenizer.encode(["green"])[1]
    before = machine.mask().tolist()
    with pytest.raises(ValueError, match=r"repeats|not admitted"):
        machine.advance(green)
    assert machine.mask().tolist() == before
    assert machine.depth == 2


def test_one_and_one_as_a_fraction_are_the_same_item() -> None:
    tokenizer = tokenizer_of(array({"enum": [1, 2]}))
    assert tokenizer.decode(tokenizer.encode([1.0, 2])) == [1.0, 2]
    machine = push(tokenizer, after(tokenizer, [1]), "ITEM")
    assert admitted(tokenizer, machine) == {"'2'"}
    with pytest.raises(InvalidDocument):
        tokenizer.encode([1, 1.0])


def test_zero_in_all_its_spellings_is_one_item() -> None:
    tokenizer = tokenizer_of(array({"enum": [0]}))
    for zero in (0, 0.0, -0.0):
        assert json_equal(tokenizer.decode(tokenizer.encode([zero])), [zero])
        assert admitted(tokenizer, after(tokenizer, [zero])) == {"ARRAY_END"}


def test_true_and_one_are_different_items() -> None:
    value = [True, 1, False, 0, None, "1", [1], {"a": 1}]
    tokenizer = tokenizer_of({"uniqueItems": True})
    assert json_equal(tokenizer.decode(tokenizer.encode(value)), value)


def test_objects_are_the_same_whatever_the_order_of_their_keys() -> None:
    tokenizer = tokenizer_of(array({"type": "object", "additionalProperties": {"enum": [1]}, "maxProperties": 2}))
    with pytest.raises(InvalidDocument) as caught:
        tokenizer.encode([{"x": 1, "y": 1}, {"y": 1, "x": 1}])
    assert caught.value.pointer == "/1"
    machine = after(tokenizer, [{"x": 1, "y": 1}, {"y": 1}], num_dropped=2)
    assert "OBJECT_END" in admitted(tokenizer, machine)
    value = [{"x": 1, "y": 1}, {"y": 1}]
    assert tokenizer.decode(tokenizer.encode(value)) == value


def test_the_end_of_a_number_that_repeats_in_another_spelling_is_forbidden() -> None:
    tokenizer = tokenizer_of(array({"type": "number"}))
    machine = push(tokenizer, after(tokenizer, [1]), "ITEM", "'1'", "'.'", "'0'")
    assert admitted(tokenizer, machine) == {f"'{digit}'" for digit in range(10)}


def test_the_end_of_an_object_that_repeats_in_another_order_is_forbidden() -> None:
    free = {"type": "object", "additionalProperties": {"type": "null"}}
    tokenizer = tokenizer_of(array(free))
    machine = after(tokenizer, [{"x": None, "y": None}, {"y": None, "x": None, "z": None}], num_dropped=6)
    assert machine.path == "[]"
    assert "OBJECT_END" not in admitted(tokenizer, machine)
    assert "FREE_KEY" in admitted(tokenizer, machine)


def test_nested_arrays_are_compared_at_every_level() -> None:
    tokenizer = tokenizer_of(array(array({"type": "boolean"})))
    value = [[], [True], [False], [True, False], [False, True]]
    assert tokenizer.decode(tokenizer.encode(value)) == value
    assert admitted(tokenizer, after(tokenizer, value)) == {"ARRAY_END"}
    machine = push(tokenizer, after(tokenizer, value[:4]), "ITEM")
    assert admitted(tokenizer, machine) == {"ITEM"}
    push(tokenizer, machine, "ITEM")
    assert admitted(tokenizer, machine) == {"FALSE"}
    push(tokenizer, machine, "FALSE")
    assert admitted(tokenizer, machine) == {"ITEM"}


def test_an_array_only_compares_its_own_items() -> None:
    tokenizer = tokenizer_of({"type": "object", "additionalProperties": array(COLORS)})
    value = {"a": ["red"], "b": ["red", "blue"], "c": ["red"]}
    assert tokenizer.decode(tokenizer.encode(value)) == value


@pytest.mark.parametrize(
    ("schema", "prefix", "expected"),
    [
        (array(COLORS, minItems=3), ["blue"], {"red", "green", "blue"}),
        (array({"type": "boolean"}, minItems=2), [True], {True, False}),
        (array({"type": "string", "maxLength": 0}, minItems=1), [], {""}),
    ],
)
def test_a_completion_avoids_repetition(schema: Any, prefix: list[Any], expected: set[Any]) -> None:
    tokenizer = tokenizer_of(schema)
    ids = tokenizer.encode([*prefix, *(expected - set(prefix))])
    begun = ids[: len(tokenizer_of(array(schema["items"])).encode(prefix)) - 1]
    value = tokenizer.decode_prefix(begun)
    assert value[: len(prefix)] == prefix
    assert set(value) == expected
    assert len(value) == len(expected)


MANY = [{}, *({"type": kind} for kind in ("string", "integer", "array", "object"))]


@pytest.mark.parametrize("items", MANY)
def test_a_completion_finds_many_different_items(items: Any) -> None:
    schema = array(items, minItems=12)
    value = tokenizer_of(schema).decode_prefix([])
    assert jsonschema_rs.is_valid(schema, value)


def test_decoding_refuses_a_repetition() -> None:
    tokenizer = tokenizer_of(array(COLORS))
    once, end = tokenizer.encode(["red"])[:-1], tokenizer.encode([])
    assert tokenizer.decode([*once, *end]) == ["red"]
    with pytest.raises(DecodeError, match="repeats") as caught:
        tokenizer.decode([*once, *once, *end])
    assert caught.value.position == 3
    with pytest.raises(DecodeError) as caught:
        tokenizer.decode_prefix([*once, *once])
    assert caught.value.position == 3


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (["a", "b", "a"], "/2"),
        ([1, 1.0], "/1"),
        ([[1], [2], [1.0], [2]], "/2"),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], "/1"),
        ([None, None], "/1"),
    ],
)
def test_encoding_refuses_a_repetition_at_the_repeated_item(value: list[Any], pointer: str) -> None:
    with pytest.raises(InvalidDocument, match="repeats") as caught:
        tokenizer_of({"uniqueItems": True}).encode(value)
    assert (caught.value.pointer, caught.value.keyword) == (pointer, "uniqueItems")


def test_encoding_names_the_pointer_of_a_nested_repetition() -> None:
    tokenizer = tokenizer_of({"properties": {"a/b": {"items": {"uniqueItems": True}}}})
    with pytest.raises(InvalidDocument) as caught:
        tokenizer.encode({"a/b": [[1, 2], [1, 2, 2]]})
    assert (caught.value.pointer, caught.value.keyword) == ("/a~1b/1/2", "uniqueItems")


BRANCHES: dict[str, Any] = {
    "anyOf": {"type": "array", "anyOf": [{"uniqueItems": True}, {"maxItems": 2}], "items": {"enum": ["a", "b", "c"]}},
    "oneOf": {
        "type": "array",
        "oneOf": [{"uniqueItems": True}, {"items": {"const": "a"}}],
        "items": {"enum": ["a", "b"]},
    },
    "allOf": {"type": "array", "allOf": [{"uniqueItems": True}, {"items": {"enum": ["a", "b", "c"]}}], "minItems": 2},
    "if": {
        "type": "array",
        "items": {"enum": ["a", "b", "c"]},
        "if": {"uniqueItems": True},
        "then": {"maxItems": 2},
        "else": {"minItems": 3},
    },
    "of two kinds": {"anyOf": [{"type": "string"}, array({"enum": [1, 2]}, minItems=1)]},
    "in a reference": {"$defs": {"u": array({"$ref": "#/$defs/u"})}, "$ref": "#/$defs/u"},
    "beside contains": array({"enum": ["a", "b", "c"]}, contains={"const": "b"}),
    "beside prefixItems": {"type": "array", "uniqueItems": True, "prefixItems": [COLORS, COLORS], "items": False},
    "of numbers": array({"type": "integer", "minimum": 1, "maximum": 3}, minItems=2),
    "of objects": array({"type": "object", "properties": {"k": {"enum": ["x", "y"]}}, "additionalProperties": False}),
    "of anything": {"type": "array", "uniqueItems": True},
    "not": {"type": "array", "not": {"uniqueItems": True}, "items": {"enum": ["a", "b"]}},
}
LISTS: list[list[Any]] = [
    *([], ["a"], ["a", "a"], ["a", "b"], ["b", "a"], ["a", "b", "a"], ["a", "a", "a"], ["a", "b", "c"], ["b", "b"]),
    *([1], [1, 1], [1, 2], [1, 1.0], [1, 2, 3], [[]], [[], []], [[], [[]]], [{}], [{}, {"k": "x"}], [{"k": "x"}] * 2),
    *(["red"], ["red", "red"], ["red", "blue"], [None, None]),
]


@pytest.mark.parametrize("name", BRANCHES)
def test_branches_with_and_without_repetition_agree_with_the_validator(name: str) -> None:
    schema = BRANCHES[name]
    tokenizer = tokenizer_of(schema)
    for value in LISTS:
        try:
            ids = tokenizer.encode(value)
        except InvalidDocument:
            assert not jsonschema_rs.is_valid(schema, value), value
        else:
            assert jsonschema_rs.is_valid(schema, value), value
            assert tokenizer.decode(ids) == value
            machine = tokenizer.machine()
            for token in ids:
                assert machine.mask()[token], value
                machine.advance(token)
            assert machine.is_complete


@pytest.mark.slow
@pytest.mark.parametrize("name", BRANCHES)
@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_every_walk_and_every_prefix_of_it_ends_without_a_repetition(name: str, seed: int) -> None:
    schema = BRANCHES[name]
    tokenizer, chance = tokenizer_of(schema), random.Random(seed)
    machine = tokenizer.machine()
    tokens: list[int] = []
    while not machine.is_complete and len(tokens) < 20:
        allowed = np.flatnonzero(machine.mask()).tolist()
        assert allowed
        tokens.append(chance.choice(allowed))
        machine.advance(tokens[-1])
        if len(tokens) % 4 == 0:
            assert jsonschema_rs.is_valid(schema, tokenizer.decode_prefix(tokens))
    assert jsonschema_rs.is_valid(schema, tokenizer.decode([*tokens, *machine.completion()]))


BOOLEAN = {"type": "boolean"}
ONE_KEY = {"type": "object", "properties": {"k": BOOLEAN}, "additionalProperties": False}
FREE_KEYS = {"type": "object", "additionalProperties": {"const": 1}, "propertyNames": {"enum": ["x", "y"]}}
PATTERN_KEY = {
    "type": "object",
    "patternProperties": {"^[xyz]$": {"const": 1}},
    "additionalProperties": False,
    "maxProperties": 1,
}


def letters(first: str) -> Any:
    return {"type": "string", "pattern": f"^{first}"}


def tree(leaves: list[Any], **more: Any) -> Any:
    """Returns a schema of arrays of different trees. A tree is a leaf or such an array of at least two trees."""
    branch = array({"$ref": "#/$defs/tree"}, minItems=2)
    return {"$defs": {"tree": {"anyOf": [{"enum": leaves}, branch]}}, **array({"$ref": "#/$defs/tree"}, **more)}


def all_different(*items: Any) -> Any:
    return {"type": "array", "uniqueItems": True, "minItems": len(items), "prefixItems": list(items), "items": False}


def not_all_different(*items: Any) -> Any:
    return {"type": "array", "not": {"uniqueItems": True}, "prefixItems": list(items), "items": False}


# Schemas that no value satisfies, each with a similar schema that some value satisfies.
EMPTY: dict[str, tuple[Any, Any]] = {
    "booleans": (array(BOOLEAN, minItems=3), array(BOOLEAN, minItems=2)),
    "constants": (array(COLORS, minItems=4), array(COLORS, minItems=3)),
    "one constant": (array({"const": 1}, minItems=2), array({"const": 1}, minItems=1)),
    "one text": (array({"type": "string", "maxLength": 0}, minItems=2), array({"type": "string"}, minItems=2)),
    "equal numbers": (array({"enum": [0, -0.0, 0.0]}, minItems=2), array({"enum": [0, False]}, minItems=2)),
    "integers": (
        array({"type": "integer", "minimum": 1, "maximum": 12}, minItems=13),
        array({"type": "integer", "minimum": 1, "maximum": 12}, minItems=12),
    ),
    "items by position": (
        all_different({"const": "a"}, COLORS, {"const": "a"}),
        all_different({"enum": ["a", "b"]}, COLORS, {"const": "a"}),
    ),
    "pigeonholes": (all_different(*[{"enum": [1, 2]}] * 3), all_different(*[{"enum": [1, 2, 3]}] * 3)),
    "contained constants": (
        array({"type": "string"}, contains={"const": "a"}, minContains=2),
        array({"type": "string"}, contains={"enum": ["a", "b"]}, minContains=2),
    ),
    "arrays": (array(array(BOOLEAN), minItems=6), array(array(BOOLEAN), minItems=5)),
    "objects": (array(ONE_KEY, minItems=4), array(ONE_KEY, minItems=3)),
    "objects with free keys": (array(FREE_KEYS, minItems=5), array(FREE_KEYS, minItems=4)),
    "objects with key patterns": (array(PATTERN_KEY, minItems=5), array(PATTERN_KEY, minItems=4)),
    "itself": (tree([1], minItems=2), tree([1, 2], minItems=3)),
    "repetition of one item": (
        {"type": "array", "not": {"uniqueItems": True}, "maxItems": 1},
        {"type": "array", "not": {"uniqueItems": True}, "maxItems": 2},
    ),
    "repetition of constants": (
        not_all_different({"const": 1}, {"const": 2}),
        not_all_different({"const": 1}, {"const": 1.0}),
    ),
    "repetition of texts": (
        not_all_different(letters("a"), letters("b")),
        not_all_different(letters("a"), letters("ab")),
    ),
    "all branches": (
        {"oneOf": [array(BOOLEAN, minItems=3), array({"const": 1}, minItems=2)]},
        {"oneOf": [array(BOOLEAN, minItems=3), array({"const": 1}, minItems=1)]},
    ),
    "a condition": (
        array(BOOLEAN, **{"if": {"uniqueItems": True}, "then": {"minItems": 3}}),
        {"type": "array", "items": BOOLEAN, "if": {"uniqueItems": True}, "then": {"minItems": 3}},
    ),
}


@pytest.mark.parametrize("name", EMPTY)
def test_more_different_items_than_there_are_values_are_refused(name: str) -> None:
    empty, nearest = EMPTY[name]
    with pytest.raises(SchemaError, match="satisfies"):
        compile_schema(empty)
    assert jsonschema_rs.is_valid(nearest, tokenizer_of(nearest).decode_prefix([]))


@pytest.mark.parametrize("name", EMPTY)
def test_a_branch_that_has_no_value_is_pruned(name: str) -> None:
    empty = EMPTY[name][0]
    schema = {
        "$defs": empty.get("$defs", {}),
        "type": "object",
        "properties": {"a": empty},
        "additionalProperties": False,
    }
    tokenizer = tokenizer_of(schema)
    assert admitted(tokenizer, tokenizer.machine()) == {"OBJECT_END"}


def test_an_item_leaves_later_items_the_values_they_need() -> None:
    tokenizer = tokenizer_of(all_different({"enum": ["a", "b"]}, {"const": "a"}))
    machine = push(tokenizer, tokenizer.machine(), "ITEM")
    assert admitted(tokenizer, machine) == {"CONST:b"}
    push(tokenizer, machine, "CONST:b", "ITEM")
    assert admitted(tokenizer, machine) == {"CONST:a"}


def test_a_text_leaves_a_later_constant_its_value() -> None:
    tokenizer = tokenizer_of(all_different({"type": "string", "maxLength": 1}, {"const": "a"}))
    machine = push(tokenizer, tokenizer.machine(), "ITEM")
    assert "'a'" not in admitted(tokenizer, machine)
    assert {"'b'", "END"} <= admitted(tokenizer, machine)
    with pytest.raises(InvalidDocument):
        tokenizer.encode(["a", "a"])


def test_only_a_missing_contained_constant_may_follow() -> None:
    schema = array({"type": "string"}, contains={"enum": ["a", "b"]}, minContains=2, maxItems=2)
    tokenizer = tokenizer_of(schema)
    machine = push(tokenizer, tokenizer.machine(), "ITEM")
    assert admitted(tokenizer, machine) == {"'a'", "'b'"}
    push(tokenizer, machine, "'a'", "END", "ITEM")
    assert admitted(tokenizer, machine) == {"'b'"}


def test_an_item_that_has_to_repeat_one_is_written_like_it() -> None:
    tokenizer = tokenizer_of(not_all_different({"type": "string"}, {"type": ["string", "null"]}))
    machine = push(tokenizer, after(tokenizer, ["ab", "ab"], num_dropped=5), "AS:string")
    for expected in ("'a'", "'b'", "END", "ARRAY_END"):
        assert admitted(tokenizer, machine) == {expected}
        push(tokenizer, machine, expected)


def test_an_object_that_begins_like_one_with_other_key_order_does_not_end_as_it() -> None:
    tokenizer = tokenizer_of(array({**FREE_KEYS, "propertyNames": {"maxLength": 1}, "maxProperties": 2}))
    machine = after(tokenizer, [{"x": 1, "y": 1}, {"y": 1, "z": 1}], num_dropped=6)
    assert "'x'" not in admitted(tokenizer, machine)
    assert "'w'" in admitted(tokenizer, machine)


def test_merged_tokens_do_not_begin_an_item_that_a_later_one_needs() -> None:
    schema = {
        "oneOf": [
            {"properties": {"k": all_different({"enum": ["a", "b"]}, {"const": "a"})}, "required": ["k"]},
            {"properties": {"f": {"const": 1}, "k": {"items": {"enum": ["a", "b"]}}}, "required": ["f", "k"]},
        ],
        "type": "object",
        "properties": {"f": True, "k": {"type": "array"}},
        "additionalProperties": False,
    }
    values = [{"f": 1, "k": ["a", "a"]}] * 9
    tokenizer = Tokenizer.train(compile_schema(schema), values, vocab_size=340)
    token = next(token for token in range(340) if tokenizer.describe(token).startswith("KEY:k ITEM CONST:a"))
    machine = tokenizer.machine()
    assert not machine.mask()[token]
    with pytest.raises(ValueError, match="not admitted"):
        machine.advance(token)
    machine = after(tokenizer, values[0], num_dropped=1)
    assert machine.mask().any()


def test_completions_reach_what_an_array_must_still_contain() -> None:
    schema = array({"type": "string"}, contains={"pattern": "^zz"}, minContains=3)
    tokenizer = tokenizer_of(schema)
    for value in ([], ["a"], ["zz", "a", "zza"]):
        ids = tokenizer_of(array({"type": "string"})).encode(value)[:-1]
        assert jsonschema_rs.is_valid(schema, tokenizer.decode_prefix(ids))


HOSTILE: dict[str, Any] = {
    "many constants": array({"enum": [str(number) for number in range(1_000)]}, minItems=1_000),
    "many enums": all_different(*({"enum": [str(i + j) for j in range(20)]} for i in range(60))),
    "enums in a circle": all_different(*({"enum": [str((i + j) % 60) for j in range(3)]} for i in range(60))),
    "nested products": array(array(array(BOOLEAN)), minItems=60),
    "objects of many": array({"type": "object", "properties": {str(i): BOOLEAN for i in range(12)}}, minItems=300),
    "chains": array({"type": ["null", "array"], "maxItems": 1, "items": {"$ref": "#/items"}}, minItems=200),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_counting_values_is_bounded(name: str) -> None:
    tokenizer = tokenizer_of(HOSTILE[name])
    machine, chance = tokenizer.machine(), random.Random(0)
    for _ in range(40):
        allowed = np.flatnonzero(machine.mask()).tolist()
        assert allowed
        machine.advance(chance.choice(allowed))


def test_a_walk_never_reaches_an_empty_mask() -> None:
    tokenizer = tokenizer_of({"anyOf": [{"type": "null"}, array({"type": "boolean"}, minItems=3)]})
    machine = tokenizer.machine()
    while not machine.is_complete:
        allowed = np.flatnonzero(machine.mask())
        assert allowed.size
        machine.advance(int(allowed[-1]))


def test_a_copy_keeps_its_own_items() -> None:
    tokenizer = tokenizer_of(array(COLORS))
    machine = after(tokenizer, ["red"])
    twin = machine.copy()
    push(tokenizer, twin, "ITEM", "CONST:green")
    push(tokenizer, machine, "ITEM")
    assert admitted(tokenizer, machine) == {"CONST:green", "CONST:blue"}


@pytest.mark.parametrize("learn", LEARNERS)
def test_tokens_of_many_symbols_are_forbidden_as_their_symbols_are(learn: Callable[..., Tokenizer]) -> None:
    schema = array(
        {"anyOf": [{"enum": ["red", "green"]}, array({"enum": ["red", "green"]}), {"type": "string", "pattern": "^x"}]}
    )
    values = [["red", ["red", "green"], "x", "xx"], [["green"], "red", ["red"], "green", "x y x y"]] * 5
    tokenizer = learn(compile_schema(schema), values, vocab_size=315)
    plain = Tokenizer(tokenizer.grammar)
    for value in values[:2]:
        machine, single = tokenizer.machine(), plain.machine()
        for token in tokenizer.encode(value):
            mask = machine.mask()
            for other in range(0, tokenizer.vocab_size, 3):
                assert bool(mask[other]) == _takes(single, plain, tokenizer.vocabulary.symbols[other]), (
                    tokenizer.describe(other)
                )
            machine.advance(token)
            for symbol in tokenizer.vocabulary.symbols[token]:
                single.advance(plain.vocabulary.symbol_token(symbol))
        assert machine.is_complete
        assert tokenizer.decode(tokenizer.encode(value)) == value


def _takes(machine: Machine, plain: Tokenizer, symbols: tuple[int, ...]) -> bool:
    """Whether a machine over symbols consumes these symbols, each under its mask."""
    twin = machine.copy()
    for symbol in symbols:
        token = plain.vocabulary.symbol_token(symbol)
        if twin.is_complete or not twin.mask()[token]:
            return False
        twin.advance(token)
    return bool(symbols)


def test_tokens_inside_which_an_item_ends_are_known() -> None:
    schema = array({"enum": ["red", "green"]})
    values = [["red", "green"], ["green", "red"], ["red"], ["green"]] * 5
    tokenizer = SpanningTokenizer.learn(compile_schema(schema), values, vocab_size=300)
    passing = {tokenizer.describe(token) for token in tokens_with_whole_items(tokenizer.vocabulary)}
    assert all(name.count("ITEM") + name.count("ARRAY_END") > 1 for name in passing)


def test_schemas_without_a_guard_pay_nothing() -> None:
    tokenizer = tokenizer_of({"type": "array", "items": COLORS})
    assert not tokenizer.grammar.has_guards
    assert tokenizer.tables.tokens_with_whole_items == frozenset()
    assert tokenizer.machine().mask() is tokenizer.machine().mask()


def test_a_long_array_of_different_items_is_read_in_short_time() -> None:
    tokenizer = tokenizer_of(array({"type": "integer"}))
    value = list(range(2_000))
    assert tokenizer.decode(tokenizer.encode(value)) == value
