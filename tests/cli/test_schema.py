from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_size_and_coverage_are_shown(invoke, schema: Path) -> None:
    result = invoke("schema", schema)
    assert result.exit_code == 0
    first, *rows = result.stdout.splitlines()
    assert "3 names, 6 constants" in first
    cells = [row.split() for row in rows]
    assert ["construction", "required", "/required"] in cells
    assert ["keyword", "construction", "guard", "annotation"] in cells
    assert ["enum", "2"] in cells
    assert result.stderr.splitlines()[-1].startswith("next: schemalm tokenizer train")


def test_branches_that_no_value_satisfies_are_named(invoke, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"anyOf": [{"type": "null"}, {"type": "string", "minLength": 3, "maxLength": 2}]}')
    assert "no value satisfies /anyOf/1:" in invoke("schema", path).stdout
    assert json.loads(invoke("schema", path, "--json").stdout)["unsatisfiable"] == ["/anyOf/1"]


def test_json_lists_every_occurrence(invoke, schema: Path) -> None:
    result = invoke("schema", schema, "--json")
    report = json.loads(result.stdout)
    assert (report["num_names"], report["num_constants"]) == (3, 6)
    assert {"pointer": "/required", "keyword": "required", "status": "construction"} in report["coverage"]


def test_patterns_that_are_commonly_misread_are_named(invoke, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    pattern = {"type": "string", "pattern": "\\Aa\\z"}
    schema = {"properties": dict.fromkeys("abcde", pattern), "patternProperties": {"^x.$": {"const": pattern}}}
    path.write_text(json.dumps(schema))
    shown = invoke("schema", path).stdout
    places = "/properties/a/pattern, /properties/b/pattern, /properties/c/pattern and 2 more"
    assert f"{places}: `\\A` is the letter A in JSON Schema; the anchors are ^ and $" in shown
    assert "/patternProperties/^x.$: `.` does not match a line end" in shown
    report = json.loads(invoke("schema", path, "--json").stdout)
    assert len(report["misread_patterns"]) == 11
    meaning = "`\\z` is the letter z in JSON Schema; the anchors are ^ and $"
    found = {"pointer": "/properties/e/pattern", "pattern": "\\Aa\\z", "text": "\\z", "meaning": meaning}
    assert found in report["misread_patterns"]


def test_schemas_without_such_patterns_name_none(invoke, schema: Path) -> None:
    assert "misread" not in invoke("schema", schema).stdout
    assert json.loads(invoke("schema", schema, "--json").stdout)["misread_patterns"] == []


OUTSIDE = '{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "http://example.org/x"}'


@pytest.mark.parametrize("content", ["{", "[]", '{"type": 3}', "\x00\x01", OUTSIDE])
def test_what_is_no_usable_schema_exits_2(invoke, tmp_path: Path, content: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(content)
    result = invoke("schema", path)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert str(path) in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.output


def test_the_rules_of_a_schema_are_shown(invoke, schema: Path, tmp_path: Path) -> None:
    change = {"pointer": "/properties/tags", "operation": "remove", "reason": "nobody uses tags"}
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"rules": 1, "title": "No tags", "amend": {"no-tags": change}}))
    result = invoke("schema", schema, "--rules", rules)
    assert result.exit_code == 0
    assert "rules: No tags" in result.stdout
    assert "no-tags: remove /properties/tags: nobody uses tags" in result.stdout
    assert f"with the rules {rules}" in result.stderr
    assert f"--rules {rules}" in result.stderr.splitlines()[-1]
    report = json.loads(invoke("schema", schema, "--rules", rules, "--json").stdout)
    assert report["rules"] == str(rules)
    assert {"pointer": "rules#/amend/no-tags", "keyword": "amend", "status": "construction"} in report["coverage"]
    assert json.loads(invoke("schema", schema, "--rules", "none", "--json").stdout)["rules"] is None


def test_rules_that_cannot_be_used_exit_2(invoke, schema: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: 1\namend:\n  gone: {pointer: /x, operation: remove, reason: r}\n")
    for given, message in (
        (rules, "the schema has no /x"),
        ("no-such", "neither a file nor the name of built-in rules"),
    ):
        result = invoke("schema", schema, "--rules", given)
        assert result.exit_code == 2
        assert message in result.stderr
