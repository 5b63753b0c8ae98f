"""The search for any derivation, the search for a cheapest one and the fixpoint agree, with little work."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from tests.grammar.test_costs import SMALL, random_schemas

from schemalm.compilation import compile_schema
from schemalm.errors import LimitError, SchemaError
from schemalm.grammar.fixpoint import Fixpoint
from schemalm.grammar.goals import Goals
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.obligation import must_hold
from schemalm.grammar.search import Search
from schemalm.grammar.state_space import StateSpace
from schemalm.grammar.states import Close, Enter, Key, Object, Open, State, Text, obligation_of
from schemalm.limits import Budget, Limits
from schemalm.schema.formula import TRUE
from schemalm.tokenizer import Tokenizer

MAX_SYMBOLS = 40


def goals_of(grammar: Grammar) -> tuple[Goals, Budget, State]:
    """Returns the goals of a new state space, and the start."""
    budget = Budget(Limits())
    space = StateSpace(grammar.shapes, budget, {})
    start = space.value(must_hold(grammar.shape))
    assert start is not None
    return Goals(space, grammar.automaton, budget, lambda state, outcome: True), budget, start


def states_near(goals: Goals, start: State, count: int) -> list[State]:
    """Returns some states that documents reach early, without texts."""
    found = [start]
    for state in found:
        if len(found) > count:
            break
        if isinstance(state, Text):
            continue
        if isinstance(state, Key):
            targets: list[Any] = list(goals.key_targets(state).values())
        else:
            targets = [goals.space.edge(state, symbol) for symbol in goals.space.candidates(state)]
        found += [target.state for target in targets if isinstance(target, Enter)]
        for target in targets:
            if isinstance(target, Open):
                rests = (goals.space.settle(target.rest, outcome) for outcome in goals.outcomes(target.child, TRUE))
                found += [target.child, *(rest for rest in rests if rest is not None)]
    return [state for state in dict.fromkeys(found) if not isinstance(state, Text)][:count]


def assert_agreement(schema: Any) -> None:
    """Asserts that search and fixpoint agree on the outcomes of states near the start."""
    try:
        grammar = compile_schema(schema)
    except SchemaError:
        return
    goals, budget, start = goals_of(grammar)
    search = Search(goals, budget, lambda goal: True)
    fixpoint = Fixpoint(goals, budget, lambda goal: None)
    for state in states_near(goals, start, 12):
        sizes = fixpoint.sizes(state)
        obligation = obligation_of(state)
        for outcome in range(2 ** len(obligation.formulas)):
            if not obligation.admits(outcome):
                continue
            goal = goals.goal(state, outcome)
            size = search.find_any(goal, MAX_SYMBOLS) if goal is not None else None
            cheapest = search.find_cheapest(goal, MAX_SYMBOLS) if goal is not None else None
            assert (size is None) == (cheapest is None)
            if size is None:
                assert sizes.get(outcome, MAX_SYMBOLS + 1) > MAX_SYMBOLS
            else:
                assert goal is not None and cheapest is not None
                assert goals.lower_bound(goal) <= cheapest <= min(size, sizes[outcome])


@pytest.mark.parametrize("name", SMALL)
def test_the_search_and_the_fixpoint_agree(name: str) -> None:
    assert_agreement(SMALL[name])


@settings(max_examples=60)
@given(random_schemas)
def test_the_search_and_the_fixpoint_agree_on_random_schemas(schema: Any) -> None:
    assert_agreement(schema)


def one_of_required(num_branches: int) -> Any:
    """Returns a schema that requires exactly one of this many keys, with a string."""
    keys = [f"k{number}" for number in range(num_branches)]
    branches = [{"required": [key], "properties": {key: {"type": "string"}}} for key in keys]
    return {"type": "object", "oneOf": branches}


def one_of_tagged(num_branches: int) -> Any:
    """Returns branches that a constant distinguishes."""
    branches = [
        {"required": ["tag", f"k{number}"], "properties": {"tag": {"const": f"t{number}"}}}
        for number in range(num_branches)
    ]
    return {"type": "object", "oneOf": branches}


def conditions(num_tags: int) -> Any:
    """Returns a schema with an optional tag that decides which other key is required."""
    parts = [
        {
            "if": {"properties": {"tag": {"const": f"t{number}"}}},
            "then": {"required": [f"p{number}"], "properties": {f"p{number}": {"type": "string"}}},
        }
        for number in range(num_tags)
    ]
    return {"type": "object", "allOf": parts}


def mutual(num_branches: int) -> Any:
    """Returns mutually recursive open objects, of which exactly one of several must match."""
    definitions = {
        f"d{number}": {
            "type": "object",
            "required": [f"s{number}"],
            "properties": {f"p{key}": {"$ref": f"#/$defs/d{(number + key + 1) % 8}"} for key in range(8)}
            | {f"s{number}": {"type": "string"}},
        }
        for number in range(8)
    }
    return {"$defs": definitions, "oneOf": [{"$ref": f"#/$defs/d{number}"} for number in range(num_branches)]}


def one_child(num_branches: int) -> Any:
    """Returns branches that differ in what the same child must satisfy."""
    branches = [{"properties": {"x": {"type": "object", "required": [f"k{n}"]}}} for n in range(num_branches)]
    return {"type": "object", "required": ["x"], "oneOf": branches}


HOSTILE = {
    "exactly one of required keys": (one_of_required, 24, {"k3": "a"}),
    "branches told apart by a constant": (one_of_tagged, 24, {"tag": "t3", "k3": 1}),
    "conditions on an optional tag": (conditions, 24, {"tag": "t3", "p3": "a"}),
    "open objects that lead to one another": (mutual, 4, {"s0": "a"}),
    "branches that differ in one child": (one_child, 12, {"x": {"k3": 1}}),
}


def work_of(schema: Any, value: Any) -> int:
    """Returns the work of compiling, of a first mask, of a completion and of encoding a value."""
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    machine = tokenizer.machine()
    machine.mask()
    machine.completion()
    assert tokenizer.decode(tokenizer.encode(value)) == value
    return tokenizer.grammar.budget.num_units


@pytest.mark.parametrize("name", HOSTILE)
def test_branches_cost_little_and_do_not_multiply(name: str) -> None:
    make, num_branches, value = HOSTILE[name]
    half, whole = (work_of(make(number), value) for number in (num_branches // 2, num_branches))
    assert whole < 10 * half
    assert whole < 100_000


def test_a_call_that_hits_the_limit_leaves_the_grammar_usable() -> None:
    grammar = compile_schema(one_of_required(24), limits=Limits(call_work=500))
    machine = Tokenizer.from_grammar(grammar).machine()
    num_refused = 0
    while num_refused < 200:
        try:
            mask = machine.mask()
        except LimitError as error:
            num_refused += 1
            assert (error.limit, error.maximum, error.operation) == ("call_work", 500, "mask")
        else:
            break
    # Results of a call are cached, so repeated calls succeed at some point.
    assert 0 < num_refused < 200
    assert mask.sum() == Tokenizer.from_grammar(compile_schema(one_of_required(24))).machine().mask().sum()


def test_an_object_that_can_end_is_not_searched_further() -> None:
    grammar = compile_schema({"type": "object", "properties": {f"k{n}": {} for n in range(100)}})
    goals, _, start = goals_of(grammar)
    assert isinstance(start, Object)
    goal = goals.goal(start, 1)
    assert goal is not None
    assert [way.target for way in goals.first_steps(goal)] == [Close(1)]
