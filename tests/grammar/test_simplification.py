"""Branches with the same remaining meaning become equal once the names that distinguish them have passed."""

from __future__ import annotations

from schemalm.grammar.obligation import must_hold
from schemalm.grammar.simplification import ObligationSimplifier
from schemalm.grammar.states import KeyOrder, Object
from schemalm.schema.assertions import KindIs
from schemalm.schema.formula import FALSE, TRUE, And, ExactlyOne, Formula, Not, Or
from schemalm.schema.keywords.objects import Has, Members

STRING = KindIs(("string",), True)
ORDER = KeyOrder(("a", "b", "c"), {"a": 0, "b": 1, "c": 2})


def residual(formula: Formula, position: int) -> Formula:
    return ObligationSimplifier().simplified(Object(must_hold(formula), ORDER, position)).formulas[0]


def members(*names: str, rest: Formula = TRUE) -> Members:
    return Members(tuple((name, STRING) for name in names), (), rest)


def test_branches_that_nothing_can_break_are_true() -> None:
    formula = ExactlyOne(members("a"), And(Has("c"), members("c")))
    assert residual(formula, 1) == Not(And(Has("c"), members("c")))
    assert residual(formula, 0) == formula


def test_names_that_have_passed_are_removed_from_branches() -> None:
    assert residual(Or(members("a", "c", rest=FALSE), Has("b")), 1) == Or(members("c", rest=FALSE), Has("b"))


def test_what_must_hold_is_removed_only_as_a_whole() -> None:
    formula = And(members("a", "b"), members("c"), Has("c"))
    assert residual(formula, 1) == formula
    assert residual(formula, 2) == And(members("c"), Has("c"))


def test_without_free_keys_nothing_is_left_after_the_last_name() -> None:
    formula = And(members("a", rest=FALSE), Or(members("b", rest=STRING), Has("c")))
    assert residual(formula, 3) == members("a", rest=FALSE)
    assert residual(formula, 2) == And(members("a", rest=FALSE), Or(members(rest=STRING), Has("c")))


def test_equal_conjunctions_in_different_orders_are_one() -> None:
    simplifier = ObligationSimplifier()
    ways = [And(Has("b"), Or(members("c"), Has("c"))), And(Or(members("c"), Has("c")), Has("b"))]
    first, second = (simplifier.simplified(Object(must_hold(way), ORDER, 0)).formulas[0] for way in ways)
    assert ways[0] != ways[1]
    assert first == second
