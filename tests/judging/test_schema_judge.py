"""The judge accepts and rejects by the schema alone, and fetches nothing."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import schemalm.judging.python_judge
import schemalm.judging.schema_judge
from schemalm.errors import SchemaError
from schemalm.judging.interface import MAX_REASON_CHARACTERS, Verdict
from schemalm.judging.schema_judge import SchemaJudge


def test_a_valid_value_has_an_empty_verdict() -> None:
    assert SchemaJudge({"type": "object"}, assert_formats=True).judge_value({}) == Verdict()


def test_a_refusal_names_keyword_reason_and_pointer() -> None:
    schema = {"properties": {"a/b": {"items": {"type": "integer"}}}}
    verdict = SchemaJudge(schema, assert_formats=True).judge_value({"a/b": [1, "two"]})
    assert verdict.accepted is False
    assert verdict.pointer == "/a~1b/1"
    assert verdict.reason.startswith("type: ")
    assert "two" in verdict.reason


def test_the_deepest_error_of_failed_branches_is_reported() -> None:
    branch = {"properties": {"steps": {"items": {"required": ["run"]}}}, "type": "object"}
    judge = SchemaJudge({"oneOf": [{"type": "string"}, branch]}, assert_formats=True)
    verdict = judge.judge_value({"steps": [{"run": "x"}, {}]})
    assert verdict.pointer == "/steps/1"
    assert "run" in verdict.reason


def test_a_value_that_satisfies_two_branches_of_one_of_is_refused() -> None:
    assert SchemaJudge({"oneOf": [True, True]}, assert_formats=True).judge_value(1).accepted is False


def test_long_reasons_are_shortened() -> None:
    verdict = SchemaJudge({"maxLength": 3}, assert_formats=True).judge_value("word " * 1000)
    assert len(verdict.errors[0].text) <= MAX_REASON_CHARACTERS


@pytest.mark.parametrize("draft", ["draft-07/schema", "draft/2020-12/schema"])
def test_formats_are_asserted_or_annotated_in_every_draft(draft: str) -> None:
    base = "http" if "07" in draft else "https"
    schema = {"$schema": f"{base}://json-schema.org/{draft}", "format": "date"}
    assert SchemaJudge(schema, assert_formats=True).judge_value("no date").accepted is False
    assert SchemaJudge(schema, assert_formats=False).judge_value("no date").accepted


def test_the_draft_is_the_schema_s_own() -> None:
    schema: dict[str, Any] = {"$ref": "#/definitions/a", "type": "string", "definitions": {"a": {}}}
    assert SchemaJudge(schema, assert_formats=True).judge_value(1).accepted is False
    old = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    judge = SchemaJudge(old, assert_formats=True)
    assert judge.judge_value(1).accepted  # until 2019-09, `$ref` silences its siblings
    assert "Draft7" in judge.title


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/schema.json", "https://example.com/a", "file:///etc/passwd"])
def test_nothing_outside_the_schema_is_read(reference: str) -> None:
    with pytest.raises(SchemaError, match="outside the schema"):
        SchemaJudge({"properties": {"a": {"$ref": reference}}}, assert_formats=True)


@pytest.mark.parametrize("schema", [{"type": "nothing"}, {"pattern": "("}, {"$schema": "http://unknown.example/"}])
def test_something_that_is_not_a_schema_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        SchemaJudge(schema, assert_formats=True)


def test_boolean_schemas_and_large_numbers_are_judged() -> None:
    assert SchemaJudge(True, assert_formats=True).judge_value(10**400).accepted
    assert SchemaJudge(False, assert_formats=True).judge_value(None).accepted is False
    assert SchemaJudge({"maximum": 10}, assert_formats=True).judge_value(10**400).accepted is False


@pytest.mark.parametrize("module", [schemalm.judging.schema_judge, schemalm.judging.python_judge])
def test_judges_share_no_code_with_the_grammar(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [
        name for name in imported if name.startswith(("schemalm.grammar", "schemalm.tokenizer", "schemalm.machine"))
    ]
