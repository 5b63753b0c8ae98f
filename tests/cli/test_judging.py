"""Commands succeed with schemas that jsonschema-rs cannot read as written, or that no judge can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.judging.misread import MISREAD

from schemalm.errors import SchemaError
from schemalm.judging import selection


def write_run(invoke, folder: Path, name: str) -> tuple[Path, str]:
    """Train a run from a schema and its documents, and return the messages of the training."""
    schema, valid, _ = MISREAD[name]
    (folder / "corpus").mkdir()
    (folder / "schema.json").write_text(json.dumps(schema))
    for number, value in enumerate(valid):
        (folder / "corpus" / f"{number}.json").write_text(json.dumps(value))
    tokenizer, data, run = folder / "tokenizer.json", folder / "data", folder / "run"
    corpus = folder / "corpus"
    vocabulary = ("--vocab-size", 300, "--schema", folder / "schema.json")
    windows = ("--context-size", 32, "--stride", 4, "--train-split", 0.5)
    trained = invoke("tokenizer", "train", "--corpus", corpus, *vocabulary, "--out", tokenizer)
    assert trained.exit_code == 0, trained.output
    prepared = invoke("prepare", "--input", corpus, "--output", data, "--tokenizer", tokenizer, *windows)
    assert prepared.exit_code == 0, prepared.output
    result = invoke("train", "--data", data, "--out", run, "--steps", 1, "--batch-size", 2, "--samples", 1)
    assert result.exit_code == 0, result.output
    return run, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["an e-mail pattern", "spellings of draft 4"])
def test_schemas_that_the_judge_cannot_read_as_written_are_judged(invoke, tmp_path: Path, name: str) -> None:
    run, told = write_run(invoke, tmp_path, name)
    assert "documents are judged by jsonschema-rs" in told
    assert "1 of 1 samples valid" in told
    evaluated = invoke("evaluate", run, "--samples", 2)
    assert evaluated.exit_code == 0, evaluated.output
    assert "schema judges 2 documents, samples" in evaluated.stderr
    assert ["schema", "100", "%"] in [line.split()[:3] for line in evaluated.stdout.splitlines()]
    assert invoke("generate", run, "-n", 1).exit_code == 0


@pytest.mark.slow
def test_a_run_without_a_judge_succeeds_and_says_so(invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SchemaError("the judge cannot read it: out of order")

    monkeypatch.setattr(selection, "SchemaJudge", refuse)
    monkeypatch.setattr(selection, "PythonJudge", refuse)
    run, told = write_run(invoke, tmp_path, "an e-mail pattern")
    said = "no judge can read this schema, so documents will not be judged: the judge cannot read it: out of order"
    assert told.index(said) < told.index("step 1")
    evaluated = invoke("evaluate", run, "--samples", 2)
    assert evaluated.exit_code == 0, evaluated.output
    missing = "no program can read this schema: the judge cannot read it: out of order"
    assert f"note: Not asked: schema: {missing}." in evaluated.stdout
    report = json.loads(invoke("evaluate", run, "--samples", 2, "--json").stdout)
    assert report["missing_judges"]["schema"] == missing
    assert "schema" not in [each["name"] for each in report["acceptance"]]
