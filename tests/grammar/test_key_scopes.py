"""A key changes only the formulas about it, and a missing name makes the formulas that require it false."""

from __future__ import annotations

from schemalm.grammar.key_scopes import MAX_SCOPED_PARTS, KeyScopes
from schemalm.grammar.obligation import must_hold
from schemalm.limits import Budget, Limits
from schemalm.schema.assertions import KindIs
from schemalm.schema.formula import FALSE, TRUE, And, Formula, Or
from schemalm.schema.keywords.objects import Has, MaxProperties, Members

STRING = KindIs(("string",), True)
A, B, C = Has("a"), Has("b"), Has("c")


def concern(name: str, formula: Formula) -> bool:
    return KeyScopes(Budget(Limits())).concern(name, formula)


def without(formula: Formula, *names: str) -> Formula:
    return KeyScopes(Budget(Limits())).without(must_hold(formula), names).formulas[0]


def test_a_key_changes_formulas_about_it() -> None:
    branch = And(A, Members((("b", STRING),), (), TRUE))
    assert concern("a", branch)
    assert concern("b", branch)
    assert not concern("c", branch)


def test_any_key_changes_formulas_that_count_keys_or_close_an_object() -> None:
    assert concern("c", Or(A, MaxProperties(2)))
    assert concern("c", Members((("a", STRING),), (), FALSE))


def test_formulas_with_many_parts_are_visited_for_every_key() -> None:
    parts = [Has(f"k{number}") for number in range(MAX_SCOPED_PARTS + 1)]
    assert concern("c", Or(*parts))
    assert not concern("c", Or(*parts[1:]))


def test_without_a_name_formulas_that_require_it_are_false() -> None:
    assert without(Or(And(A, B), C), "a") == C
    assert without(Or(And(A, B), C), "a", "c") == FALSE
    assert without(And(A, B), "c") == And(A, B)
