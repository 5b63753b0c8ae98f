"""A prompt requires what it states, and leaves open what `...` opens."""

from __future__ import annotations

from typing import Any

import pytest
from tests.schema.keywords.test_objects_and_arrays import judging, never

from schemalm.documents.partial import ANYTHING, Exactly, NumberLike, OneOf, PartialObject, TextLike, partial_of
from schemalm.schema.assertions import Is
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, child_has, negate
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.strings import Pattern
from schemalm.schema.prompt import (
    HasKeyLike,
    NumberBegins,
    Prompt,
    StatedItems,
    StatedKeys,
    StringIs,
    StringLike,
    formula_of,
    stated_items,
    stated_keys,
)

A, B = Pattern("a"), Pattern("b")


ONE = Prompt("number", NumberIn(("1",)), True)


@pytest.mark.parametrize(
    ("prompt", "kind", "formula"),
    [
        (None, "null", Is("null")),
        (None, "boolean", FALSE),
        (1, "number", NumberIn(("1",))),
        ("a", "string", StringIs("a")),
        ("a", "number", FALSE),
        ([], "array", StatedItems(())),
        ({}, "object", StatedKeys((), "none")),
        ([1, ...], "array", StatedItems((ONE, None))),
        ({"a": 1, ...: ...}, "object", StatedKeys((("a", ONE),), "any")),
        ({"a": ...}, "object", StatedKeys((("a", TRUE),), "none")),
    ],
)
def test_a_prompt_requires_what_it_states(prompt: Any, kind: str, formula: Formula) -> None:
    stated = formula_of(partial_of(prompt))
    assert isinstance(stated, Prompt)
    assert stated.of_kind(kind) == formula
    assert stated.unrestricted() == TRUE


def test_anything_and_choices_are_formulas() -> None:
    assert formula_of(ANYTHING) == TRUE
    assert formula_of(OneOf((Exactly(1), Exactly("a")))) == any_of([ONE, Prompt("string", StringIs("a"), True)])
    assert formula_of(NumberLike("1.")) == Prompt("number", NumberBegins("1."), False)


@pytest.mark.parametrize(
    ("value", "is_exact"),
    [(1, True), ("a", True), ({}, True), ({"a": [1, {"b": None}]}, True), ({"a": ...}, False), ([1, ...], False)],
)
def test_a_prompt_is_exact_if_one_value_alone_satisfies_it(value: Any, is_exact: bool) -> None:
    stated = formula_of(partial_of(value))
    assert isinstance(stated, Prompt)
    assert stated.is_exact == is_exact


def test_stated_keys_are_taken_by_name_or_in_order() -> None:
    keys = StatedKeys((("x", A), ("y", B)), "any")
    assert keys.key_formulas() == (StringIs("x"),)
    assert keys.at_key("y", never) == all_of([child_has(B), StatedKeys((("x", A),), "any")])
    assert keys.at_key("z", never) == keys
    assert keys.at_key(None, judging(StringIs("x"))) == all_of([child_has(A), StatedKeys((("y", B),), "any")])
    assert keys.at_key(None, judging()) == FALSE
    assert not keys.holds_at_end
    assert stated_keys(()) == TRUE


def test_closed_keys_admit_no_other_key() -> None:
    keys = StatedKeys((("x", A),), "none")
    assert keys.at_key("z", never) == FALSE
    nothing_left = StatedKeys((), "none")
    assert keys.at_key("x", never) == all_of([child_has(A), nothing_left])
    assert nothing_left.holds_at_end
    assert nothing_left.key_formulas() == ()
    assert nothing_left.at_key("z", never) == nothing_left.at_key(None, never) == FALSE


def test_other_named_keys_may_have_to_come_last() -> None:
    stated = formula_of(PartialObject((("x", ANYTHING),), is_open=True, others_last=True))
    keys = StatedKeys((("x", TRUE),), "last")
    assert stated == Prompt("object", keys, False)
    assert keys.at_key("z", never) == FALSE
    assert keys.at_key("x", never) == TRUE


def test_a_key_may_be_asked_for_by_its_beginning() -> None:
    stated = formula_of(PartialObject((("nab", ANYTHING),), is_open=True, next_key=TextLike("na")))
    like = all_of([StringLike("na", TextLike("").rest, None), negate(StringIs("nab"))])
    assert stated == Prompt("object", all_of([stated_keys((("nab", TRUE),)), HasKeyLike(like)]), False)
    wanted = HasKeyLike(like)
    assert not wanted.holds_at_end
    assert wanted.at_key("name", judging(like)) == TRUE
    assert wanted.at_key("on", judging()) == wanted


def test_items_after_an_opening_may_be_the_next_stated_one() -> None:
    items = StatedItems((A, None, B))
    assert items.num_needed == 2
    assert not items.holds_at_end
    after = StatedItems((None, B))
    assert items.at_item() == all_of([child_has(A), after])
    assert after.at_item() == any_of([after, all_of([child_has(B), StatedItems(())])])
    assert StatedItems(()).at_item() == FALSE
    assert StatedItems((None,)).at_item() == StatedItems((None,))
    assert stated_items((None, None, A)) == StatedItems((None, A))
