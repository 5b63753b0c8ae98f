"""The analysis predicts the figures of preparing and training exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.dataset.analysis import Analysis, analyze
from schemalm.dataset.analysis_plot import draw_analysis
from schemalm.dataset.collected import FORMAT
from schemalm.dataset.lengths import CorpusLengths
from schemalm.dataset.padding import padding_share
from schemalm.dataset.prepare import CorpusInput, PrepareSettings, prepare_corpus
from schemalm.dataset.store import Split
from schemalm.engines import open_engine
from schemalm.errors import DataError
from schemalm.tokenizer import Tokenizer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
    "additionalProperties": {"type": "string"},
}
VALUES = [{"size": index, "name": f"no {index}", "note": "text " * (7 * index % 31)} for index in range(90)]


def write(path: Path, values: list[Any]) -> Path:
    rows = [json.dumps({"value": value, "repo": f"o/r{index % 11}"}) for index, value in enumerate(values)]
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(compile_schema(SCHEMA), VALUES, 320)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Documents with copies and invalid ones between them, and two that need too many positions."""
    long = [{"name": "letters " * 800, "size": index} for index in range(2)]
    return write(tmp_path / "corpus.jsonl", [*VALUES[:40], VALUES[3], {"size": "x"}, *VALUES[40:], *long, VALUES[50]])


def analyzed(corpus: Path, tokenizer: Any, folder: Path, workers: int = 1, seed: int = 3) -> tuple[Analysis, Any]:
    lengths = CorpusLengths(CorpusInput([corpus], True), tokenizer, folder, seed=seed)
    told: list[int] = []
    with open_engine("local", workers=workers) as engine:
        lengths.measure(engine, told.append)
    assert told[-1] == lengths.num_rows
    return analyze(lengths, tokenizer, 0.7, context_sizes=(16, 64), strides=(1, 4, 16, 32)), lengths.left_out


def test_figures_equal_those_of_the_prepared_data(corpus: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    analysis, left_out = analyzed(corpus, tokenizer, tmp_path / "lengths")
    assert [(choice.context_size, choice.stride) for choice in analysis.choices] == [
        *((16, stride) for stride in (1, 4, 16)),
        *((64, stride) for stride in (1, 4, 16, 32)),
    ]
    assert (left_out.num_rejected, left_out.num_duplicates) == (1, 2)
    assert analysis.num_documents == len(VALUES) + 2
    for number, choice in enumerate(analysis.choices):
        out = tmp_path / f"data{number}"
        settings = PrepareSettings(choice.context_size, choice.stride, 0.7, seed=3)
        with open_engine("local", workers=1) as engine:
            metadata = prepare_corpus(CorpusInput([corpus], True), tokenizer, out, settings, engine).metadata
        splits = metadata.splits.values()
        num_documents = sum(split.num_documents for split in splits)
        train = Split(out, "train", metadata)
        assert choice.num_windows == sum(split.num_windows for split in splits)
        assert choice.num_train_windows == metadata.splits["train"].num_windows
        assert choice.padded_share == pytest.approx(padding_share(train), abs=1e-12)
        assert choice.packed_padded_share == pytest.approx(padding_share(train, "documents"), abs=1e-12)
        assert choice.documents_with_positions == num_documents / analysis.num_documents
        assert choice.plain_bytes == sum(4 * split.num_tokens + 16 * split.num_documents + 8 for split in splits)
    assert {choice.documents_with_positions for choice in analysis.choices} == {1.0, 90 / 92}


def test_coverage_is_that_of_all_documents(corpus: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    analysis, _ = analyzed(corpus, tokenizer, tmp_path / "lengths")
    lengths = np.array([len(tokenizer.encode(value)) for value in VALUES])
    first = analysis.choices[0]
    assert first.whole_documents == (lengths <= 16).sum() / 92
    assert first.whole_tokens == lengths[lengths <= 16].sum() / analysis.num_tokens
    assert first.pt_bytes == first.num_windows * 17 * 8
    assert min(choice.attention_cost for choice in analysis.choices) == 1


@pytest.mark.slow
def test_workers_change_nothing(corpus: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    one, two = (analyzed(corpus, tokenizer, tmp_path / f"by {workers}", workers)[0] for workers in (1, 2))
    assert one.to_dict() == two.to_dict()
    assert one.counts.tolist() == two.counts.tolist()


def test_the_recommended_context_is_the_smallest_that_is_enough(tokenizer: Tokenizer, tmp_path: Path) -> None:
    small, _ = analyzed(write(tmp_path / "small.jsonl", [{"size": n} for n in range(40)]), tokenizer, tmp_path / "a")
    assert (small.recommended.context_size, small.recommended.stride) == (16, 16)
    assert "16 is the smallest context size here that fits 100.0% of the documents whole" in small.reason
    large, _ = analyzed(
        write(tmp_path / "large.jsonl", [{"name": "word " * (30 + n), "size": n} for n in range(40)]),
        tokenizer,
        tmp_path / "b",
    )
    assert large.recommended.context_size == 64
    assert "all documents have position tokens" in large.reason


def test_a_collected_corpus_keeps_its_split(tokenizer: Tokenizer, tmp_path: Path) -> None:
    for name, values in (("train", VALUES[:70]), ("val", VALUES[70:])):
        (tmp_path / "corpus" / name).mkdir(parents=True)
        write(tmp_path / "corpus" / name / "rows.jsonl", values)
    (tmp_path / "corpus" / "manifest.json").write_text(json.dumps({"kind": "schemalm corpus", "format": FORMAT}))
    analysis, _ = analyzed(tmp_path / "corpus", tokenizer, tmp_path / "lengths")
    lengths = [len(tokenizer.encode(value)) for value in VALUES[:70]]
    assert analysis.choices[0].num_train_windows == sum(1 + max(0, length - 16) for length in lengths)


def test_text_tokenizers_have_tokens_only(tmp_path: Path) -> None:
    baseline = ByteBPETokenizer.train(VALUES, vocab_size=300)
    corpus = write(tmp_path / "rows.jsonl", VALUES)
    analysis, _ = analyzed(corpus, baseline, tmp_path / "lengths")
    assert analysis.choices[-1].plain_bytes == 2 * analysis.num_tokens + 16 * len(VALUES) + 16


def test_what_cannot_be_split_is_refused(tokenizer: Tokenizer, tmp_path: Path) -> None:
    one = tmp_path / "one.json"
    one.write_text('{"size": 1}')
    with pytest.raises(DataError, match="fewer than two sources"):
        analyzed(one, tokenizer, tmp_path / "a")
    one.write_text('{"size": "x"}')
    with pytest.raises(DataError, match="no document is left"):
        analyzed(one, tokenizer, tmp_path / "b")


@pytest.mark.slow
def test_the_plot_is_a_picture(corpus: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    analysis, _ = analyzed(corpus, tokenizer, tmp_path / "lengths")
    assert draw_analysis(analysis).startswith(b"\x89PNG")
    assert draw_analysis(analysis) == draw_analysis(analysis)
