"""`schemalm tokenizer train`: its report on the documents that it learned from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemalm.tokenizer import sample as sampling


@pytest.fixture
def train(invoke, pipeline, tmp_path: Path):
    """Return a function that runs the command on the pipeline's corpus of twelve documents."""
    fixed = ("--corpus", pipeline.corpus, "--vocab-size", 360, "--schema", pipeline.schema)
    return lambda name, *options: invoke("tokenizer", "train", *fixed, "--out", tmp_path / name, *options)


def test_learning_from_a_part_of_a_corpus_is_reported(train, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "learning from 12 documents" in train("a").stderr
    result = train("b", "--max-files", 5)
    assert "learning from 5 of 12 documents" in result.stderr
    assert "tokens from 5 of 12 documents" in result.stdout
    monkeypatch.setattr(sampling, "MAX_DOCUMENTS", 4)
    assert "learning from 4 of 12 documents" in train("c").stderr


def test_the_seed_determines_the_documents_learned_from(train, monkeypatch: pytest.MonkeyPatch) -> None:
    def digest(name: str, *options: object) -> str:
        return str(json.loads(train(name, "--json", *options).stdout)["digest"])

    whole = digest("a")
    assert whole == digest("b", "--seed", 0)
    monkeypatch.setattr(sampling, "MAX_DOCUMENTS", 4)
    parts = [digest(f"part {number}", "--seed", seed) for number, seed in enumerate((0, 1, 2, 0))]
    assert parts[0] == parts[3]
    assert len({whole, *parts}) > 2


def test_the_result_counts_the_documents_learned_from_and_all_documents(train) -> None:
    result = json.loads(train("a", "--json", "--max-files", 5).stdout)
    assert (result["num_documents"], result["num_corpus_documents"]) == (5, 12)
