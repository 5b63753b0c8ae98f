"""Findings as SARIF and as commands of a GitHub workflow."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from schemalm.checking.findings import DocumentFindings, Finding
from schemalm.cli.check_formats import github_commands, sarif_log

BAD = "kind: no\nother: 1\n---\nkind: [\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "bad.yml").write_text(BAD)
    return tmp_path


def test_a_log_has_each_finding_with_rule_region_and_relative_address(invoke, folder: Path, schema: Path) -> None:
    result = invoke("check", "a b/bad.yml", "--schema", schema, "--format", "sarif")
    assert result.exit_code == 1
    log = json.loads(result.stdout)
    (run,) = log["runs"]
    assert (log["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "schemalm")
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["additionalProperties", "enum", "syntax"]
    found = []
    for one in run["results"]:
        (location,) = one["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uri"] == "a%20b/bad.yml"
        assert rules[one["ruleIndex"]] == one["ruleId"]
        pointers = [inner["fullyQualifiedName"] for inner in location.get("logicalLocations", ())]
        found.append((one["ruleId"], physical["region"], pointers))
    assert found[:2] == [
        ("enum", {"startLine": 1, "startColumn": 7}, ["/kind"]),
        ("additionalProperties", {"startLine": 2, "startColumn": 1}, ["/other"]),
    ]
    assert (found[2][0], found[2][1]["startLine"], found[2][2]) == ("syntax", 4, [])
    assert run["results"][0]["message"] == {"text": '"no" is not one of "alpha", "beta", "gamma"'}
    assert result.stderr.splitlines()[-3] == "1 file, 2 documents: 0 valid, 2 rejected (3 errors)"


def test_a_log_is_valid_under_the_published_schema(invoke, folder: Path, schema: Path, shared_data: Path) -> None:
    with (shared_data / "schemastore" / "sarif.jsonl").open() as rows:
        published = json.loads(next(rows))["schema"]
    (folder / "missing.yml").symlink_to("nowhere")
    log = json.loads(invoke("check", "*/*.yml", "missing.yml", "--schema", schema, "--format", "sarif").stdout)
    assert log["runs"][0]["results"]
    assert log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    jsonschema_rs.validate(published, log)


def test_a_file_outside_the_working_folder_has_an_absolute_address(folder: Path) -> None:
    finding = Finding("../x.yml", 1, 1, None, None, "no", "")
    log = sarif_log([DocumentFindings("../x.yml", "../x.yml", (finding,))], {})
    address = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert address == (folder.parent / "x.yml").as_uri()


def test_unreadable_files_and_cut_documents_are_notifications(folder: Path) -> None:
    finding = Finding("a.yml#2", None, None, "/a", "enum", "no", "")
    log = sarif_log([DocumentFindings("a.yml", "a.yml#2", (finding,), is_cut=True)], {"b.yml": "cannot be read: x"})
    (invocation,) = log["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    notes = invocation["toolExecutionNotifications"]
    assert [(note["level"], note["message"]["text"]) for note in notes] == [
        ("error", "b.yml: cannot be read: x"),
        ("warning", "a.yml#2: more than 100 errors; the first 100 are shown"),
    ]
    assert "region" not in log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]


def test_each_finding_is_a_command_of_a_workflow(invoke, folder: Path, schema: Path) -> None:
    result = invoke("check", "a b/bad.yml", "--schema", schema, "--format", "github")
    assert result.exit_code == 1
    first, second, third, summary = result.stdout.splitlines()
    message = '"no" is not one of "alpha", "beta", "gamma"'
    assert first == f"::error file=a b/bad.yml,line=1,col=7,title=enum::/kind: {message}"
    assert second.startswith("::error file=a b/bad.yml,line=2,col=1,title=additionalProperties::/other: ")
    assert third.startswith("::error file=a b/bad.yml,line=4,col=7")
    assert ",title=not a document::" in third
    assert summary == "1 file, 2 documents: 0 valid, 2 rejected (3 errors)"


def test_characters_that_would_end_a_command_are_escaped() -> None:
    finding = Finding("a,b:c.yml", 1, None, "/a:%", "enum", "no\r\n::error::x", "")
    unreadable = {"x\n.yml": "cannot be read: 100%"}
    assert list(github_commands([DocumentFindings("a,b:c.yml", "a,b:c.yml", (finding,))], unreadable)) == [
        "::error file=a%2Cb%3Ac.yml,line=1,title=enum::/a:%25: no%0D%0A::error::x",
        "::error file=x%0A.yml::cannot be read: 100%25",
    ]
