from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemalm.baselines import ByteBPETokenizer


def test_a_vocabulary_is_shown_without_a_corpus(invoke, pipeline) -> None:
    result = invoke("tokenizer", "stats", "--tokenizer", pipeline.tokenizer)
    assert result.exit_code == 0, result.output
    rows = dict(line.rsplit(None, 1) for line in result.stdout.split("\n\n")[0].splitlines())
    assert (rows["bytes"], rows["property names"]) == ("256", "3")
    assert "longest of text" in result.stdout
    assert "most frequent" not in result.stdout
    assert result.stderr.splitlines()[-1].startswith("next: schemalm prepare --input DIR ")


def test_a_corpus_gives_lengths_and_use(invoke, pipeline) -> None:
    arguments = ("tokenizer", "stats", "--tokenizer", pipeline.tokenizer, "--corpus", pipeline.corpus)
    shown = invoke(*arguments)
    assert shown.exit_code == 0, shown.output
    for expected in ("most frequent", "vocabulary used", "tokens per document, p99", "documents within 1,024 tokens"):
        assert expected in shown.stdout
    report = json.loads(invoke(*arguments, "--json").stdout)
    corpus = report["corpus"]
    assert corpus["num_documents"] == 12
    assert corpus["share_within"] == {"512": 1.0, "1024": 1.0, "2048": 1.0}
    assert set(corpus["lengths"]) == {"p50", "p90", "p99", "max"}
    assert (corpus["stride"], corpus["largest_position"]) == (32, 0)
    assert sum(kind["uses"] for kind in report["kinds"]) == corpus["num_tokens"]
    assert sum(kind["num_tokens"] for kind in report["kinds"]) == report["vocab_size"]
    uses = [token["uses"] for token in report["most_frequent"]]
    assert uses == sorted(uses, reverse=True)


def test_the_largest_position_is_that_of_the_longest_documents_last_window(invoke, tmp_path: Path) -> None:
    tokenizer = tmp_path / "bpe.json"
    ByteBPETokenizer.train([{"a": 1}], vocab_size=258).save(tokenizer)
    (tmp_path / "long.json").write_text(json.dumps(["x" * 1000]))
    arguments = ("tokenizer", "stats", "--tokenizer", tokenizer, "--corpus", tmp_path / "long.json", "--json")
    corpus = json.loads(invoke(*arguments, "--stride", 10).stdout)["corpus"]
    assert corpus["lengths"]["max"] == 1004
    assert corpus["largest_position"] == 50  # windows of 512 tokens from 0, 10, ..., 500


def test_refused_documents_are_counted_and_reported(invoke, pipeline, tmp_path: Path) -> None:
    (tmp_path / "good.yml").write_text("kind: alpha\n")
    (tmp_path / "pink.yml").write_text("kind: pink\n")
    (tmp_path / "broken.yml").write_text('kind: "a\n')
    result = invoke("tokenizer", "stats", "--tokenizer", pipeline.tokenizer, "--corpus", tmp_path)
    assert result.exit_code == 0
    assert "rejected pink.yml: /kind: " in result.stdout
    assert "the schema's enum" in result.stdout
    report = json.loads(
        invoke("tokenizer", "stats", "--tokenizer", pipeline.tokenizer, "--corpus", tmp_path, "--json").stdout
    )
    assert report["corpus"]["num_documents"] == 1
    assert len(report["rejected"]) == 2
    arguments = ("--tokenizer", pipeline.tokenizer, "--corpus", tmp_path, "--strict")
    assert invoke("tokenizer", "stats", *arguments).exit_code == 1


def test_a_corpus_without_any_document_of_the_schema_exits_2(invoke, pipeline, tmp_path: Path) -> None:
    (tmp_path / "pink.yml").write_text("kind: pink\n")
    result = invoke("tokenizer", "stats", "--tokenizer", pipeline.tokenizer, "--corpus", tmp_path)
    assert result.exit_code == 2
    assert "no document is left; the tokenizer's schema is untitled schema: is it the right one?" in result.stderr
    assert "1 rejected: the schema's enum; for example pink.yml: /kind: " in result.stderr


@pytest.mark.parametrize("limit", [1, 5])
def test_max_files_limits_the_corpus(invoke, pipeline, limit: int) -> None:
    arguments = ("tokenizer", "stats", "--tokenizer", pipeline.tokenizer, "--corpus", pipeline.corpus)
    report = json.loads(invoke(*arguments, "--max-files", limit, "--json").stdout)
    assert report["corpus"]["num_documents"] == limit
