"""The completion of names: texts are ended with names that are declared, or by the cheapest text that uses none."""

from __future__ import annotations

from typing import Any

import pytest

from .naming_cases import JOBS, TEXT, completed, document, tokenizer_of, tokens_of

KIND = {"declared": [{"keys": "/jobs"}]}
MAP = {"type": "object", "additionalProperties": {"type": "null"}}
AB = ("KEY:jobs", "FREE_KEY", '"ab"', "KEY_END", "OBJECT_END", "OBJECT_END", "KEY:main")
EXPRESSIONS: dict[str, Any] = {
    "delimiters": ["${{", "}}"],
    "contexts": {"jobs": {"names": "job"}},
    "places": [{"at": ["/main"], "form": "text", "contexts": ["jobs"]}],
}


@pytest.mark.parametrize("begun", [(), ('"a"',), ('"ab"',)])
def test_a_reference_is_ended_with_a_declared_name(begun: tuple[str, ...]) -> None:
    tokenizer = tokenizer_of(JOBS, job={**KIND, "referred": [{"values": "/main"}]})
    assert completed(tokenizer, *AB, *begun)["main"] == "ab"


def test_a_name_in_an_expression_is_ended_with_a_declared_name() -> None:
    tokenizer = tokenizer_of(JOBS, EXPRESSIONS, job=KIND)
    assert completed(tokenizer, *AB, '"${{ jobs.a"')["main"] == "${{ jobs.ab}}"


def test_a_key_is_ended_with_a_declared_name_that_is_not_used() -> None:
    tokenizer = tokenizer_of(document(jobs=MAP, ranks=MAP), job={**KIND, "referred": [{"keys": "/ranks"}]})
    declared = ("KEY:jobs", "FREE_KEY", '"a"', "KEY_END", "NULL", "FREE_KEY", '"bc"', "KEY_END", "NULL", "OBJECT_END")
    used = ("KEY:ranks", "FREE_KEY", '"a"', "KEY_END", "NULL", "FREE_KEY")
    assert completed(tokenizer, *declared, *used)["ranks"] == {"a": None, "bc": None}


def test_a_name_of_other_letters_than_ascii_is_completed_in_the_middle_of_a_letter() -> None:
    tokenizer = tokenizer_of(document(jobs=MAP, main=TEXT), job={**KIND, "referred": [{"values": "/main"}]})
    beginning = ("KEY:jobs", "FREE_KEY", '"é"', "KEY_END", "NULL", "OBJECT_END", "KEY:main")
    ids = [*tokens_of(tokenizer, *beginning), tokenizer.vocabulary.symbol_token("é".encode()[0])]
    assert tokenizer.decode_prefix(ids)["main"] == "é"


def test_the_end_of_a_text_is_no_endless_row_of_blanks_where_an_end_needs_a_name() -> None:
    expressions = {
        "delimiters": ["${{", "}}"],
        "contexts": {"vars": {"values": "string"}, "jobs": {"names": "job"}, "outputs": {"names": "output"}},
        "places": [
            {"at": ["/jobs/*/steps/[]/run"], "form": "text", "contexts": ["jobs"]},
            {"at": ["/jobs/*/flag"], "form": "whole", "contexts": ["outputs"]},
        ],
    }
    tokenizer = tokenizer_of(
        {"type": "object", "properties": {"jobs": {"type": "object", "additionalProperties": {"type": "object"}}}},
        expressions,
        job={"declared": [{"keys": "/jobs"}], "members": {"properties": {"outputs": {"names": "output"}}}},
        output={"declared": [{"keys": "/jobs/*/outputs"}]},
    )
    # The cheapest index is a name in quotes, but an end promises no output that is not there yet.
    begun = ("KEY:jobs", "FREE_KEY", '"a"', "KEY_END", "KEY:flag", "AS:string", '"${{outputs["')
    ended = completed(tokenizer, *begun)["jobs"]["a"]["flag"]
    assert len(ended) < 2 * len("${{outputs[0]}}")
