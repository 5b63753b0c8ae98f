"""A prompt requires what it states, and leaves the rest open."""

from __future__ import annotations

import pytest
from tests.schema.keywords.test_objects_and_arrays import judging, never

from schemalm.schema.assertions import Is
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, child_has
from schemalm.schema.keywords.arrays import Items, MinItems
from schemalm.schema.keywords.numbers import NumberIn
from schemalm.schema.keywords.strings import Pattern
from schemalm.schema.prompt import Prompt, StatedKeys, StringIs, stated_keys

A, B = Pattern("a"), Pattern("b")


@pytest.mark.parametrize(
    ("prompt", "kind", "shape"),
    [
        ("null", "null", Is("null")),
        ("null", "boolean", FALSE),
        ("1", "number", NumberIn(("1",))),
        ('"a"', "string", StringIs("a")),
        ('"a"', "number", FALSE),
        ("[]", "array", TRUE),
        ("{}", "object", TRUE),
        ("[1]", "array", all_of([Items((Prompt("1"),), TRUE), MinItems(1)])),
        ('{"a": 1}', "object", StatedKeys((("a", Prompt("1")),))),
    ],
)
def test_a_prompt_requires_what_it_states(prompt: str, kind: str, shape: Formula) -> None:
    assert Prompt(prompt).of_kind(kind) == shape


def test_stated_keys_are_taken_by_name_or_in_order() -> None:
    keys = StatedKeys((("x", A), ("y", B)))
    assert keys.key_formulas() == (StringIs("x"),)
    assert keys.at_key("y", never) == all_of([child_has(B), StatedKeys((("x", A),))])
    assert keys.at_key("z", never) == keys
    assert keys.at_key(None, judging(StringIs("x"))) == all_of([child_has(A), StatedKeys((("y", B),))])
    assert keys.at_key(None, judging()) == FALSE
    assert not keys.holds_at_end
    assert stated_keys(()) == TRUE
