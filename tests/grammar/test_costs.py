"""Costs are the least numbers of symbols, and only a few states are needed to find them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.errors import SchemaError
from schemalm.grammar.costs import Costs, CostTable
from schemalm.grammar.obligation import must_hold
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Close, Enter, Key, Open, State, Text
from schemalm.limits import Budget, Limits
from schemalm.regular.automaton import Automaton
from schemalm.tokenizer import Tokenizer

MAX_SYMBOLS = 9


class Exhaustive:
    """The least costs of states up to a bound, by trying every derivation."""

    def __init__(self, space: StateSpace, automaton: Automaton) -> None:
        self._space = space
        self._automaton = automaton
        self._memo: dict[tuple[State, int], Costs] = {}

    def of(self, state: State, bound: int) -> Costs:
        """Returns the least number of symbols that finish `state`, by outcome, if it is at most `bound`."""
        if (state, bound) not in self._memo:
            found: Costs = {}
            for cost, outcome in self._derivations(state, bound):
                if cost <= min(bound, found.get(outcome, bound)):
                    found[outcome] = cost
            self._memo[state, bound] = found
        return self._memo[state, bound]

    def _derivations(self, state: State, bound: int) -> list[tuple[int, int]]:
        if bound <= 0:
            return []
        if isinstance(state, Text):
            return [(length + 1, outcome) for length, outcome in self._texts(state.dfa_state, bound - 1)]
        if isinstance(state, Key):
            targets = self._space.key_targets(state.owner, state.formulas)
            return [
                (length + cost, outcome)
                for length, key_outcome in self._texts(state.dfa_state, bound - 1)
                if key_outcome in targets
                for cost, outcome in self._opened(targets[key_outcome], bound - length)
            ]
        found: list[tuple[int, int]] = []
        for symbol in self._space.candidates(state):
            target = self._space.edge(state, symbol)
            if isinstance(target, Close):
                found.append((1, target.outcome))
            elif isinstance(target, Enter):
                found += [(cost + 1, outcome) for outcome, cost in self.of(target.state, bound - 1).items()]
            elif isinstance(target, Open):
                found += self._opened(target, bound)
        return found

    def _opened(self, target: Open, bound: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for child_outcome, child_cost in self.of(target.child, bound - 1).items():
            rest = self._space.settle(target.rest, child_outcome)
            if rest is not None:
                after = self.of(rest, bound - 1 - child_cost)
                found += [(1 + child_cost + cost, outcome) for outcome, cost in after.items()]
        return found

    def _texts(self, place: int, bound: int) -> list[tuple[int, int]]:
        """Returns lengths in bytes and outcomes of texts of at most `bound` bytes."""
        found = []
        frontier = {place}
        for length in range(bound + 1):
            found += [(length, outcome) for at in frontier if (outcome := self._automaton.outcome(at))]
            frontier = {after for at in frontier for _, after in self._automaton.steps(at)}
        return found


def assert_least(schema: Any) -> None:
    """Asserts that the costs of every state near the start are those of the exhaustive search."""
    try:
        grammar = compile_schema(schema)
    except SchemaError:
        return
    budget = Budget(Limits())
    space = StateSpace(grammar.shapes, budget, {})
    table = CostTable(space, grammar.automaton, budget)
    exhaustive = Exhaustive(space, grammar.automaton)
    start = space.value(must_hold(grammar.shape))
    assert start is not None
    exhaustive.of(start, MAX_SYMBOLS)
    for state, bound in list(exhaustive._memo):
        if bound == MAX_SYMBOLS:
            expected = exhaustive.of(state, MAX_SYMBOLS)
            found = {outcome: cost for outcome, cost in table.by_outcome(state).items() if cost <= MAX_SYMBOLS}
            assert found == expected
    for state, bound in list(exhaustive._memo):
        expected = exhaustive.of(state, bound)
        assert {outcome: cost for outcome, cost in table.by_outcome(state).items() if cost <= bound} == expected


def strings(*texts: str) -> Any:
    return {"enum": list(texts)}


SMALL: dict[str, Any] = {
    "anything": {},
    "a constant": {"const": "a"},
    "a text": {"type": "string", "minLength": 3},
    "a text or less": {"anyOf": [{"type": "string", "minLength": 3}, {"type": "array", "minItems": 1}]},
    "required keys": {
        "type": "object",
        "properties": {"a": {"type": "null"}, "b": {"type": "array"}},
        "required": ["b", "a"],
    },
    "a cheaper branch": {
        "type": "object",
        "properties": {"a": {"type": "string", "minLength": 4}, "b": {"type": "null"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "exactly one key": {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    "keys by number": {"type": "object", "minProperties": 2, "propertyNames": {"minLength": 1}},
    "keys that bring others": {
        "type": "object",
        "required": ["a"],
        "dependentRequired": {"a": ["b"], "b": ["c"]},
    },
    "a condition": {
        "type": "object",
        "properties": {"k": strings("x", "y")},
        "required": ["k"],
        "if": {"properties": {"k": {"const": "x"}}},
        "then": {"required": ["a", "b"]},
        "else": {"required": ["c"]},
    },
    "an item to contain": {"type": "array", "contains": {"const": "x"}, "items": strings("w", "x")},
    "items to contain": {"type": "array", "allOf": [{"contains": {"type": "null"}}, {"contains": {"type": "boolean"}}]},
    "counts of items": {"type": "array", "contains": {"type": "null"}, "minContains": 2, "minItems": 3},
    "recursion": {
        "$defs": {"n": {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}, "v": {}}, "minProperties": 1}},
        "$ref": "#/$defs/n",
    },
    "recursion with a way out": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#"}, "minItems": 2}]},
    "recursion that must end late": {
        "$defs": {
            "t": {"type": "array", "minItems": 1, "items": {"anyOf": [{"const": "leaf"}, {"$ref": "#/$defs/t"}]}}
        },
        "$ref": "#/$defs/t",
    },
    "a free key by pattern": {
        "type": "object",
        "patternProperties": {"^ab": {"type": "null"}, "^x": {"type": "string", "minLength": 5}},
        "additionalProperties": False,
        "minProperties": 1,
    },
    "two free keys of two sorts": {
        "type": "object",
        "not": {"patternProperties": {"^x": {"not": {"const": "needle"}}}},
    },
    "an outcome from below": {
        "type": "object",
        "required": ["a"],
        "oneOf": [
            {"properties": {"a": {"required": ["b"]}}, "required": ["c"]},
            {"properties": {"a": {"type": "string", "minLength": 2}}},
        ],
    },
    "unevaluated": {
        "type": "object",
        "anyOf": [{"properties": {"a": {"type": "null"}}, "required": ["a"]}, {"required": ["b"]}],
        "unevaluatedProperties": False,
    },
}


@pytest.mark.parametrize("name", SMALL)
def test_costs_are_those_of_an_exhaustive_search(name: str) -> None:
    assert_least(SMALL[name])


leaves = st.sampled_from(
    [{"type": "null"}, {"const": "x"}, {"type": "string", "minLength": 2}, {"type": "boolean"}, {}]
)
names = st.sampled_from(["a", "b", "c"])
name_lists = st.lists(names, max_size=2, unique=True)


def _grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(names, inner, max_size=3)},
        optional={
            "required": name_lists,
            "additionalProperties": st.just(False),
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(0, 2),
            "dependentRequired": st.dictionaries(names, name_lists, max_size=2),
            "anyOf": st.lists(st.fixed_dictionaries({"required": name_lists}), min_size=1, max_size=2),
        },
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={"minItems": st.integers(0, 2), "maxItems": st.integers(1, 2), "contains": inner},
    )
    several = st.lists(inner, min_size=1, max_size=3)
    connectives = (several.map(lambda parts, key=key: {key: parts}) for key in ("anyOf", "oneOf", "allOf"))
    return st.one_of(objects, arrays, *connectives, inner.map(lambda part: {"not": part}))


random_schemas = st.recursive(leaves, _grown, max_leaves=6)


@pytest.mark.slow
@settings(max_examples=60)
@given(random_schemas)
def test_costs_of_random_schemas_are_those_of_an_exhaustive_search(schema: Any) -> None:
    assert_least(schema)


def wide(num_keys: int, **more: Any) -> Any:
    """Returns a schema of an object with this many keys, each of another shape."""
    return {
        "type": "object",
        "properties": {f"k{n}": {"type": "string", "maxLength": n} for n in range(num_keys)},
        **more,
    }


def num_states_of(schema: Any) -> int:
    return compile_schema(schema).num_states


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"required": ["k450"]},
        {"additionalProperties": False},
        {"minProperties": 1},
        {"dependentRequired": {f"k{n}": [f"k{n + 1}"] for n in range(499)}},
        {"allOf": [{"anyOf": [{"required": [f"k{n}"]}, {"maxProperties": 1}]} for n in range(20)]},
    ],
)
def test_an_object_with_many_keys_is_explored_where_it_is_cheapest(more: Any) -> None:
    assert num_states_of(wide(500, **more)) < 2_500


def test_optional_keys_cost_nothing_until_a_document_has_them() -> None:
    assert num_states_of(wide(2_000)) <= 10


def test_required_keys_cost_a_few_states_each() -> None:
    required = [f"k{n}" for n in range(150)]
    assert num_states_of(wide(2_000, required=required)) < 8 * len(required)


def test_a_grammar_grows_where_documents_reach() -> None:
    grammar = compile_schema(wide(2_000))
    before = grammar.num_states
    Tokenizer.from_grammar(grammar).encode({f"k{n}": "" for n in range(20)})
    assert before + 20 <= grammar.num_states < before + 200


def test_a_deep_branch_costs_a_few_states_for_each_level() -> None:
    deep: Any = {"type": "null"}
    for _ in range(50):
        deep = {
            "type": "object",
            "required": ["a", "b"],
            "properties": {"a": deep, "b": {"type": "array", "minItems": 3}},
        }
    assert num_states_of({"anyOf": [{"type": "null"}, deep]}) < 500
    assert num_states_of(deep) < 1_000


def test_a_least_number_of_items_costs_a_few_states_each() -> None:
    assert num_states_of({"type": "array", "minItems": 2_000}) < 10_000
    assert num_states_of({"type": "array", "maxItems": 10**9}) < 10
