"""The fixpoint decides exactly which outcomes states can end with, also if they are recursive or never end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.grammar.test_search import goals_of

from schemalm.compilation import compile_schema
from schemalm.errors import LimitError
from schemalm.grammar.fixpoint import MAX_JOINT_FORMULAS, Fixpoint, is_solved_jointly
from schemalm.grammar.obligation import Obligation, must_hold
from schemalm.grammar.states import Object, State
from schemalm.limits import Budget, Limits
from schemalm.schema.formula import TRUE, Formula, Question

DEFINITIONS = {
    "list": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/$defs/maybe"}}},
    "maybe": {"anyOf": [{"$ref": "#/$defs/list"}, {"type": "null"}]},
    "endless": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/$defs/endless"}}},
}


def fixpoint_at(name: str) -> tuple[Fixpoint, Budget, State]:
    """Returns a fixpoint that knows no sizes beforehand, its budget, and the state of a definition."""
    schema: Any = {"$defs": DEFINITIONS, "properties": {key: {"$ref": f"#/$defs/{key}"} for key in DEFINITIONS}}
    grammar = compile_schema(schema)
    goals, budget, _ = goals_of(grammar)
    state = goals.space.value(must_hold(grammar.shapes.resolve(f"/$defs/{name}")))
    assert state is not None
    return Fixpoint(goals, budget, lambda goal: None), budget, state


def judged(state: State, *formulas: Formula) -> Object:
    """Returns an object whose obligation also has some formulas that may be true or false."""
    assert isinstance(state, Object)
    return replace(state, obligation=Obligation((TRUE, *formulas), Question(0)))


def test_a_recursive_state_with_a_way_out_can_end() -> None:
    fixpoint, _, state = fixpoint_at("list")
    # The key, the value (null or another list), and the end.
    assert fixpoint.sizes(state).keys() == {1}
    assert fixpoint.sizes(state)[1] >= 3


def test_a_state_that_needs_itself_cannot_end() -> None:
    fixpoint, _, state = fixpoint_at("endless")
    assert fixpoint.sizes(state) == {}


def test_outcomes_on_few_formulas_are_found_together() -> None:
    fixpoint, _, state = fixpoint_at("list")
    assert isinstance(state, Object)
    both = judged(state, state.obligation.formulas[0])
    assert is_solved_jointly(both)
    assert fixpoint.sizes(both).keys() == {0b01, 0b11}


def test_outcomes_on_many_formulas_are_found_one_by_one() -> None:
    _, _, state = fixpoint_at("list")
    assert isinstance(state, Object)
    formula = state.obligation.formulas[0]
    assert is_solved_jointly(judged(state, *[formula] * MAX_JOINT_FORMULAS))
    assert not is_solved_jointly(judged(state, *[formula] * (MAX_JOINT_FORMULAS + 1)))
    assert not is_solved_jointly(judged(state, TRUE)), "what is known is no question"


def test_results_of_a_fixpoint_are_kept() -> None:
    fixpoint, budget, state = fixpoint_at("list")
    found = fixpoint.sizes(state)
    num_units = budget.num_units
    assert fixpoint.sizes(state) is found
    assert budget.num_units == num_units


def test_an_interrupted_fixpoint_keeps_no_partial_results() -> None:
    fixpoint, budget, state = fixpoint_at("list")
    budget.limits = Limits(call_work=1)
    with pytest.raises(LimitError), budget.call("mask"):
        fixpoint.sizes(state)
    assert not fixpoint.known
    assert fixpoint.sizes(state) == fixpoint_at("list")[0].sizes(state)
