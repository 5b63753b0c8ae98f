"""`--rules` reaches every command that takes a schema, and saved tokenizers keep their rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Rules under which the kind beta, which the schema admits, is refused."""
    change = {
        "pointer": "/properties/kind",
        "operation": "replace",
        "value": {"enum": ["alpha", "gamma"]},
        "reason": "no more beta",
    }
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"rules": 1, "title": "No beta", "amend": {"no-beta": change}}))
    return path


def result_of(invoke: Any, *arguments: object) -> dict[str, Any]:
    found = invoke(*arguments, "--json")
    assert found.exit_code in (0, 1), found.output
    return dict(json.loads(found.stdout))


def test_check_reports_what_the_rules_refuse(invoke, pipeline, rules: Path) -> None:
    files = sorted(pipeline.corpus.iterdir())
    assert result_of(invoke, "check", *files, "--schema", pipeline.schema)["rejected"] == []
    found = result_of(invoke, "check", *files, "--schema", pipeline.schema, "--rules", rules)
    assert found["rules"] == str(rules)
    assert {row["pointer"] for row in found["rejected"]} == {"/kind"}
    assert len(found["rejected"]) == 6
    shown = invoke("check", *files, "--schema", pipeline.schema, "--rules", rules).stderr
    assert f"against the schema {pipeline.schema} with the rules {rules}" in shown
    assert f"--schema {pipeline.schema} --rules {rules}" in shown


def test_a_corpus_is_collected_under_rules_which_its_manifest_names(invoke, pipeline, rules: Path, tmp_path) -> None:
    rows = [
        {"repo": f"{n}/r", "value": {"kind": kind, "name": "n" * n}}
        for n, kind in ((1, "alpha"), (2, "beta"), (3, "gamma"))
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("collect", tmp_path / "rows.jsonl", "--schema", pipeline.schema, "--similarity", 1, "--out")
    found = result_of(invoke, *options, tmp_path / "c", "--rules", rules)
    assert found["rules"] == str(rules)
    assert found["counts"]["kept"] == 2
    manifest = json.loads((tmp_path / "c" / "manifest.json").read_text())
    assert manifest["rules"] == "No beta"
    again = result_of(invoke, *options, tmp_path / "c", "--rules", rules, "--resume")
    assert again["files"] == found["files"]
    other = invoke(*options, tmp_path / "c", "--resume")
    assert other.exit_code == 2
    assert "already contains a collected corpus" in other.stderr


def test_a_tokenizer_is_trained_under_rules_and_keeps_them(invoke, pipeline, rules: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.json"
    options = ("--corpus", pipeline.corpus, "--schema", pipeline.schema, "--vocab-size", 360, "--out", out)
    found = result_of(invoke, "tokenizer", "train", *options, "--rules", rules)
    assert (found["rules"], found["num_documents"]) == (str(rules), 6)
    assert json.loads(out.read_text())["rules"]["title"] == "No beta"
    prepared = result_of(
        invoke,
        *("prepare", "--input", pipeline.corpus, "--output", tmp_path / "data", "--tokenizer", out),
        *("--context-size", 16, "--stride", 4, "--train-split", 0.7),
    )
    assert prepared["num_rejected"] == 6
    beta = next(path for path in pipeline.corpus.iterdir() if "beta" in path.read_text())
    assert invoke("tokenizer", "inspect", beta, "--tokenizer", out).exit_code == 1


@pytest.mark.parametrize("command", [("train", "--steps", 1), ("ablate", "tie_head=true", "--steps", 1, "--seeds", 1)])
def test_the_reference_implementation_reads_documents_under_rules(
    invoke, pipeline, rules: Path, tmp_path: Path, command: tuple[object, ...]
) -> None:
    options = ("--input", pipeline.corpus, "--schema", pipeline.schema, "--out", tmp_path / "run")
    more = ("--tokenizer", "typed", "--model", "bigram") if command[0] == "train" else ()
    found = result_of(invoke, "reference", *command, *options, *more, "--rules", rules)
    assert found["num_rejected"] == (6 if command[0] == "train" else 0)
