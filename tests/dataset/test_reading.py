"""Reading a corpus: distinct documents, chosen rows, and a record of the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.collected import FORMAT
from schemalm.dataset.reading import (
    SourceDocument,
    read_documents,
    select_rows,
    stream_documents,
    training_path,
    valid_documents,
)
from schemalm.documents import LeftOut
from schemalm.documents.left_out import Duplicate
from schemalm.errors import DataError

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"name": {"type": "string"}, "size": {"type": "integer"}}}


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """Ten rows in each of two files and ten files of documents, every value a different number."""
    for file in range(2):
        lines = [json.dumps({"value": file * 10 + index}) for index in range(10)]
        (tmp_path / f"rows{file}.jsonl").write_text("\n".join(lines) + "\n")
    for index in range(20, 30):
        (tmp_path / f"z{index}.json").write_text(str(index))
    return tmp_path


def test_reading_keeps_sources_reports_bad_files_and_drops_copies(tmp_path: Path) -> None:
    rows = [
        '{"value": {"name": "a"}, "repo": "o/r", "path": "a.yml"}',
        '{"yaml": "name: a", "repo": "o/s"}',
        '{"yaml": "a: b: c"}',
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows) + "\n")
    found, left_out = read_documents([tmp_path / "rows.jsonl"])
    assert [(document.value, document.source) for document in found] == [({"name": "a"}, "o/r")]
    assert len(left_out.rejections) == 1
    assert left_out.duplicates == [Duplicate("o/s/rows.jsonl:2", "o/r/a.yml")]
    given = [*found, SourceDocument({"size": "x"}, "o/r", "b.yml")]
    assert list(valid_documents(given, compile_schema(SCHEMA), left_out)) == found
    assert [rejection.name for rejection in left_out.rejections] == ["rows.jsonl:3", "b.yml"]


def test_a_number_of_documents_is_spread_evenly_over_the_corpus(numbered: Path) -> None:
    found, _ = read_documents([numbered], max_documents=4)
    assert [document.value for document in found] == [0, 10, 19, 29]
    found, _ = read_documents([numbered], max_documents=99)
    assert [document.value for document in found] == list(range(30))


def test_rows_that_are_not_chosen_are_not_parsed(numbered: Path) -> None:
    (numbered / "rows1.jsonl").write_text("no JSON\n" * 10)
    found, left_out = read_documents([numbered], max_documents=2)
    assert [document.value for document in found] == [0, 29]
    assert not left_out.rejections


def test_a_seed_draws_rows_of_a_larger_corpus(numbered: Path) -> None:
    first, again, other = (select_rows([numbered], True, None, most=7, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert (first.num_rows, first.num_chosen) == (30, 7)
    assert first.chosen == sorted(set(first.chosen or ()))
    assert select_rows([numbered], True, None, most=30).chosen is None


def test_a_stream_reports_the_number_of_rows_read(numbered: Path) -> None:
    told: list[int] = []
    assert len(list(stream_documents([numbered], True, LeftOut(), progress=told.append))) == 30
    assert told == sorted(told)
    assert told[-1] == 30


def test_an_empty_corpus_is_refused_before_rows_are_chosen(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no documents found"):
        read_documents([tmp_path], max_documents=3)
    with pytest.raises(DataError, match="no such file"):
        select_rows([tmp_path / "absent"], True, None, most=3)


def test_a_tokenizer_learns_from_the_training_split_of_a_collected_corpus(numbered: Path) -> None:
    assert training_path(numbered) == numbered
    for split in ("train", "val"):
        (numbered / split).mkdir()
    (numbered / "manifest.json").write_text(json.dumps({"kind": "schemalm corpus", "format": FORMAT}))
    assert training_path(numbered) == numbered / "train"
