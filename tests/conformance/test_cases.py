"""How the readers turn rows of the data sets into cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from conformance.cases import DRAFT_7, READERS, bundled, read_official_suite, read_schemastore
from conformance.labels import DOUBTS


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def group(file: str, schema: Any) -> dict[str, Any]:
    return {"file": file, "description": "a group", "schema": schema, "tests": [_test(1, True), _test("x", False)]}


def _test(data: Any, valid: bool) -> dict[str, Any]:
    return {"description": "a test", "data": data, "valid": valid}


def test_groups_of_the_official_suite_follow_their_drafts_conventions(tmp_path: Path) -> None:
    folder = tmp_path / "json-schema-test-suite"
    named = {"$schema": "http://json-schema.org/draft-06/schema#"}
    rows = [group("format", {"format": "date"}), group("format", True), group("optional/format/date", named)]
    write_rows(folder / "draft7.jsonl", rows)
    write_rows(folder / "draft2020-12.jsonl", rows)
    write_rows(folder / "remotes.jsonl", [])
    draft_7, boolean, optional, newest, *_ = cases = list(read_official_suite(tmp_path))
    assert [case.id for case in cases[:3]] == ["draft7/format/0", "draft7/format/1", "draft7/optional/format/date/0"]
    assert draft_7.schema == {"$schema": DRAFT_7, "format": "date"}
    assert boolean.schema is True
    assert optional.schema == named
    assert newest.schema == {"format": "date"}
    assert [case.formats for case in (draft_7, optional, newest, cases[5])] == [
        "assert",
        "assert",
        "annotate",
        "assert",
    ]
    assert optional.split == "draft7 optional/format"
    assert [(instance.value, instance.valid) for instance in draft_7.instances] == [(1, True), ("x", False)]


def test_documents_that_the_official_suite_brings_along_are_bundled_where_they_are_referred_to(tmp_path: Path) -> None:
    folder = tmp_path / "json-schema-test-suite"
    rows = [group("refRemote", {"$ref": "http://localhost/a.json"}), group("refRemote", {"$ref": "http://elsewhere/"})]
    write_rows(folder / "draft7.jsonl", rows)
    write_rows(folder / "draft2020-12.jsonl", [])
    remotes: list[dict[str, Any]] = [
        {"uri": "http://localhost/a.json", "schema": {"items": {"$ref": "b.json"}}},
        {"uri": "http://localhost/b.json", "schema": {"type": "integer"}},
        {"uri": "http://localhost/c.json", "schema": {}},
    ]
    write_rows(folder / "remotes.jsonl", remotes)
    bundled, unknown = (case.schema for case in read_official_suite(tmp_path))
    assert isinstance(bundled, dict)
    assert bundled["definitions"] == {
        "http://localhost/a.json": {"items": {"$ref": "b.json"}, "$id": "http://localhost/a.json"},
        "http://localhost/b.json": {"type": "integer", "$id": "http://localhost/b.json"},
    }
    assert unknown == {"$schema": DRAFT_7, "$ref": "http://elsewhere/"}


def test_texts_of_schemastore_become_values_and_what_is_no_document_is_counted(tmp_path: Path) -> None:
    texts = {"a.json": '{"a": 1}', "b.yaml": "---\non: 2020-01-01\n", "c.toml": "d = 1979-05-27", "d.yaml": "a: !t 1"}
    rows: list[dict[str, Any]] = [{"kind": "schema", "name": "s", "schema": {"type": "object"}}]
    rows += [
        {"kind": "instance", "name": name, "valid": True, "ext": name[2:], "text": text} for name, text in texts.items()
    ]
    write_rows(tmp_path / "schemastore" / "s.jsonl", rows)
    (case,) = read_schemastore(tmp_path)
    assert [instance.value for instance in case.instances] == [{"a": 1}, {"on": "2020-01-01"}, {"d": "1979-05-27"}]
    assert case.unreadable == ("d.yaml",)


def test_a_bundled_schema_finds_the_documents_that_it_refers_to() -> None:
    schema = {
        "$schema": DRAFT_7,
        "$id": "https://example.org/s.json",
        "properties": {"a": {"$ref": "other.json#/definitions/number"}},
    }
    other = {"definitions": {"number": {"$ref": "s.json#/definitions/n"}, "n": {"type": "number"}}}
    whole = bundled({**schema, "definitions": {"n": {"type": "integer"}}}, {"other.json": other, "s.json": {}})
    assert list(whole["definitions"]) == ["n", "https://example.org/other.json"]
    validator = jsonschema_rs.validator_for(whole)
    assert validator.is_valid({"a": 1})
    assert not validator.is_valid({"a": 1.5})
    assert bundled(schema, {}) == schema


@pytest.mark.slow
def test_the_data_sets_have_their_numbers_of_cases_and_instances(shared_data: Path) -> None:
    found = {}
    for name, reader in READERS.items():
        cases = list(reader(shared_data))
        assert len({case.id for case in cases}) == len(cases)
        instances = [instance.valid for case in cases for instance in case.instances]
        unreadable = sum(len(case.unreadable) for case in cases)
        found[name] = (len(cases), sum(instances), len(instances) - sum(instances), unreadable)
    assert found == {
        "jsonschemabench": (6783, 8393, 13206, 0),
        "json-schema-test-suite": (694, 2019, 1647, 0),
        "schemastore": (40, 500, 303, 3),
    }


def test_an_independent_validator_shares_every_doubt_about_a_label(shared_data: Path) -> None:
    cases = {case.id: case for case in read_schemastore(shared_data)}
    for doubt in DOUBTS:
        case = cases[doubt.case]
        instance = next(instance for instance in case.instances if instance.name == doubt.instance)
        assert instance.valid == (doubt.label == "valid")
        assert jsonschema_rs.validator_for(case.schema).is_valid(instance.value) != instance.valid
