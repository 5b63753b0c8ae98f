"""Failures by the schema and by other rules come together, without those that follow from others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemalm.checking import Checker, findings_of
from schemalm.compilation import compile_schema
from schemalm.documents import parse_documents
from schemalm.limits import Limits
from schemalm.schema.explanation import Failure

SCHEMA = {
    "type": "object",
    "properties": {"jobs": {"type": "object"}, "needs": {"type": "array", "items": {"type": "string", "minLength": 2}}},
    "additionalProperties": False,
}


def undeclared(value: Any) -> Iterator[Failure]:
    """A rule about names for these tests: every need is a job."""
    jobs = value["jobs"] if isinstance(value.get("jobs"), dict) else {}
    for index, name in enumerate(value.get("needs", ())):
        if name not in jobs:
            yield Failure(("needs", index), "undeclared", f"there is no job {name!r}", offset=1)
    if "other" in value:
        yield Failure(("other", "x"), "undeclared", "nothing that counts")


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(compile_schema(SCHEMA), undeclared)


def test_failures_of_both_kinds_are_found(checker: Checker) -> None:
    found = checker.failures({"jobs": {"aa": 1}, "needs": ["aa", "bb", "c"], "othr": 1})
    assert [(failure.pointer, failure.keyword) for failure in found] == [
        ("/needs/2", "minLength"),
        ("/othr", "additionalProperties"),
        ("/needs/1", "undeclared"),
        ("/needs/2", "undeclared"),
    ]


def test_what_is_inside_a_value_that_must_not_be_there_does_not_count(checker: Checker) -> None:
    found = checker.failures({"other": {"x": 1}, "needs": [3]})
    assert sorted((failure.pointer, failure.keyword) for failure in found) == [
        ("/needs/0", "type"),
        ("/other", "additionalProperties"),
    ]


def test_findings_are_in_the_order_of_the_text_with_offsets_in_scalars(checker: Checker) -> None:
    loaded = parse_documents("needs:\n  - 'aa'\n  - a\nother: 1\njobs: 3\n")
    (document,) = findings_of(loaded, "a.yml", checker.failures)
    assert [(finding.line, finding.column, finding.keyword) for finding in document.findings] == [
        (2, 7, "undeclared"),
        (3, 5, "minLength"),
        (3, 6, "undeclared"),
        (4, 1, "additionalProperties"),
        (5, 7, "type"),
    ]


def test_a_valid_value_has_no_failures(checker: Checker) -> None:
    assert checker.failures({"jobs": {"aa": 1}, "needs": ["aa"]}) == []


def test_a_limit_is_a_failure() -> None:
    schema = {"items": {"anyOf": [{"type": "integer"}, {"required": ["a"]}]}}
    checker = Checker(compile_schema(schema, limits=Limits(call_work=500)))
    (failure,) = checker.failures([*[{"a": 1}] * 500, {"b": 1}])
    assert failure.keyword == "limit"


def test_a_value_that_is_nested_too_deeply_is_a_failure() -> None:
    value: Any = []
    for _ in range(20_000):
        value = [value]
    (failure,) = Checker(compile_schema({})).failures(value)
    assert failure.keyword == "depth"
