"""Formulas are restricted to one kind, and those about strings, keys and numbers become languages."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.limits import Budget, Limits
from schemalm.regular.automaton import DEAD
from schemalm.regular.language import ANY_CHARACTER, ANY_TEXT, EVERYTHING, NOTHING, repeat
from schemalm.regular.numbers import text_of_number
from schemalm.schema.assertions import KINDS, Is, KindIs, Reference, of_kind
from schemalm.schema.formula import FALSE, TRUE, Formula, all_of, any_of, exactly_one, negate
from schemalm.schema.keywords.arrays import MinItems
from schemalm.schema.keywords.numbers import Maximum, Minimum, MultipleOf, NumberIn
from schemalm.schema.keywords.objects import Has
from schemalm.schema.keywords.strings import Format, MaxLength, MinLength, Pattern, StringIn
from schemalm.schema.patterns import Patterns
from schemalm.schema.shapes import Shapes

DEFINITIONS: dict[str, Formula] = {
    "/n": any_of([of_kind("string"), all_of([of_kind("array"), Reference("/m")])]),
    "/m": MinItems(2),
}
LIMITS = Limits()


@pytest.fixture
def shapes() -> Shapes:
    return Shapes(DEFINITIONS.__getitem__, Patterns(LIMITS), Budget(LIMITS))


def test_assertions_about_other_kinds_are_true(shapes: Shapes) -> None:
    formula = all_of([MinLength(2), Has("a"), MinItems(1), Minimum(3, False)])
    expected = {"string": MinLength(2), "object": Has("a"), "array": MinItems(1), "number": Minimum(3, False)}
    for kind in KINDS:
        assert shapes.restrict(formula, kind) == expected.get(kind, TRUE)


def test_a_type_is_decided_by_the_kind(shapes: Shapes) -> None:
    types = KindIs(("integer", "null", "string"), True)
    assert [shapes.restrict(types, kind) for kind in ("null", "string", "array")] == [TRUE, TRUE, FALSE]
    assert shapes.restrict(types, "number") == types.integer
    assert shapes.restrict(KindIs(("integer", "number"), True), "number") == TRUE


def test_a_constant_is_of_its_kind_alone(shapes: Shapes) -> None:
    assert shapes.restrict(Is("true"), "boolean") == Is("true")
    assert shapes.restrict(Is("true"), "string") == FALSE
    assert shapes.restrict(negate(Is("null")), "object") == TRUE


def test_references_are_resolved(shapes: Shapes) -> None:
    assert shapes.restrict(Reference("/n"), "string") == TRUE
    assert shapes.restrict(Reference("/n"), "array") == MinItems(2)
    assert shapes.restrict(Reference("/n"), "object") == FALSE


TEXTS = ("", "a", "b", "ab", "abc", "é", "𝄞𝄞", "2024-02-29", "2023-02-29", "x" * 40)
string_leaves = st.sampled_from(
    [
        (MinLength(1), {"minLength": 1}),
        (MinLength(3), {"minLength": 3}),
        (MaxLength(2), {"maxLength": 2}),
        (MaxLength(0), {"maxLength": 0}),
        (Pattern("a"), {"pattern": "a"}),
        (Pattern("^[ab]*$"), {"pattern": "^[ab]*$"}),
        (Format("date", 5), {"format": "date"}),
        (StringIn(("a", "é", "abc")), {"enum": ["a", "é", "abc"]}),
        (TRUE, {}),
        (FALSE, {"not": {}}),
    ]
)
NUMBERS = (0, 1, -1, 2, 3, 1.0, 0.5, -0.0, 2.5, 10, 1e16, 10**20)
number_leaves = st.sampled_from(
    [
        (Minimum(1, False), {"minimum": 1}),
        (Maximum(2, True), {"exclusiveMaximum": 2}),
        (KindIs(("integer",), True).integer, {"type": "integer"}),
        (MultipleOf(2), {"multipleOf": 2}),
        (NumberIn(("1", "1.0", "0.5")), {"enum": [1, 0.5]}),
        (TRUE, {}),
    ]
)
Pair = tuple[Formula, Any]


def _grown(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    several = st.lists(inner, min_size=1, max_size=3)
    makers = {"allOf": all_of, "anyOf": any_of, "oneOf": exactly_one}
    return st.one_of(
        inner.map(lambda pair: (negate(pair[0]), {"not": pair[1]})),
        *(
            several.map(lambda pairs, key=key, make=make: (make(p[0] for p in pairs), {key: [p[1] for p in pairs]}))
            for key, make in makers.items()
        ),
    )


SHARED = Shapes(DEFINITIONS.__getitem__, Patterns(LIMITS), Budget(LIMITS))


@settings(max_examples=150)
@given(st.recursive(string_leaves, _grown, max_leaves=6))
def test_the_language_of_a_formula_over_strings_agrees_with_a_validator(pair: Pair) -> None:
    formula, schema = pair
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    language = SHARED.language(formula, "string")
    state = SHARED.text_start((formula,), "string")
    for text in TEXTS:
        expected = validator.is_valid(text)
        assert SHARED.strings.contains(language, text) == expected
        assert SHARED.strings.holds(formula, text) == expected
        end = SHARED.automaton.run(text.encode(), state) if state != DEAD else DEAD
        assert (end != DEAD and SHARED.automaton.outcome(end) == 1) == expected


@settings(max_examples=80)
@given(st.recursive(number_leaves, _grown, max_leaves=5))
def test_the_language_of_a_formula_over_numbers_agrees_with_a_validator(pair: Pair) -> None:
    formula, schema = pair
    validator = jsonschema_rs.validator_for(schema)
    for number in NUMBERS:
        state = SHARED.text_start((formula,), "number")
        end = SHARED.automaton.run(text_of_number(number).encode(), state) if state != DEAD else DEAD
        assert (end != DEAD and SHARED.automaton.outcome(end) == 1) == validator.is_valid(number)


def language(shapes: Shapes, *parts: Formula) -> Any:
    return shapes.language(all_of(parts), "string")


def test_lengths_alone_are_one_counter(shapes: Shapes) -> None:
    assert language(shapes, MinLength(2), MaxLength(10**9), MinLength(1)) == repeat(ANY_CHARACTER, 2, 10**9)
    assert language(shapes, MinLength(3), MaxLength(2)) == NOTHING
    assert shapes.language(TRUE, "string") == ANY_TEXT


def test_implied_lengths_cost_nothing(shapes: Shapes) -> None:
    digits = language(shapes, Pattern("^[0-9]{4}$"))
    assert language(shapes, Pattern("^[0-9]{4}$"), MinLength(2), MaxLength(10**6)) == digits
    assert language(shapes, Format("uuid", 5), MaxLength(36)) == language(shapes, Format("uuid", 5))
    assert language(shapes, StringIn(("a", "bc")), MaxLength(2)).is_plain


def test_lengths_of_one_repeated_character_become_its_count(shapes: Shapes) -> None:
    assert language(shapes, Pattern("^[a-z]*$"), MaxLength(10**6)).is_plain
    assert language(shapes, Pattern("^[a-z]+$"), MinLength(3), MaxLength(5)) == language(
        shapes, Pattern("^[a-z]{3,5}$")
    )


def test_keys_are_all_texts_but_the_names(shapes: Shapes) -> None:
    state = shapes.key_start((Pattern("^a"),), ("a", "é"))
    outcomes = {}
    for key in ("a", "é", "ab", "b", ""):
        outcomes[key] = shapes.automaton.outcome(shapes.automaton.run(key.encode(), state))
    assert outcomes == {"a": 0, "é": 0, "ab": 3, "b": 1, "": 1}


def test_a_pattern_with_few_texts_is_a_list_of_names(shapes: Shapes) -> None:
    assert sorted(shapes.finite_keys(Pattern("^(a|bc?)$"))) == ["a", "b", "bc"]
    assert shapes.finite_keys(Pattern("^a")) == []
    assert shapes.finite_keys(MinLength(1)) == []
    few = Patterns(Limits(finite_pattern_keys=2))
    assert few.finite_texts("^(a|b|c)$") == []
    assert sorted(few.finite_texts("^(a|b)$")) == ["a", "b"]


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_no_language_contains_an_invalid_text(shapes: Shapes, text: str) -> None:
    assert not shapes.strings.contains(ANY_TEXT, text)
    assert not shapes.strings.holds(Pattern(""), text)
    assert EVERYTHING != ANY_TEXT


def test_states_of_equal_formulas_are_shared(shapes: Shapes) -> None:
    first = shapes.text_start((all_of([Pattern("a"), MinLength(1)]),), "string")
    assert first == shapes.text_start((all_of([MinLength(1), Pattern("a")]),), "string")
