"""Parts of a value are named as people type them, or by a JSON pointer."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.documents.value_paths import outermost, parse_path, replaced, resolved, value_at
from schemalm.errors import PromptError

VALUE: dict[str, Any] = {"jobs": {"build": {"steps": [{"run": "a"}, {"run": "b"}]}, "1": {"if": True}}, "a/b": 1}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("jobs.build.steps[1]", ("jobs", "build", "steps", 1)),
        ("/jobs/build/steps/1", ("jobs", "build", "steps", 1)),
        ("[0][1].x", (0, 1, "x")),
        ("/jobs/1", ("jobs", 1)),
        ("/a~1b", ("a/b",)),
        ("runs-on", ("runs-on",)),
        ("", ()),
    ],
)
def test_paths_and_pointers_are_read(text: str, path: tuple[str | int, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", [".", "a.", "a..b", ".a", "a[", "a[-1]", "a[x]", "a=b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PromptError, match="is no path"):
        parse_path(text)


def test_a_path_leads_to_a_part() -> None:
    assert value_at(VALUE, resolved(VALUE, "jobs.build.steps[1]")) == {"run": "b"}
    assert resolved(VALUE, "/jobs/1/if") == ("jobs", "1", "if")
    assert resolved(VALUE, "/a~1b") == ("a/b",)


@pytest.mark.parametrize(
    ("path", "pointer", "message"),
    [
        ("jobs.test", "/jobs/test", "the object has build, 1"),
        ("jobs.build.steps[2]", "/jobs/build/steps/2", "the list has 2 items, counted from 0"),
        ("jobs.build.steps.x", "/jobs/build/steps/x", "the list has 2 items"),
        ("jobs.build.steps[0].run.x", "/jobs/build/steps/0/run/x", "'a' has no parts"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_with_what_is_there(path: str, pointer: str, message: str) -> None:
    with pytest.raises(PromptError, match=message) as caught:
        resolved(VALUE, path)
    assert caught.value.pointer == pointer


def test_a_part_is_replaced_and_the_value_is_left_alone() -> None:
    changed = replaced(VALUE, ("jobs", "build", "steps", 0), 3)
    assert changed["jobs"]["build"]["steps"] == [3, {"run": "b"}]
    assert VALUE["jobs"]["build"]["steps"][0] == {"run": "a"}
    assert list(changed["jobs"]) == ["build", "1"]
    assert replaced(VALUE, (), 1) == 1


def test_paths_inside_others_are_left_out() -> None:
    assert outermost([("a", 1, "b"), ("a", 1), ("a", 10), ("c",), ("a", 1)]) == [("a", 1), ("a", 10), ("c",)]
    assert outermost([("a",), ()]) == [()]
