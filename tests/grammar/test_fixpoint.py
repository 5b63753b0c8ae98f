"""The exact answer: which outcomes states can end with, where they lead back to themselves or nowhere."""

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
    """A fixpoint that is told of no short ways, its budget, and the state of a definition."""
    schema: Any = {"$defs": DEFINITIONS, "properties": {key: {"$ref": f"#/$defs/{key}"} for key in DEFINITIONS}}
    grammar = compile_schema(schema)
    goals, budget, _ = goals_of(grammar)
    state = goals.space.value(must_hold(grammar.resolve(f"/$defs/{name}")))
    assert state is not None
    return Fixpoint(goals, budget, lambda goal: None), budget, state


def judged(state: State, *formulas: Formula) -> Object:
    """An object of which it is asked, besides, whether some formulas hold."""
    assert isinstance(state, Object)
    return replace(state, obligation=Obligation((TRUE, *formulas), Question(0)))


def test_what_leads_back_to_itself_can_end_where_there_is_a_way_out() -> None:
    fixpoint, _, state = fixpoint_at("list")
    # The key, what the value is, null or another list, and the end.
    assert fixpoint.sizes(state).keys() == {1}
    assert fixpoint.sizes(state)[1] >= 3


def test_what_needs_itself_cannot_end() -> None:
    fixpoint, _, state = fixpoint_at("endless")
    assert fixpoint.sizes(state) == {}


def test_outcomes_on_few_formulas_are_found_together() -> None:
    fixpoint, _, state = fixpoint_at("list")
    assert isinstance(state, Object)
    both = judged(state, state.obligation.formulas[0])
    assert is_solved_jointly(both)
    assert fixpoint.sizes(both).keys() == {0b01, 0b11}


def test_outcomes_on_many_formulas_are_followed_one_by_one() -> None:
    _, _, state = fixpoint_at("list")
    assert isinstance(state, Object)
    formula = state.obligation.formulas[0]
    assert is_solved_jointly(judged(state, *[formula] * MAX_JOINT_FORMULAS))
    assert not is_solved_jointly(judged(state, *[formula] * (MAX_JOINT_FORMULAS + 1)))
    assert not is_solved_jointly(judged(state, TRUE)), "what is known is no question"


def test_what_was_found_is_known_for_good() -> None:
    fixpoint, budget, state = fixpoint_at("list")
    found = fixpoint.sizes(state)
    num_units = budget.num_units
    assert fixpoint.sizes(state) is found
    assert budget.num_units == num_units


def test_an_interrupted_fixpoint_leaves_nothing_half_known() -> None:
    fixpoint, budget, state = fixpoint_at("list")
    budget.limits = Limits(call_work=1)
    with pytest.raises(LimitError), budget.call("mask"):
        fixpoint.sizes(state)
    assert not fixpoint.known
    assert fixpoint.sizes(state) == fixpoint_at("list")[0].sizes(state)
