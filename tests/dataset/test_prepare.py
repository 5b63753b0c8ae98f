"""Preparation: what is written, how sources are split, and what is rejected."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.dataset.prepare import prepare, validation_sources
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.store import Split, load_masks, read_metadata, verify_files
from schemalm.documents import LeftOut, Rejection, canonical_json
from schemalm.documents.left_out import Duplicate
from schemalm.errors import ConfigurationError, DataError
from schemalm.tokenizer import Tokenizer

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
    "additionalProperties": {"type": "string"},
}


def documents(num_documents: int = 60, num_sources: int = 12) -> list[SourceDocument]:
    """Documents of several sources."""
    return [
        SourceDocument(
            {"size": index, "name": f"document {index}", "note": "text " * (index % 9)},
            f"s{index % num_sources}",
            f"d{index}",
        )
        for index in range(num_documents)
    ]


def nonterminals_of(split: Split) -> Any:
    """The row of the mask before each token of all documents."""
    return _rows_of(split)[:, 0]


def states_of(split: Split) -> Any:
    """The rows of the states before each token of all documents."""
    return _rows_of(split)[:, 1:]


def _rows_of(split: Split) -> Any:
    assert split.state_table is not None
    return split.state_table[np.concatenate([split.document(number)[1] for number in range(split.num_documents)])]


def tokens_of(split: Split) -> Any:
    """The tokens of all documents."""
    return np.concatenate([split.document(number)[0] for number in range(split.num_documents)])


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """A small typed tokenizer."""
    return Tokenizer.train(compile_schema(SCHEMA), [document.value for document in documents()], 320)


def test_the_token_stream_decodes_to_the_documents(tokenizer: Tokenizer, tmp_path: Path) -> None:
    summary = prepare(documents(), tokenizer, tmp_path, context_size=16, stride=4)
    metadata = read_metadata(tmp_path)
    verify_files(tmp_path, metadata)
    assert metadata == summary.metadata
    decoded = []
    for name in ("train", "val"):
        split = Split(tmp_path, name, metadata)
        for index in range(split.num_documents):
            value = tokenizer.decode(split.document(index)[0].tolist())
            assert split.num_bytes[index] == len(canonical_json(value))
            decoded.append(canonical_json(value, sort_keys=True))
    assert sorted(decoded) == sorted(canonical_json(document.value, sort_keys=True) for document in documents())


def test_masks_admit_every_token_of_the_stream_and_are_those_of_the_machine(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    prepare(documents(), tokenizer, tmp_path, context_size=16, stride=4)
    metadata = read_metadata(tmp_path)
    packed = load_masks(tmp_path, metadata)
    assert packed is not None
    masks = np.unpackbits(packed, axis=1, count=metadata.vocab_size, bitorder="little").astype(bool)
    split = Split(tmp_path, "train", metadata)
    rows = nonterminals_of(split)
    assert masks[rows, tokens_of(split)].all()
    machine = tokenizer.machine()
    for token, row in zip(split.document(0)[0].tolist(), rows.tolist(), strict=False):
        assert (masks[row] >= machine.mask()).all()
        machine.advance(token)
    assert machine.is_complete


def test_states_are_the_rows_that_generation_reads(tokenizer: Tokenizer, tmp_path: Path) -> None:
    prepare(documents(), tokenizer, tmp_path, context_size=16, stride=4)
    split = Split(tmp_path, "val")
    states = states_of(split)
    reader, machine = GrammarStateReader(tokenizer), tokenizer.machine()
    for token, state in zip(split.document(0)[0].tolist(), states.tolist(), strict=False):
        assert reader.rows(machine) == tuple(state)
        machine.advance(token)
    assert states.max() < tokenizer.states.num_states
    assert (states > 0).mean() > 0.9


def test_no_source_is_in_both_splits_and_shares_are_kept() -> None:
    held = validation_sources(documents(600, 30), 0.2, seed=0)
    assert 0.15 <= sum(document.source in held for document in documents(600, 30)) / 600 <= 0.3
    assert held != validation_sources(documents(600, 30), 0.2, seed=1)
    giant = [SourceDocument({}, "giant", "g")] * 900 + documents(100, 10)
    assert "giant" not in validation_sources(giant, 0.1, seed=5)


def test_one_source_alone_cannot_be_split(tokenizer: Tokenizer, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"two sources.* found 10 documents of s0"):
        prepare(documents(10, 1), tokenizer, tmp_path)


def test_too_few_sources_report_what_was_left_out(tokenizer: Tokenizer, tmp_path: Path) -> None:
    left_out = LeftOut([Rejection("a.yml", "a.yml: no")], [Duplicate("c.yml", "b.yml")])
    with pytest.raises(DataError, match="two sources") as caught:
        prepare([], tokenizer, tmp_path, left_out=left_out)
    assert "example a.yml: no\n" in str(caught.value)
    assert "c.yml, which equals b.yml" in str(caught.value)


def test_documents_of_another_schema_are_refused_with_the_tokenizers_schema_and_the_reasons(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    others = [SourceDocument({"size": "five"}, f"s{index}", f"d{index}") for index in range(6)]
    with pytest.raises(DataError) as caught:
        prepare(others, tokenizer, tmp_path)
    assert "schema is untitled schema: is it the right one?" in str(caught.value)
    assert "rejected: the schema's type; for example d" in str(caught.value)


def test_refused_and_overlong_documents_are_reported_and_left_out(tokenizer: Tokenizer, tmp_path: Path) -> None:
    bad = SourceDocument({"size": "five"}, "s1", "bad.yml")
    long = SourceDocument({"name": "\u4e00" * 3000}, "s1", "long.yml")
    summary = prepare([*documents(), bad, long], tokenizer, tmp_path, context_size=8, stride=1)
    assert [rejection.name for rejection in summary.rejections] == ["bad.yml", "long.yml"]
    assert "/size" in summary.rejections[0].reason
    assert "position" in summary.rejections[1].reason


def test_preparation_repeats_byte_for_byte(tokenizer: Tokenizer, tmp_path: Path) -> None:
    digests = []
    for name in ("first", "second"):
        prepare(documents(), tokenizer, tmp_path / name, context_size=16, stride=4)
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
    assert digests[0] == digests[1]


def test_text_baselines_have_tokens_only(tmp_path: Path) -> None:
    baseline = ByteBPETokenizer.train([document.value for document in documents()], 300)
    summary = prepare(documents(), baseline, tmp_path, context_size=16, stride=4)
    assert summary.metadata.num_places == summary.metadata.num_states == 0
    split = Split(tmp_path, "val")
    assert baseline.decode(split.document(0)[0].tolist())["name"].startswith("document")


@pytest.mark.parametrize("settings", [{"train_split": 1.0}, {"train_split": 0.0}, {"stride": 0}, {"stride": 99}])
def test_settings_out_of_range_are_refused(tokenizer: Tokenizer, tmp_path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        prepare(documents(), tokenizer, tmp_path, **{"context_size": 16, "stride": 4, **settings})
