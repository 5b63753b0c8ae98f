"""Values with `...` in them state what stands beside it, and leave the rest open."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.documents.partial import (
    ANYTHING,
    MORE,
    Exactly,
    Partial,
    PartialArray,
    PartialObject,
    TextLike,
    opened,
    partial_of,
)
from schemalm.errors import PromptError


@pytest.mark.parametrize(
    ("value", "partial"),
    [
        (..., ANYTHING),
        (None, Exactly(None)),
        ([1, ..., "a"], PartialArray((Exactly(1), MORE, Exactly("a")))),
        ({"a": {}}, PartialObject((("a", PartialObject(())),))),
        ({"a": ..., ...: ...}, PartialObject((("a", ANYTHING),), is_open=True)),
        ({"a": 1, ...: None}, PartialObject((("a", Exactly(1)),), is_open=True)),
        ({...: False}, PartialObject(())),
    ],
)
def test_what_is_stated_is_closed_and_an_ellipsis_opens(value: Any, partial: Partial) -> None:
    assert partial_of(value) == partial


def test_only_the_outermost_container_is_opened_and_only_if_it_does_not_say_otherwise() -> None:
    assert partial_of({"a": {}}, is_open=True) == PartialObject((("a", PartialObject(())),), is_open=True)
    assert partial_of({"a": 1, ...: False}, is_open=True) == PartialObject((("a", Exactly(1)),))
    assert partial_of([[]], is_open=True) == PartialArray((PartialArray(()), MORE))
    assert partial_of([..., 1], is_open=True) == PartialArray((MORE, Exactly(1)))


def test_every_part_can_be_opened() -> None:
    partial = PartialObject((("a", PartialArray((PartialObject(()), MORE))),), next_key=TextLike("b"))
    inner = PartialArray((PartialObject((), is_open=True), MORE, MORE))
    assert opened(partial) == PartialObject((("a", inner),), is_open=True, next_key=TextLike("b"))
    assert opened(Exactly(1)) == Exactly(1)


def test_numbers_and_booleans_are_different_things_to_state() -> None:
    assert len({Exactly(1), Exactly(1.0), Exactly(True), Exactly("1")}) == 4


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"a": {...: 3}}, "/a"),
        ({"a": [float("nan")]}, "/a/0"),
        ({"a": {1: 2}}, "/a"),
        ({"a": "\ud800"}, "/a"),
        ({"a": {3, 4}}, "/a"),
    ],
)
def test_what_is_no_json_value_is_refused_with_its_place(value: Any, pointer: str) -> None:
    with pytest.raises(PromptError, match="not a partial JSON value") as caught:
        partial_of(value)
    assert caught.value.pointer == pointer


def test_a_prompt_that_is_too_deep_is_refused() -> None:
    value: Any = ...
    for _ in range(200):
        value = [value]
    with pytest.raises(PromptError, match="nested more than 128 levels deep"):
        partial_of(value)
