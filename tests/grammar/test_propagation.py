"""What must hold simplifies the branches beside it."""

from __future__ import annotations

from schemalm.grammar.propagation import propagated
from schemalm.schema.assertions import KindIs
from schemalm.schema.formula import FALSE, And, ExactlyOne, Not, Or
from schemalm.schema.keywords.arrays import Contains, MaxItems, MinItems
from schemalm.schema.keywords.objects import Has, MaxProperties, MinProperties

A, B, C = Has("a"), Has("b"), Has("c")
SOME = Contains(KindIs(("string",), True), 1, None)


def test_a_branch_that_contradicts_what_must_hold_is_removed() -> None:
    assert propagated(And(Not(A), Or(And(A, B), C))) == And(Not(A), C)


def test_what_must_hold_is_removed_from_branches() -> None:
    assert propagated(And(A, Or(And(A, B), C))) == And(A, Or(B, C))


def test_new_facts_propagate_further() -> None:
    assert propagated(And(Not(A), Or(A, B), Or(Not(B), C))) == And(Not(A), B, C)


def test_bounds_on_items_follow_from_others() -> None:
    formula = And(Not(MaxItems(9)), ExactlyOne(And(SOME, MaxItems(9)), And(SOME, MaxItems(7))))
    assert propagated(formula) == FALSE
    assert propagated(And(MinItems(3), Or(And(MinItems(2), SOME), MaxItems(2)))) == And(MinItems(3), SOME)
    assert propagated(And(MinItems(3), MaxItems(2), Or(SOME, MinItems(5)))) == FALSE


def test_bounds_on_keys_follow_from_others() -> None:
    assert propagated(And(MaxProperties(2), Or(MinProperties(3), A))) == And(MaxProperties(2), A)
    assert propagated(And(MinProperties(2), Or(Not(MaxProperties(1)), A))) == MinProperties(2)


def test_contained_items_are_at_most_all_items() -> None:
    few, many = (Contains(KindIs(("string",), True), least, 9) for least in (0, 5))
    assert propagated(And(MaxItems(9), ExactlyOne(few, SOME))) == And(MaxItems(9), Not(SOME))
    assert propagated(And(MaxItems(4), Or(many, SOME))) == And(MaxItems(4), SOME)
