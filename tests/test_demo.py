"""The whole way, at sizes that take seconds."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from schemalm.demo import DemoSizes, run_demo
from schemalm.errors import DataError
from schemalm.generation import load_run

SIZES = DemoSizes(num_documents=60, vocab_size=700, context_size=64, num_steps=3, num_samples=5, max_tokens=40)


def test_the_demo_leaves_a_run_that_loads_and_a_report_of_valid_documents(tmp_path: Path) -> None:
    messages: list[str] = []
    result = run_demo(tmp_path / "demo", sizes=SIZES, tell=messages.append)
    run = load_run(result.run)
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.schema)
    assert len(result.evaluation.samples) == 5
    assert all(judge.is_valid(sample.value) and sample.verdict.valid for sample in result.evaluation.samples)
    assert "<html" in result.report.read_text()
    assert not result.rejections
    assert any("compos" in message for message in messages)


def test_a_corpus_of_ones_own_takes_the_place_of_the_embedded_one(tmp_path: Path) -> None:
    rows = [
        {
            "value": {"on": "push", "jobs": {f"job-{i}": {"runs-on": "x", "steps": [{"run": f"make {i % 7}"}]}}},
            "repo": f"o/{i % 6}",
        }
        for i in range(60)
    ]
    rows.append({"value": {"on": "nothing"}, "repo": "o/bad", "path": "bad.yml"})
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run_demo(tmp_path / "demo", corpus=corpus, sizes=SIZES)
    assert [rejection.name for rejection in result.rejections] == ["o/bad/bad.yml"]
    assert all(sample.verdict.valid for sample in result.evaluation.samples)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep")
    with pytest.raises(DataError, match="not empty"):
        run_demo(tmp_path, sizes=SIZES)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_another_schema_needs_documents_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--corpus"):
        run_demo(tmp_path / "demo", schema="dependabot", sizes=SIZES)
