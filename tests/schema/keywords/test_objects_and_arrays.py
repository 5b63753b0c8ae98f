"""Assertions about objects and arrays change from child to child as their keywords say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.schema.assertions import Assertion, Is, KeyTest, kind_of, of_kind
from schemalm.schema.formula import (
    FALSE,
    TRUE,
    Atom,
    Constant,
    Formula,
    all_of,
    any_of,
    atoms,
    child_has,
    negate,
    substitute,
)
from schemalm.schema.keywords.arrays import ArrayAssertion, Contains, Items, MaxItems, MinItems, Unique, contains, items
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.objects import Has, MaxProperties, Members, MinProperties, ObjectAssertion, PropertyNames
from schemalm.schema.keywords.strings import Pattern, StringIn
from schemalm.schema.keywords.values import equals, one_of_values

A, B, C = Pattern("a"), Pattern("b"), Pattern("c")
STRING, NUMBER = of_kind("string"), of_kind("number")


def never(formula: Formula) -> bool:
    raise AssertionError("the key need not be judged")


def judging(*true: Formula) -> KeyTest:
    return lambda formula: formula in true


def test_a_required_key_is_fulfilled_by_its_name_alone() -> None:
    assert Has("x").at_key("x", never) == TRUE
    assert Has("x").at_key("y", never) == Has("x")
    assert Has("x").at_key(None, never) == Has("x")
    assert not Has("x").holds_at_end


def test_a_member_needs_every_shape_of_its_name_and_patterns() -> None:
    members = Members((("x", STRING), ("y", NUMBER)), ((A, B), (C, STRING)), FALSE)
    assert members.names == ("x", "y")
    assert members.key_formulas() == (A, C)
    assert members.shape("x", judging()) == STRING
    assert members.shape("x", judging(A)) == all_of([STRING, B])
    assert members.shape(None, judging(A, C)) == all_of([B, STRING])
    assert members.shape(None, judging()) == FALSE
    assert members.at_key("y", judging()) == all_of([child_has(NUMBER), members])
    assert members.at_key(None, judging()) == FALSE
    assert members.holds_at_end


def test_property_names_tests_every_key() -> None:
    names = PropertyNames(A)
    assert names.key_formulas() == (A,)
    assert names.at_key("x", judging(A)) == names
    assert names.at_key(None, judging()) == FALSE


@pytest.mark.parametrize("make", [MinProperties, MinItems])
def test_a_minimum_count_becomes_true_once_it_is_reached(make: Callable[[int], Assertion]) -> None:
    assertion: Formula = make(3)
    for left in (2, 1):
        assertion = moved(assertion)
        assert assertion == make(left)
    assert moved(assertion) == TRUE
    assert not make(1).holds_at_end


@pytest.mark.parametrize("make", [MaxProperties, MaxItems])
def test_a_maximum_count_becomes_false_once_it_is_exceeded(make: Callable[[int], Assertion]) -> None:
    assert moved(make(2)) == make(1)
    assert moved(make(1)) == make(0)
    assert moved(make(0)) == FALSE
    assert make(0).holds_at_end


def moved(assertion: Formula) -> Formula:
    """An assertion after one more child."""
    if isinstance(assertion, ObjectAssertion):
        return assertion.at_key(None, never)
    assert isinstance(assertion, ArrayAssertion)
    return assertion.at_item()


def test_items_have_shapes_by_position() -> None:
    listed = items((A, B), C)
    assert isinstance(listed, Items)
    assert (listed.first, listed.after) == (A, items((B,), C))
    assert listed.at_item() == all_of([child_has(A), items((B,), C)])
    rest = items((), C)
    assert isinstance(rest, Items)
    assert (rest.first, rest.after) == (C, rest)


def test_positions_with_the_shape_of_the_rest_are_dropped() -> None:
    assert items((A, B, B), B) == items((A,), B)
    assert items((TRUE,), TRUE) == TRUE
    assert items((A, TRUE), TRUE) == Items((A,), TRUE)
    after_last = Items((A,), TRUE).at_item()
    assert after_last == child_has(A)


def test_contains_counts_the_items_of_the_shape() -> None:
    two = contains(A, 2, 3)
    assert isinstance(two, Contains)
    assert two.at_item() == any_of([all_of([child_has(A), contains(A, 1, 2)]), all_of([negate(child_has(A)), two])])
    assert not two.holds_at_end
    assert Contains(A, 0, 1).holds_at_end


def test_a_decided_contains_is_a_constant() -> None:
    assert contains(A, 0, None) == contains(A, -1, None) == TRUE
    assert contains(A, 2, 1) == contains(A, 0, -1) == FALSE
    assert contains(A, -1, 2) == Contains(A, 0, 2)


def test_unique_items_stay_unique() -> None:
    first, second, later = Unique(0).at_item(), Unique(1).at_item(), Unique(2).at_item()
    assert (first, second, later) == (Unique(1), Unique(2), Unique(2))
    assert Unique(2).holds_at_end
    assert [Unique(count).may_be_broken for count in (0, 1, 2)] == [False, False, True]


CONSTANTS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 1.0, -1, 0.5, 1e300, 10**20, "", "a", "é", [], [[]], [1], [1, "a"]),
    *({}, {"a": 1}, {"a": 1, "b": []}, {"b": [], "a": 1.0}, {"a": {"a": {}}}, {"a": None}),
)


def holds(formula: Formula, value: Any) -> bool:
    """Whether a value has a shape of constants, by stepping through it as the grammar does."""
    kind = kind_of(value)

    def atom_holds(atom: Atom) -> Formula:
        assert isinstance(atom, Assertion)
        return TRUE if assertion_holds(atom, kind, value) else FALSE

    return substitute(formula, atom_holds) == TRUE


def assertion_holds(atom: Assertion, kind: str, value: Any) -> bool:
    if atom.kind is None:
        return (
            value is {"null": None, "true": True, "false": False}[atom.parts[0]]
            if isinstance(atom, Is)
            else kind in atom.parts[0]
        )
    if atom.kind != kind:
        return True
    if isinstance(atom, StringIn):
        return value in atom.texts
    if isinstance(atom, NumberIn):
        return repr(value) in atom.texts
    rest: Formula = atom
    for child in value.items() if kind == "object" else value:
        rest = substitute(rest, lambda part, child=child: _after(part, child))
    return substitute(rest, lambda part: TRUE if isinstance(part, Assertion) and part.holds_at_end else FALSE) == TRUE


def _after(part: Atom, child: Any) -> Formula:
    if isinstance(part, ObjectAssertion):
        name, inner = child
        after = part.at_key(name, never)
    else:
        assert isinstance(part, ArrayAssertion)
        inner, after = child, part.at_item()

    def answer(atom: Atom) -> Formula:
        if isinstance(atom, Assertion):
            return atom
        shape: Formula = atom.parts[0]
        return TRUE if holds(shape, inner) else FALSE

    return substitute(after, answer)


@pytest.mark.parametrize("constant", CONSTANTS, ids=repr)
def test_the_shape_of_a_constant_accepts_only_equal_values(constant: Any) -> None:
    validator = jsonschema_rs.validator_for({"const": constant})
    assert [holds(equals(constant), value) for value in CONSTANTS] == [validator.is_valid(value) for value in CONSTANTS]


@given(st.lists(st.sampled_from(CONSTANTS), max_size=4))
def test_the_shape_of_an_enum_accepts_only_values_equal_to_its_members(listed: list[Any]) -> None:
    shape = one_of_values(listed)
    for value in CONSTANTS:
        same = any(jsonschema_rs.is_valid({"const": constant}, value) for constant in listed)
        assert holds(shape, value) == same


def test_the_strings_of_an_enum_are_one_assertion() -> None:
    shape = one_of_values(["a", 1, "b", 2.0, "a", None])
    assert sorted(type(atom).__name__ for atom in atoms([shape])) == ["Is", "KindIs", "KindIs", "NumberIn", "StringIn"]
    assert StringIn(("a", "b")) in atoms([shape])


def test_a_constant_needs_no_question_about_the_child() -> None:
    assert Members((), (), TRUE).at_key(None, never) == Members((), (), TRUE)
    assert isinstance(child_has(TRUE), Constant)
