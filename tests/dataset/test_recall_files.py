"""Tests of the files of recall: what is written is read again, and what is damaged is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.recall import RecallTable, preceding
from schemalm.dataset.recall_files import RECALL_FILE, RECALL_FILES, entries_in, map_recall_table, write_recall_table
from schemalm.dataset.sources import source_number, source_of
from schemalm.dataset.store import Split, read_metadata, verify_files
from schemalm.errors import ConfigurationError, DataError
from schemalm.tokenizer import Tokenizer

TABLE = RecallTable(
    np.array([3, 9, 1 << 62], dtype=np.uint64), np.array([4, 1, 7], dtype=np.uint16), np.array([0, 2, 23], np.uint8)
)


def written(path: Path, table: RecallTable = TABLE) -> Path:
    write_recall_table(path, table, "uint16")
    return path


def read(path: Path) -> RecallTable:
    with path.open("rb") as file:
        return map_recall_table(file, "uint16", 8)


def columns(table: RecallTable) -> list[list[int]]:
    return [column.tolist() for column in (table.keys, table.tokens, table.certainties)]


@pytest.mark.parametrize("num_entries", [0, 1, 3])
def test_a_table_is_read_as_it_was_written(tmp_path: Path, num_entries: int) -> None:
    table = RecallTable(*(column[:num_entries] for column in (TABLE.keys, TABLE.tokens, TABLE.certainties)))
    assert columns(read(written(tmp_path / "table", table))) == columns(table)


def test_a_file_has_as_many_entries_as_fit(tmp_path: Path) -> None:
    size = written(tmp_path / "table").stat().st_size
    assert [entries_in((size + more) / 1e6, "uint16") for more in (-1, 0, 10, 11)] == [2, 3, 3, 4]


@pytest.mark.parametrize(
    ("place", "content", "problem"),
    [
        (0, bytes([255] * 8), "its keys must rise"),
        (24, b"\x08\x00", "it has the token 8, expected tokens below 8"),
        (32, b"\x18", "it has the certainty 24, expected less than 24"),
        (33, b"\x00", "it has 34 bytes, expected a multiple of 11"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, place: int, content: bytes, problem: str) -> None:
    path = written(tmp_path / "table")
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)
    with pytest.raises(ValueError, match=problem):
        read(path)


@pytest.fixture(scope="module")
def text() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema({"type": "string"}))


@pytest.fixture
def documents() -> list[SourceDocument]:
    """Three sources that end their texts in the same way, and one more for validation."""
    return [
        SourceDocument(f"{name} says the same words again and again", f"{name}/repo", f"{name}.json")
        for name in ("ada", "bob", "cy", "dee", "eve", "fay")
    ]


def test_prepared_data_has_a_table_for_each_fold(
    tmp_path: Path, documents: list[SourceDocument], text: Tokenizer
) -> None:
    data = tmp_path / "data"
    prepare(documents, text, data, context_size=16, stride=4, held_out={"eve/repo"})
    metadata = read_metadata(data)
    assert metadata.recall
    assert all((data / name).is_file() for name in RECALL_FILES)
    verify_files(data, metadata)
    train, val = Split(data, "train", metadata), Split(data, "val", metadata)
    (table,) = val.recall_tables(np.array([0])) or ()
    tokens = val.document(0)[0].astype(np.int64)
    places = np.arange(len(tokens))
    found = table.recall(preceding(tokens, places, np.zeros_like(places)))
    assert found[-1, -1, 0] == tokens[-1]
    for number, own in enumerate(train.recall_tables(np.arange(train.num_documents)) or ()):
        source = documents[number if number < 4 else 5].source
        assert own is train.recall_tables(np.array([number]))[0]  # type: ignore[index]
        assert source_number(source_of(source, "x", "owner")) % 8 + 1 == int(train._folds[number])  # type: ignore[index]


def test_data_without_recall_has_no_tables(tmp_path: Path, documents: list[SourceDocument], text: Tokenizer) -> None:
    prepare(documents, text, tmp_path / "data", context_size=16, stride=4, recall_megabytes=0)
    metadata = read_metadata(tmp_path / "data")
    assert not metadata.recall
    assert Split(tmp_path / "data", "train", metadata).recall_tables(np.array([0])) is None


def test_a_damaged_file_is_named(tmp_path: Path, documents: list[SourceDocument], text: Tokenizer) -> None:
    data = tmp_path / "data"
    prepare(documents, text, data, context_size=16, stride=4)
    path = data / RECALL_FILE
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataError, match=r"recall\.bin is damaged: it has \d+ bytes, expected a multiple of 11"):
        Split(data, "val")
    path.unlink()
    with pytest.raises(DataError, match=r"recall\.bin is missing"):
        Split(data, "val")


def test_too_large_tables_are_refused(tmp_path: Path, documents: list[SourceDocument], text: Tokenizer) -> None:
    with pytest.raises(ConfigurationError, match="recall_megabytes must be"):
        prepare(documents, text, tmp_path / "data", recall_megabytes=5000)
