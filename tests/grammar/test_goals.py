"""A goal is about a single formula. Its lower bound is correct, and its first steps include a cheapest one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.grammar.test_costs import SMALL
from tests.grammar.test_search import goals_of, states_near

from schemalm.compilation import compile_schema
from schemalm.grammar.goals import Goal, answered, answers
from schemalm.grammar.obligation import Obligation
from schemalm.grammar.states import Array, Close, Object, Open
from schemalm.grammar.symbols import ARRAY_END, FREE_KEY, ITEM, KEY, OBJECT_END
from schemalm.schema.formula import TRUE, And, Not, Question

TWO = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}


def start_of(schema: Any) -> tuple[Any, Any]:
    """Returns the goals and the first state of a schema."""
    goals, _, start = goals_of(compile_schema(schema))
    return goals, start


def test_an_outcome_on_several_formulas_is_one_formula() -> None:
    goals, start = start_of({**TWO, "required": ["a"]})
    assert isinstance(start, Object)
    formula = start.obligation.formulas[0]
    both = Object(Obligation((TRUE, formula), Question(0)), start.order, 0)
    held, broken = goals.goal(both, 3), goals.goal(both, 1)
    assert held == goals.goal(start, 1)
    assert broken is not None and broken.outcome == 1
    assert broken.state.obligation.formulas == (Not(formula),)


def test_there_is_no_goal_if_a_formula_is_clearly_false() -> None:
    goals, start = start_of(TWO)
    assert isinstance(start, Object)
    false = Object(Obligation((TRUE, TRUE), Question(0)), start.order, 0)
    assert goals.goal(false, 1) is None


def test_guards_exclude_goals() -> None:
    goals, start = start_of({"type": "array"})
    goals.passes_guards = lambda state, outcome: False
    assert goals.goal(start, 1) is None


def test_only_required_keys_are_tried_if_others_cannot_help() -> None:
    goals, start = start_of({**TWO, "required": ["b"]})
    assert list(goals.symbols(start)) == [OBJECT_END, KEY("b")]


def test_irrelevant_keys_are_left_out() -> None:
    goals, start = start_of({**TWO, "anyOf": [{"required": ["b"]}, {"required": ["c"]}]})
    assert set(goals.symbols(start)) == {OBJECT_END, KEY("b"), KEY("c")}


def test_every_key_is_relevant_if_keys_are_counted() -> None:
    goals, start = start_of({**TWO, "anyOf": [{"minProperties": 2}, {"required": ["b"]}]})
    assert set(goals.symbols(start)) == {OBJECT_END, KEY("a"), KEY("b"), FREE_KEY}


def test_an_array_ends_or_has_an_item() -> None:
    goals, start = start_of({"type": "array", "minItems": 2})
    assert isinstance(start, Array)
    assert list(goals.symbols(start)) == [ARRAY_END, ITEM]
    assert all(isinstance(target, Open) for target in goals.targets(start))


def test_a_value_that_a_constant_ends_has_one_first_step() -> None:
    goals, start = start_of({"enum": ["a", "b", 3]})
    assert [way.target for way in goals.first_steps(Goal(start, 1))] == [Close(1)]


@pytest.mark.parametrize("name", SMALL)
def test_first_steps_respect_the_lower_bound_of_the_goal(name: str) -> None:
    goals, start = start_of(SMALL[name])
    for state in states_near(goals, start, 12):
        goal = goals.goal(state, 1)
        if goal is None:
            continue
        for way in goals.first_steps(goal):
            if isinstance(way.target, Close):
                assert way.cost >= goals.lower_bound(goal)


def test_outcomes_are_those_that_are_needed() -> None:
    goals, start = start_of(TWO)
    assert isinstance(start, Object)
    formula = start.obligation.formulas[0]
    child = Object(Obligation((TRUE, formula), Question(0)), start.order, 0)
    assert list(goals.outcomes(child, TRUE)) == [3, 1]
    assert list(goals.outcomes(child, TRUE, {1: False})) == [1, 3]
    assert list(goals.outcomes(child, Not(Question(1)))) == [1]


def test_answers_to_constants_are_known() -> None:
    assert answers(TRUE) == (1,)
    assert answers(Question(0)) == (1, 0)
    assert answered(And(Question(0), Question(1)), 0, 1) == Question(1)
