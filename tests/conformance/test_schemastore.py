"""SchemaStore's own cases for the workflow schema: all verdicts, and where each negative case goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from schemalm.compilation import compile_schema
from schemalm.documents import json_equal, parse_document
from schemalm.errors import InvalidDocument
from schemalm.tokenizer import Tokenizer

NEGATIVE = {
    "all-steps-must-contain-run-or-uses.yaml": ("/jobs/foo/steps/0", "oneOf"),
    "bad_pull_request_event_declaration.yaml": ("/on/pull_request/ignore-paths", "additionalProperties"),
    "container-command-is-invalid.yaml": ("/jobs/build/container/command", "additionalProperties"),
    "container-entrypoint-is-invalid.yaml": ("/jobs/build/container/entrypoint", "additionalProperties"),
    "empty_json_must_always_fail.yaml": ("", "required"),
    "env-must-be-object-or-has-from-json.yaml": ("/jobs/with/env", "pattern"),
    "issue-comment-invalid-type.yaml": ("/on/issue_comment/types/0", "enum"),
    "permissions-event-has-wrong-level.yaml": ("/permissions/pages", "enum"),
    "permissions-event-has-wrong-property-keys.yaml": ("/permissions/files", "additionalProperties"),
    "permissions-must-be-object-or-string.yaml": ("/permissions", "type"),
    "permissions-string-is-not-from-enum.yaml": ("/permissions", "enum"),
    "reusable-workflow-input-must-declare-type.yaml": ("/on/workflow_call/inputs/constraints", "required"),
    "reusable-workflow-uses-has-wrong-filetype.yaml": ("/jobs/build-and-publish/uses", "pattern"),
    "reusable-workflow-uses-has-wrong-pattern.yaml": ("/jobs/build-and-publish/uses", "pattern"),
    "runs-on.yaml": ("/jobs/self-hosted-custom/runs-on", "type"),
    "steps-must-contain-run-or-uses.yaml": ("/jobs/a/steps/0", "oneOf"),
    "with-must-be-object-or-has-from-json-copy.yaml": ("/jobs/with/steps/1/with", "pattern"),
    "workflow_dispatch-inputs-bool-default-.yaml": ("/on/workflow_dispatch/inputs/bool/default", "type"),
    "workflow_dispatch-inputs-choice-without-options.yaml": ("/on/workflow_dispatch/inputs/choice", "required"),
    "workflow_dispatch-inputs-string-default-bool.yaml": ("/on/workflow_dispatch/inputs/string/default", "type"),
}


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> list[dict[str, Any]]:
    lines = (shared_data / "schemastore" / "github-workflow.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def tokenizer(rows: list[dict[str, Any]]) -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema(rows[0]["schema"]))


def test_every_positive_case_round_trips_under_the_mask(rows: list[dict[str, Any]], tokenizer: Tokenizer) -> None:
    positive = [row for row in rows[1:] if row["valid"]]
    assert len(positive) == 37
    for row in positive:
        value = parse_document(row["text"])
        ids = tokenizer.encode(value)
        assert json_equal(tokenizer.decode(ids), value), row["name"]
        machine = tokenizer.machine()
        for token in ids:
            assert machine.mask()[token], row["name"]
            machine.advance(token)


def test_every_negative_case_is_refused_at_the_right_place(rows: list[dict[str, Any]], tokenizer: Tokenizer) -> None:
    found = {}
    for row in rows[1:]:
        if not row["valid"]:
            with pytest.raises(InvalidDocument) as caught:
                tokenizer.encode(parse_document(row["text"]))
            found[row["name"]] = (caught.value.pointer, caught.value.keyword)
    assert found == NEGATIVE


def test_beginnings_of_positive_cases_complete_to_valid_documents(
    rows: list[dict[str, Any]], tokenizer: Tokenizer
) -> None:
    validator = jsonschema_rs.validator_for(rows[0]["schema"])
    for row in [row for row in rows[1:] if row["valid"]][::4]:
        ids = tokenizer.encode(parse_document(row["text"]))
        for length in range(0, len(ids), max(1, len(ids) // 10)):
            assert validator.is_valid(tokenizer.decode_prefix(ids[:length])), (row["name"], length)
