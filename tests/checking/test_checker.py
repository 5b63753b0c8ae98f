"""Failures by the schema and by other rules come together, without those that follow from others."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.checking import Checker, findings_of
from schemalm.compilation import compile_schema
from schemalm.documents import parse_documents
from schemalm.limits import Limits

SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "jobs": {"type": "object"},
        "needs": {"type": "array", "items": {"type": "string", "minLength": 2}},
    },
    "additionalProperties": False,
}


RULES = {
    "rules": 1,
    "title": "Jobs",
    "expressions": {
        "delimiters": ["${{", "}}"],
        "contexts": {"jobs": {"names": "job"}},
        "places": [{"at": ["/title"], "form": "text", "contexts": ["jobs"]}],
    },
    "names": {
        "job": {
            "order": "any",
            "declared": [{"keys": "/jobs"}],
            "referred": [{"values": "/needs/[]", "order": "any"}, {"values": "/other/*", "order": "any"}],
        }
    },
}


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(compile_schema(SCHEMA, rules=RULES))


def test_failures_of_both_kinds_are_found(checker: Checker) -> None:
    found = checker.failures({"jobs": {"aa": 1}, "needs": ["aa", "bb", "c"], "othr": 1})
    assert [(failure.pointer, failure.keyword) for failure in found] == [
        ("/needs/2", "minLength"),
        ("/othr", "additionalProperties"),
        ("/needs/1", "names"),
        ("/needs/2", "names"),
    ]


def test_what_is_inside_a_value_that_must_not_be_there_does_not_count(checker: Checker) -> None:
    found = checker.failures({"other": {"x": 1}, "needs": [3]})
    assert sorted((failure.pointer, failure.keyword) for failure in found) == [
        ("/needs/0", "type"),
        ("/other", "additionalProperties"),
    ]


def test_findings_are_in_the_order_of_the_text_with_offsets_in_scalars(checker: Checker) -> None:
    loaded = parse_documents("title: 'a ${{ jobs.bb }}'\nneeds:\n  - 'aa'\n  - a\nother: 1\njobs: 3\n")
    (document,) = findings_of(loaded, "a.yml", checker.failures)
    assert [(finding.line, finding.column, finding.keyword) for finding in document.findings] == [
        (1, 20, "names"),
        (3, 5, "names"),
        (4, 5, "minLength"),
        (4, 5, "names"),
        (5, 1, "additionalProperties"),
        (6, 7, "type"),
    ]


def test_a_valid_value_has_no_failures(checker: Checker) -> None:
    assert checker.failures({"jobs": {"aa": 1}, "needs": ["aa"]}) == []


def test_keys_that_differ_in_case_alone_hide_no_other_failure() -> None:
    checker = Checker(compile_schema(SCHEMA, rules={**RULES, "keys": {"unique": "ignore-case"}}))
    jobs = {"aa": {"x": 1, "X": 2, "y": [{"z": 1, "Z": 2}], "Y": 3}}
    found = checker.failures({"title": "t", "Title": 3, "jobs": jobs, "needs": ["c", "dd"]})
    assert [(failure.pointer, failure.keyword) for failure in found] == [
        ("/Title", "names"),
        ("/jobs/aa/X", "names"),
        ("/jobs/aa/Y", "names"),
        ("/jobs/aa/y/0/Z", "names"),
        ("/needs/0", "minLength"),
        ("/needs/0", "names"),
        ("/needs/1", "names"),
    ]


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
