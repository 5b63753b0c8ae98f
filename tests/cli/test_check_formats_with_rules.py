"""`check` reports the names of compose files, pipelines and API descriptions that lead nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

COMPOSE = """\
services:
  web:
    image: web
    depends_on: [stor]
    volumes: ["data:/data", "./x:/x"]
  store: {image: store}
volumes: {date: null}
"""
PIPELINE = """\
stages: [build, check]
compile: {stage: build, script: [make]}
lint:
  stage: test
  needs: [compil]
  script: [make lint]
"""
API = """\
openapi: 3.1.0
components:
  schemas:
    Pet:
      items: {$ref: "#/components/schemas/Pets"}
"""
OPENAPI_SCHEMA = {"type": "object", "properties": {"openapi": {"type": "string"}, "components": {"type": "object"}}}


@pytest.mark.parametrize(
    ("text", "schema", "messages"),
    [
        (
            COMPOSE,
            "compose-spec",
            [
                '4:18: /services/web/depends_on/0: there is no service "stor"; did you mean "store"?',
                '5:15: /services/web/volumes/0: there is no volume "data"; did you mean "date"?',
            ],
        ),
        (
            PIPELINE,
            "gitlab-ci",
            [
                '4:10: /lint/stage: there is no stage "test"; declared are "build", "check", ".pre", ".post"',
                '5:11: /lint/needs/0: there is no job "compil"; did you mean "compile"?',
            ],
        ),
    ],
)
def test_names_that_lead_nowhere_are_reported_by_default(
    invoke: Any, tmp_path: Path, text: str, schema: str, messages: list[str]
) -> None:
    path = tmp_path / "file.yml"
    path.write_text(text)
    result = invoke("check", path, "--schema", schema)
    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if "(names)" in line] == [
        f"{path}:{message} (names)" for message in messages
    ]
    assert invoke("check", path, "--schema", schema, "--rules", "none").exit_code == 0


def test_references_of_api_descriptions_are_checked_with_a_schema_that_people_bring(
    invoke: Any, tmp_path: Path
) -> None:
    path, schema = tmp_path / "api.yml", tmp_path / "openapi.json"
    path.write_text(API)
    schema.write_text(json.dumps(OPENAPI_SCHEMA))
    result = invoke("check", path, "--schema", schema, "--rules", "openapi-3.1")
    pointer = "/components/schemas/Pet/items/$ref"
    assert f'5:21: {pointer}: there is no schema "Pets"; did you mean "Pet"? (names)' in result.stdout
    assert invoke("check", path, "--schema", schema).exit_code == 0
