"""Types of expressions: what fits where, and what a joined value is."""

from __future__ import annotations

import pytest

from schemalm.rules.expressions.types import (
    ANY,
    BOOLEAN,
    EITHER,
    NULL,
    NUMBER,
    SOME_OBJECT,
    STRING,
    TEXT,
    Array,
    Named,
    Names,
    Object,
    Type,
    assignable,
    fits,
    joined,
    resolved,
)


@pytest.mark.parametrize(
    ("found", "expected", "as_argument", "as_whole"),
    [
        (ANY, STRING, True, True),
        (STRING, ANY, True, True),
        (NUMBER, STRING, True, False),
        (BOOLEAN, STRING, False, False),
        (STRING, NUMBER, False, False),
        (Object(), BOOLEAN, True, False),
        (BOOLEAN, TEXT, False, True),
        (NULL, TEXT, False, False),
        (Names("job", ANY), Object(), True, True),
        (Object((("a", STRING),), ANY), Object(values=STRING), True, True),
        (Object((("a", Object()),)), Object(values=STRING), False, False),
        (Object((("a", Object()),)), Object(values=ANY), True, True),
        (Object(), Object(values=STRING), False, False),
        (Object((("a", ANY),)), Object((("a", ANY), ("b", ANY))), True, True),
        (Object((("c", ANY),)), Object((("a", ANY),)), False, False),
        (Object(values=ANY), Object((("a", ANY),)), False, False),
        (Names("job", ANY), Object((("a", ANY),)), False, False),
        (Array(STRING), Array(STRING), True, True),
        (Array(NULL), Array(STRING), False, True),
        (EITHER, NUMBER, True, True),
    ],
)
def test_what_fits(found: Type, expected: Type, as_argument: bool, as_whole: bool) -> None:
    if expected != TEXT:
        assert assignable(found, expected) == as_argument
    assert fits(found, expected) == as_whole


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        (STRING, NUMBER, STRING),
        (BOOLEAN, STRING, STRING),
        (NUMBER, BOOLEAN, EITHER),
        (EITHER, STRING, STRING),
        (EITHER, NULL, ANY),
        (NULL, STRING, ANY),
        (NULL, NULL, NULL),
        (Object((("a", ANY),)), Names("job", ANY), SOME_OBJECT),
        (SOME_OBJECT, STRING, ANY),
        (Array(ANY), Array(STRING), Array(ANY)),
    ],
)
def test_joined_types(first: Type, second: Type, result: Type) -> None:
    assert joined(first, second) == result
    assert joined(second, first) == result


def test_named_types_are_resolved() -> None:
    assert resolved(Named("a"), {"a": Named("b"), "b": STRING}) == STRING
    with pytest.raises(KeyError):
        resolved(Named("x"), {})
