"""Hostile schemas compile or raise SchemaError, quickly and in little memory; every limit is reached on purpose."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import InvalidDocument, LimitError, SchemaError
from schemalm.grammar.symbols import COMMON, FIRST_PRIVATE, NUM_PRIVATE, character_of, symbol_of
from schemalm.limits import Budget, Limits
from schemalm.tokenizer import Tokenizer

MAX_SECONDS = 15  # of CPU time
MAX_BYTES = 1 << 30


def nested(keyword: str, depth: int) -> Any:
    """A schema inside a schema, `depth` times."""
    schema: Any = {"type": "string"}
    for _ in range(depth):
        schema = {keyword: [schema, {"minLength": 1}] if keyword.endswith("Of") else schema}
    return schema


def chain(length: int, make: Any) -> Any:
    """Definitions that each refer to the next one, built by `make`; the last one is a string."""
    definitions = {f"d{n}": make({"$ref": f"#/$defs/d{n + 1}"}) for n in range(length)}
    return {"$defs": {**definitions, f"d{length}": {"type": "string"}}, "$ref": "#/$defs/d0"}


def doubled(rest: Any) -> Any:
    return {"type": "object", "properties": {"a": rest, "b": rest}}


REFUSED: dict[str, Any] = {
    "deep not": nested("not", 300),
    "deep allOf": nested("allOf", 300),
    "deep items": nested("items", 5_000),
    "a long pattern": {"type": "string", "pattern": "a{1000000}"},
    "a long text": {"type": "string", "minLength": 10**9},
    "a long array": {"type": "array", "minItems": 10**9},
    "a large object": {"type": "object", "minProperties": 10**9},
    "many items to contain": {"type": "array", "contains": {}, "minContains": 10**9},
    "long arrays of long arrays": {
        "type": "array",
        "minItems": 1_000,
        "items": {"type": "array", "minItems": 1_000, "items": {"type": "array", "minItems": 1_000}},
    },
    "required keys that double": chain(60, lambda rest: {**doubled(rest), "required": ["a", "b"]}),
    "a long chain of references": chain(5_000, lambda rest: rest),
    "a text of repetitions of repetitions": {"type": "string", "pattern": "^((a{900}){900}){900}$"},
    "a reference to itself": {"$ref": "#"},
    "a cycle of references": {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "a cycle in a branch": {"anyOf": [{"type": "string"}, {"not": {"$ref": "#"}}]},
    "no finite value": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
    "no value": {"allOf": [{"type": "string"}, {"type": "number"}]},
    "false": False,
    "a pattern against another": {"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "^b"}]},
    "more keys than there are": {
        "type": "object",
        "patternProperties": {"^[ab]$": {}},
        "additionalProperties": False,
        "minProperties": 3,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_schema_is_refused_quickly(name: str) -> None:
    start = time.process_time()
    with pytest.raises(SchemaError) as caught:
        compile_schema(REFUSED[name])
    assert time.process_time() - start < MAX_SECONDS
    assert getattr(caught.value, "limit", "") != "compile_seconds"


HARMLESS: dict[str, tuple[Any, Any]] = {
    "references that double": (chain(60, doubled), {"a": {"b": {}}}),
    "references that double in one place": (chain(60, lambda rest: {"allOf": [rest, rest]}), "a"),
    "a chain of references": (chain(100, lambda rest: rest), "a"),
    "a chain of references over properties": (chain(1_000, doubled), {"a": {"b": {}}}),
    "a large largest length": ({"type": "string", "maxLength": 10**9}, "a" * 10**6),
    "a large largest number of items": ({"type": "array", "maxItems": 10**9}, [1] * 1_000),
    "a large largest number of keys": ({"type": "object", "maxProperties": 10**9}, {"a": 1}),
    "nested stars": ({"type": "string", "pattern": "^(((a*)*)*)*$"}, "a" * 1_000),
    "an exponential pattern": ({"type": "string", "pattern": "(a|b)*a(a|b){40}"}, "ab" * 100),
    "a list of words": (
        {"type": "string", "pattern": f"^({'|'.join(f'word{n}' for n in range(2_000))})$"},
        "word1999",
    ),
    "a huge enum of strings": ({"enum": [f"value {n}" for n in range(5_000)]}, "value 4999"),
    "a huge enum of numbers": ({"enum": list(range(5_000))}, 4_999),
    "many patterns": ({"type": "string", "anyOf": [{"pattern": f"^c{n}x"} for n in range(2_000)]}, "c1999x"),
    "many branches that may all hold": (
        {"type": "object", "allOf": [{"anyOf": [{"required": [f"a{n}"]}, {"required": [f"b{n}"]}]} for n in range(20)]},
        {f"a{n}": n for n in range(20)},
    ),
    "many optional branches": (
        {
            "type": "object",
            "allOf": [
                {"anyOf": [{"properties": {f"a{n}": {"type": "string"}}}, {"properties": {f"b{n}": {"type": "null"}}}]}
                for n in range(30)
            ],
        },
        {f"a{n}": "" for n in range(30)},
    ),
    "many conditions on one key": (
        {
            "type": "object",
            "required": ["k"],
            "allOf": [{"if": {"properties": {"k": {"const": n}}}, "then": {"required": [f"r{n}"]}} for n in range(30)],
        },
        {"k": 3, "r3": 1},
    ),
    "many key patterns": (
        {"type": "object", "patternProperties": {f"^k{n}": {"type": "string"} for n in range(60)}},
        {"k1": "", "k10": ""},
    ),
    "a deep recursion": ({"type": "array", "items": {"$ref": "#"}}, json.loads("[" * 100 + "]" * 100)),
    "a long tuple": ({"prefixItems": [{"type": "string"}] * 1_000, "items": False}, ["a"] * 1_000),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HARMLESS)
def test_a_large_schema_compiles_and_reads_a_value_quickly(name: str) -> None:
    schema, value = HARMLESS[name]
    start = time.process_time()
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    tokenizer.encode(value)
    with pytest.raises(InvalidDocument):
        tokenizer.encode(object())
    assert time.process_time() - start < MAX_SECONDS


PROGRAM = """
import json, resource, sys
schema, value, seconds = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_CPU, (6, 6))
from schemalm.errors import SchemaError
from schemalm.compilation import compile_schema
from schemalm.limits import Limits
from schemalm.tokenizer import Tokenizer
try:
    limits = Limits(compile_seconds=seconds, automaton_states=2_000)
    tokenizer = Tokenizer.from_grammar(compile_schema(schema, limits=limits))
    tokenizer.encode(value)
    tokenizer.decode_prefix([])
except SchemaError:
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def numbered(keyword: str, count: int, make: Callable[[int], Any]) -> Any:
    return {keyword: [make(n) for n in range(count)]}


APART: dict[str, tuple[Any, Any]] = {
    "nested counts": ({"type": "string", "pattern": "^((a{1,50}){1,50}){1,50}$"}, "a" * 300),
    "many objects": (
        numbered("anyOf", 10_000, lambda n: {"type": "object", "properties": {f"k{n}": {}}, "required": [f"k{n}"]}),
        {"k9": 1},
    ),
    "many constants": (numbered("anyOf", 10_000, lambda n: {"const": f"c{n}"}), "c9"),
    "exactly one of many constants": (numbered("oneOf", 10_000, lambda n: {"const": f"c{n}"}), "c9"),
    "exactly one of many patterns": (
        numbered("oneOf", 1_000, lambda n: {"type": "string", "pattern": f"^c{n}x"}),
        "c9x",
    ),
    "exactly one of many keys": (
        {"type": "object", **numbered("oneOf", 1_000, lambda n: {"required": [f"k{n}"]})},
        {"k9": 1},
    ),
    "exactly one of each": (
        {
            "type": "array",
            **numbered("allOf", 14, lambda n: {"oneOf": [{"contains": {"const": m}} for m in (n, -n - 1)]}),
        },
        list(range(14)),
    ),
    "many items to contain": (
        {"type": "array", **numbered("allOf", 30, lambda n: {"contains": {"const": n}})},
        list(range(30)),
    ),
    "many of one item to contain": (
        {"type": "array", "contains": {"type": "null"}, "minContains": 1_000},
        [None] * 1_000,
    ),
    "many different items": ({"type": "array", "uniqueItems": True, "minItems": 30}, list(range(30))),
    "many patterns in one": (
        {"type": "string", **numbered("allOf", 20, lambda n: {"anyOf": [{"pattern": f"{n}"}, {"pattern": f"x{n}"}]})},
        "0123456789 11 12 13 14 15 16 17 18 19",
    ),
    "a huge enum": ({"enum": [f"value {n}" for n in range(50_000)]}, "value 49999"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", APART)
def test_time_and_memory_stay_within_bounds_whatever_the_schema(name: str) -> None:
    # Started by a shell, since a process inherits the peak memory of its parent: here, that of all tests before.
    process = subprocess.run(
        ["sh", "-c", '"$0" "$@"; exit $?', sys.executable, "-c", PROGRAM],
        input=json.dumps([*APART[name], 1]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert int(process.stdout) * 1024 < MAX_BYTES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "limits", "message"),
    [
        ({"title": "x" * 200}, Limits(schema_bytes=100), "limit of 100"),
        ({"not": {"not": {}}}, Limits(schema_depth=2), "more than 2 levels"),
        (
            {"type": "string", "allOf": [{"pattern": "^(a{7})*$"}, {"pattern": "^(a{9})+$"}]},
            Limits(automaton_states=20),
            "20",
        ),
        ({"type": "array", "minItems": 50}, Limits(grammar_states=20), "more than 20 states"),
        ({"type": "array", "minItems": 4_000}, Limits(compile_seconds=0.0), "more than 0"),
        ({"type": "array", "minItems": 50}, Limits(completion_symbols=50), "no finite value|symbols"),
        ({"type": "string", "minLength": 50}, Limits(minimum_count=20), "limit of 20"),
        ({"type": "array", "minItems": 50}, Limits(minimum_count=20), "limit of 20"),
        ({"type": "object", "minProperties": 50}, Limits(minimum_keys=20), "limit of 20"),
        ({"contains": {"type": "string"}, "minContains": 50}, Limits(minimum_count=20), "limit of 20"),
        ({"type": "string", "pattern": "a{50}"}, Limits(pattern_repeat=20), "20"),
        (
            {"type": "string", "pattern": "(a{5}){11}"},
            Limits(completion_symbols=50),
            "no finite value|symbols|no value",
        ),
        ({"properties": {"a": {"enum": ["b", "c"]}}}, Limits(symbols=2), "more than 2 keys and strings"),
        (
            {
                "anyOf": [{"properties": {"a": {}}, "minProperties": n} for n in range(5)],
                "unevaluatedProperties": False,
            },
            Limits(unevaluated_branches=2),
            "more than 2",
        ),
    ],
)
def test_every_limit_ends_in_a_schema_error(schema: Any, limits: Limits, message: str) -> None:
    compile_schema(schema)
    with pytest.raises(SchemaError, match=message):
        compile_schema(schema, limits=limits)


@pytest.mark.parametrize(
    ("schema", "limit", "pointer"),
    [
        ({"title": "x" * 200}, "schema_bytes", ""),
        ({"not": {"not": {}}}, "schema_depth", ""),
        ({"properties": {"a": {"minItems": 50}}}, "minimum_count", "/properties/a/minItems"),
        ({"items": {"minProperties": 50}}, "minimum_keys", "/items/minProperties"),
        ({"items": {"enum": ["a", {"b": ["c"]}]}}, "symbols", "/items/enum"),
        ({"properties": {"a": {}, "b": {}}, "dependentRequired": {"a": ["c"]}}, "symbols", "/dependentRequired"),
        ({"$defs": {"a": {"const": ["a", "b", "c"]}}, "$ref": "#/$defs/a"}, "symbols", "/$defs/a/const"),
        (
            {"items": {"anyOf": [{"required": ["a"], "properties": {"a": {}}}] * 2, "unevaluatedProperties": False}},
            "unevaluated_branches",
            "/items/unevaluatedProperties",
        ),
    ],
)
def test_a_limit_is_named_with_the_location_that_exceeds_it(schema: Any, limit: str, pointer: str) -> None:
    small = {"schema_bytes": 100, "schema_depth": 2, "minimum_count": 9, "minimum_keys": 9, "symbols": 2}
    limits = Limits(**{limit: {**small, "unevaluated_branches": 0}[limit]})
    with pytest.raises(LimitError, match=rf"limit {limit} = ") as caught:
        compile_schema(schema, limits=limits)
    assert (caught.value.limit, caught.value.maximum) == (limit, getattr(limits, limit))
    assert (caught.value.pointer, caught.value.keyword) == (pointer, pointer.rpartition("/")[2])


@pytest.mark.slow
@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"enum": [f"value {n}" for n in range(first, first + 35_000)]} for first in (0, 35_000)]},
        {"properties": {f"name {n}": {} for n in range(70_000)}},
    ],
)
def test_too_many_keys_and_strings_for_characters_are_refused(schema: Any) -> None:
    with pytest.raises(LimitError, match="65,521 keys and strings") as caught:
        compile_schema(schema, limits=Limits(symbols=10**6))
    assert caught.value.limit == "symbols"
    assert caught.value.keyword == caught.value.pointer.rpartition("/")[2] != ""


def test_keys_and_strings_up_to_the_limit_have_a_character_each() -> None:
    last = len(COMMON) + Limits().symbols - 1
    assert symbol_of(character_of(last)) == last
    assert ord(character_of(last)) == FIRST_PRIVATE + NUM_PRIVATE - 1


def test_a_limit_on_names_ends_in_free_keys() -> None:
    schema = {"type": "object", "patternProperties": {"^[a-d]$": {}}, "additionalProperties": False, "minProperties": 4}
    value = {"a": 1, "b": 2, "c": 3, "d": 4}
    for limits in (Limits(), Limits(finite_pattern_keys=3)):
        tokenizer = Tokenizer.from_grammar(compile_schema(schema, limits=limits))
        assert tokenizer.decode(tokenizer.encode(value)) == value
        assert tokenizer.decode_prefix([]).keys() == value.keys()


def test_an_optional_part_that_cannot_be_finished_within_the_limit_is_left_out() -> None:
    schema = {"type": "object", "properties": {"a": REFUSED["long arrays of long arrays"], "b": {"type": "null"}}}
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    assert tokenizer.decode(tokenizer.encode({"b": None})) == {"b": None}
    with pytest.raises(InvalidDocument):
        tokenizer.encode({"a": []})


@pytest.mark.parametrize(
    "keyword", ["not", "items", "allOf", "anyOf", "oneOf", "additionalProperties", "contains", "if"]
)
def test_every_keyword_may_be_nested_up_to_the_limit(keyword: str) -> None:
    levels_of_one = 2 if keyword.endswith("Of") else 1
    depth = (Limits().schema_depth - 2) // levels_of_one
    compile_schema(nested(keyword, depth))
    with pytest.raises(SchemaError, match=str(Limits().schema_depth)):
        compile_schema(nested(keyword, 2 * depth))


def test_every_limit_has_a_default_and_is_described() -> None:
    names = [field.name for field in dataclasses.fields(Limits)]
    assert all(f"    {name}: " in str(Limits.__doc__) for name in names)
    assert all(value > 0 for value in dataclasses.asdict(Limits()).values())
    with pytest.raises(dataclasses.FrozenInstanceError):
        Limits().schema_bytes = 1  # type: ignore[misc]


def test_a_budget_counts_states_and_reads_the_clock_now_and_then() -> None:
    budget = Budget(Limits(grammar_states=10))
    for _ in range(10):
        budget.count_state()
    with pytest.raises(SchemaError, match="10 states"):
        budget.count_state()
    budget = Budget(Limits(compile_seconds=-1.0))
    with pytest.raises(SchemaError, match="seconds"):
        budget.count_state()


def test_time_and_states_are_not_limited_after_compiling() -> None:
    budget = Budget(Limits(compile_seconds=-1.0, grammar_states=1))
    budget.end_compilation()
    for _ in range(3):
        budget.count_state()


def test_inner_calls_count_against_the_outermost_call() -> None:
    budget = Budget(Limits(call_work=10))
    with budget.call("completion"):
        budget.work(6)
        with pytest.raises(LimitError) as caught, budget.call("mask"):
            budget.work(5)
    assert (caught.value.limit, caught.value.maximum, caught.value.operation) == ("call_work", 10, "completion")


def test_each_call_has_the_whole_budget_even_after_a_failed_one() -> None:
    budget = Budget(Limits(call_work=10))
    for _ in range(3):
        with budget.call("mask"):
            budget.work(10)
        with pytest.raises(LimitError), budget.call("encode"):
            budget.work(11)
    budget.work(1_000)  # counted, but not limited outside of calls
    assert budget.num_units == 3 * 21 + 1_000


def test_the_same_calls_take_the_same_work() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^a+b{2,5}$"}}, "required": ["a"]}

    def num_units() -> int:
        tokenizer = Tokenizer.from_grammar(compile_schema(schema))
        tokenizer.encode({"a": "aabb"})
        tokenizer.machine().completion()
        return tokenizer.grammar.budget.num_units

    assert num_units() == num_units()
