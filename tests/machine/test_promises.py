"""Promises: a reference to a later name is kept by the document, also if it is cut off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from schemalm.tokenizer import Tokenizer

from .naming_cases import JOB, JOBS, TEXT, admitted, after, completed, document, tokenizer_of

KIND = {"declared": [{"keys": "/jobs"}], "referred": [{"values": "/jobs/*/needs/[]", "order": "any", "acyclic": True}]}
NEEDS_B = ("KEY:jobs", "FREE_KEY", '"a"', "KEY_END", "KEY:needs", "ITEM", '"b"', "END")


def test_an_object_cannot_end_before_its_promises_are_kept() -> None:
    tokenizer = tokenizer_of(JOBS, job=KIND)
    assert admitted(tokenizer, after(tokenizer, *NEEDS_B, "ARRAY_END", "OBJECT_END")) == {"FREE_KEY"}
    kept = after(tokenizer, *NEEDS_B, "ARRAY_END", "OBJECT_END", "FREE_KEY", '"b"', "KEY_END", "OBJECT_END")
    assert admitted(tokenizer, kept) == {"FREE_KEY", "OBJECT_END"}


def test_the_completion_keeps_a_promise() -> None:
    assert completed(tokenizer_of(JOBS, job=KIND), *NEEDS_B) == {"jobs": {"a": {"needs": ["b"]}, "b": {}}}


@pytest.mark.parametrize(("ignores_case", "is_kept"), [(True, True), (False, False)])
def test_a_name_in_another_case_keeps_a_promise_if_case_does_not_matter(ignores_case: bool, is_kept: bool) -> None:
    tokenizer = tokenizer_of(JOBS, job={**KIND, "ignore_case": ignores_case})
    tokens = (*NEEDS_B, "ARRAY_END", "OBJECT_END", "FREE_KEY", '"B"', "KEY_END", "OBJECT_END")
    assert ("OBJECT_END" in admitted(tokenizer, after(tokenizer, *tokens))) == is_kept


def test_a_name_that_leads_back_is_not_admitted() -> None:
    tokenizer = tokenizer_of(JOBS, job=KIND)
    back = (*NEEDS_B, "ARRAY_END", "OBJECT_END", "FREE_KEY", '"b"', "KEY_END", "KEY:needs", "ITEM", '"a"')
    assert "END" not in admitted(tokenizer, after(tokenizer, *back))


def test_a_key_that_the_schema_names_can_be_promised() -> None:
    jobs = {"type": "object", "properties": {"all": JOB}, "additionalProperties": JOB}
    tokenizer = tokenizer_of(document(main=TEXT, jobs=jobs), job={**KIND, "referred": [MAIN]}, title=TITLE)
    assert completed(tokenizer, "KEY:main", '"all"', "END") == {"main": "all", "jobs": {"all": {}}}


MAIN = {"values": "/main", "order": "any"}
# Jobs could refer to `main` more often than `main` to a job, so it comes first.
TITLE = {
    "declared": [{"values": "/main"}],
    "referred": [{"values": f"/jobs/*/{key}", "order": "any"} for key in ("title", "subtitle")],
}


def test_only_names_that_can_be_declared_are_promised() -> None:
    jobs = {"type": "object", "propertyNames": {"pattern": "^[ab]$"}, "additionalProperties": JOB}
    tokenizer = tokenizer_of(document(main=TEXT, jobs=jobs), job={**KIND, "referred": [MAIN]}, title=TITLE)
    assert admitted(tokenizer, after(tokenizer, "KEY:main")) == {"a", "b"}


def test_a_completion_makes_no_promise_without_need() -> None:
    assert completed(tokenizer_of(JOBS, job=KIND), *NEEDS_B[:5]) == {"jobs": {"a": {"needs": []}}}
    jobs = completed(tokenizer_of(JOBS, job=KIND), *NEEDS_B[:6])["jobs"]
    assert jobs["a"]["needs"][0] in jobs


MOSTLY: dict[str, Any] = {
    "declared": [{"keys": "/jobs"}],
    "referred": [{"values": "/jobs/*/last", "order": "mostly-earlier", "acyclic": True}],
}
# The job "ab", complete, and what begins the name in the job "c".
AFTER_AB = ("KEY:jobs", "FREE_KEY", '"ab"', "KEY_END", "OBJECT_END", "FREE_KEY", '"c"', "KEY_END")


def in_order(tokenizer: Tokenizer, *symbols: str) -> set[str]:
    """What may come next without a promise that documents rarely make."""
    machine = after(tokenizer, *symbols)
    part = machine.mask_in_order(machine.mask())
    return {tokenizer.describe(token).strip("'") for token in np.flatnonzero(part)}


def test_where_documents_mostly_refer_to_earlier_names_only_those_are_in_order() -> None:
    tokenizer = tokenizer_of(JOBS, job=MOSTLY)
    begun = (*AFTER_AB, "KEY:last")
    assert {"a", "x"} <= admitted(tokenizer, after(tokenizer, *begun))
    assert in_order(tokenizer, *begun) == {"a"}
    assert in_order(tokenizer, *begun, '"a"') == {"b"}


def test_a_name_that_is_promised_already_is_in_order() -> None:
    tokenizer = tokenizer_of(JOBS, job=MOSTLY)
    begun = ("KEY:jobs", "FREE_KEY", '"a"', "KEY_END", "KEY:last", '"b"', "END", "OBJECT_END")
    assert in_order(tokenizer, *begun, "FREE_KEY", '"c"', "KEY_END", "KEY:last") == {"a", "b"}


def test_where_there_is_no_earlier_name_nothing_that_refers_to_one_is_in_order() -> None:
    tokenizer = tokenizer_of(JOBS, job=MOSTLY)
    begun = ("KEY:jobs", "FREE_KEY", '"a"', "KEY_END")
    assert "KEY:last" in admitted(tokenizer, after(tokenizer, *begun))
    assert "KEY:last" not in in_order(tokenizer, *begun)


def test_where_only_a_promise_goes_on_it_is_in_order() -> None:
    tokenizer = tokenizer_of(JOBS, job=MOSTLY)
    begun = ("KEY:jobs", "FREE_KEY", '"a"', "KEY_END", "KEY:last")
    assert in_order(tokenizer, *begun) == admitted(tokenizer, after(tokenizer, *begun)) != set()


def test_where_documents_refer_to_any_names_the_whole_mask_is_in_order() -> None:
    tokenizer = tokenizer_of(JOBS, job={**MOSTLY, "referred": [{"values": "/jobs/*/last", "order": "any"}]})
    machine = after(tokenizer, *AFTER_AB, "KEY:last")
    mask = machine.mask()
    assert machine.mask_in_order(mask) is mask
