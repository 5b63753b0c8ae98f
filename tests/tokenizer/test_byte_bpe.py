"""The text baseline encodes any JSON value and keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemalm.documents import json_equal
from schemalm.errors import DataError, DecodeError
from schemalm.tokenizer import ByteBPETokenizer, Tokenizer


@pytest.fixture(scope="module")
def baseline(documents: list[Any]) -> ByteBPETokenizer:
    return ByteBPETokenizer.train(documents, vocab_size=380)


@pytest.mark.parametrize("value", [None, True, 0, -1.5, "", "naïve 𝄞\n", [], {}, {"on": [1, {"é": None}]}])
def test_values_round_trip(baseline: ByteBPETokenizer, value: Any) -> None:
    assert json_equal(baseline.decode(baseline.encode(value)), value)


def test_merges_shorten_what_the_corpus_repeats(baseline: ByteBPETokenizer, documents: list[Any]) -> None:
    assert baseline.vocab_size == 380
    assert len(baseline.encode(documents[0])) < 120


def test_saving_and_loading_gives_the_same_bytes(baseline: ByteBPETokenizer, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    baseline.save(path)
    loaded = ByteBPETokenizer.load(path)
    assert loaded.digest == baseline.digest
    assert loaded.encode({"a": "b"}) == baseline.encode({"a": "b"})
    with pytest.raises(DataError):
        Tokenizer.load(path)


def test_training_twice_gives_the_same_bytes(baseline: ByteBPETokenizer, documents: list[Any]) -> None:
    assert ByteBPETokenizer.train(documents, vocab_size=380).digest == baseline.digest


def test_a_cut_sequence_is_no_document(baseline: ByteBPETokenizer, documents: list[Any]) -> None:
    with pytest.raises(DecodeError):
        baseline.decode(baseline.encode(documents[0])[:-1])


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"kind": "byte-bpe", "format": 1}', '{"kind":"byte-bpe","format":1,"engine":{}}']
)
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    with pytest.raises(DataError):
        ByteBPETokenizer.load(path)
