"""Estimates: lower bounds, likely ways to make a formula true, and the keys that can affect it."""

from __future__ import annotations

from schemalm.grammar.estimates import UNREACHABLE, Estimates
from schemalm.schema.assertions import KindIs, Reference
from schemalm.schema.formula import FALSE, TRUE, And, ExactlyOne, Not, Or, Question
from schemalm.schema.keywords.arrays import Contains, MaxItems, MinItems
from schemalm.schema.keywords.objects import Has, MaxProperties, Members, MinProperties, PropertyNames

A, B, C = Has("a"), Has("b"), Has("c")
STRING = KindIs(("string",), True)
ESTIMATES = Estimates()


def test_required_keys_take_two_symbols_each() -> None:
    assert ESTIMATES.lower_bound(And(A, B, C)) == 6
    assert ESTIMATES.lower_bound(And(A, MinProperties(4))) == 8
    assert ESTIMATES.lower_bound(Or(And(A, B), C)) == 2
    assert ESTIMATES.lower_bound(ExactlyOne(And(A, B), C)) == 2


def test_counts_take_that_many_members() -> None:
    assert ESTIMATES.lower_bound(MinItems(3)) == 6
    assert ESTIMATES.lower_bound(Contains(STRING, 2, None)) == 4
    assert ESTIMATES.lower_bound(Not(MaxItems(3))) == ESTIMATES.lower_bound(Not(MaxProperties(3))) == 8


def test_a_false_formula_cannot_become_true() -> None:
    assert ESTIMATES.lower_bound(FALSE) == ESTIMATES.lower_bound(Not(TRUE)) == UNREACHABLE
    assert ESTIMATES.lower_bound(TRUE) == ESTIMATES.lower_bound(Not(A)) == 0


def test_a_plan_takes_the_branch_that_needs_least() -> None:
    assert ESTIMATES.plan(Or(And(A, B), C)).names == {"c"}
    assert ESTIMATES.plan(And(A, Or(And(A, B), C))).names == {"a", "c"}
    assert ESTIMATES.plan(ExactlyOne(And(A, B), C)).names == {"c"}


def test_a_plan_breaks_members_that_are_written_here() -> None:
    members = Members((("far", Reference("#/far")), ("near", STRING)), (), TRUE)
    assert ESTIMATES.plan(Not(members)).names == {"near"}


def test_a_plan_names_the_answers_it_needs() -> None:
    assert ESTIMATES.plan(And(Question(1), Not(Question(2)))).answers == {(1, True), (2, False)}


def test_only_required_keys_are_relevant() -> None:
    closed = Members((("a", STRING),), (), FALSE)
    assert ESTIMATES.relevance(And(A, closed, MaxProperties(3), PropertyNames(STRING))).names == {"a"}
    assert not ESTIMATES.relevance(And(A, closed)).any_key
    assert ESTIMATES.relevance(Not(Members((("a", STRING), ("b", TRUE)), (), TRUE))).names == {"a"}


def test_counts_and_broken_names_make_every_key_relevant() -> None:
    for formula in (MinProperties(2), Not(MaxProperties(2)), Not(PropertyNames(STRING)), Not(Members((), (), STRING))):
        assert ESTIMATES.relevance(formula).any_key
