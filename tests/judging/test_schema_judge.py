"""The judge accepts and rejects by the schema alone, and fetches nothing."""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import schemalm.evaluation.judges
import schemalm.evaluation.python_judge
from schemalm.evaluation.judges import MAX_REASON_CHARACTERS, SchemaJudge, Verdict

from schemalm.errors import SchemaError


def test_a_valid_value_has_an_empty_verdict() -> None:
    assert SchemaJudge({"type": "object"}, assert_formats=True).judge({}) == Verdict(True, "", "")


def test_a_refusal_names_keyword_reason_and_pointer() -> None:
    schema = {"properties": {"a/b": {"items": {"type": "integer"}}}}
    verdict = SchemaJudge(schema, assert_formats=True).judge({"a/b": [1, "two"]})
    assert not verdict.valid
    assert verdict.pointer == "/a~1b/1"
    assert verdict.reason.startswith("type: ")
    assert "two" in verdict.reason


def test_the_deepest_error_of_failed_branches_is_reported() -> None:
    branch = {"properties": {"steps": {"items": {"required": ["run"]}}}, "type": "object"}
    judge = SchemaJudge({"oneOf": [{"type": "string"}, branch]}, assert_formats=True)
    verdict = judge.judge({"steps": [{"run": "x"}, {}]})
    assert verdict.pointer == "/steps/1"
    assert "run" in verdict.reason


def test_a_value_that_satisfies_two_branches_of_one_of_is_refused() -> None:
    assert not SchemaJudge({"oneOf": [True, True]}, assert_formats=True).judge(1).valid


def test_long_reasons_are_shortened() -> None:
    verdict = SchemaJudge({"maxLength": 3}, assert_formats=True).judge("word " * 1000)
    assert len(verdict.reason) <= MAX_REASON_CHARACTERS


@pytest.mark.parametrize("draft", ["draft-07/schema", "draft/2020-12/schema"])
def test_formats_are_asserted_or_annotated_in_every_draft(draft: str) -> None:
    base = "http" if "07" in draft else "https"
    schema = {"$schema": f"{base}://json-schema.org/{draft}", "format": "date"}
    assert not SchemaJudge(schema, assert_formats=True).judge("no date").valid
    assert SchemaJudge(schema, assert_formats=False).judge("no date").valid


def test_the_draft_is_the_schema_s_own() -> None:
    schema: dict[str, Any] = {"$ref": "#/definitions/a", "type": "string", "definitions": {"a": {}}}
    assert not SchemaJudge(schema, assert_formats=True).judge(1).valid
    old = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    judge = SchemaJudge(old, assert_formats=True)
    assert judge.judge(1).valid  # until 2019-09, `$ref` silences its siblings
    assert "Draft7" in judge.name


@pytest.mark.parametrize("reference", ["http://127.0.0.1:9/schema.json", "https://example.com/a", "file:///etc/passwd"])
def test_nothing_outside_the_schema_is_read(reference: str) -> None:
    with pytest.raises(SchemaError, match="outside the schema"):
        SchemaJudge({"properties": {"a": {"$ref": reference}}}, assert_formats=True)


@pytest.mark.parametrize("schema", [{"type": "nothing"}, {"pattern": "("}, {"$schema": "http://unknown.example/"}])
def test_something_that_is_not_a_schema_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaError):
        SchemaJudge(schema, assert_formats=True)


def test_boolean_schemas_and_large_numbers_are_judged() -> None:
    assert SchemaJudge(True, assert_formats=True).judge(10**400).valid
    assert not SchemaJudge(False, assert_formats=True).judge(None).valid
    assert not SchemaJudge({"maximum": 10}, assert_formats=True).judge(10**400).valid


@pytest.mark.parametrize("module", [schemalm.evaluation.judges, schemalm.evaluation.python_judge])
def test_judges_share_no_code_with_the_grammar(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [
        name for name in imported if name.startswith(("schemalm.grammar", "schemalm.tokenizer", "schemalm.machine"))
    ]
