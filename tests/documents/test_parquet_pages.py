"""The claims of Parquet files about their pages, and malformed footers and headers."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemalm.documents import read_corpus
from schemalm.documents.parquet_pages import chunks, pages
from schemalm.documents.thrift import read_structure
from schemalm.errors import DataError


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "zstd", "snappy"])
def test_pages_agree_with_a_library(tmp_path: Path, version: str, compression: str) -> None:
    columns = {"a": [f"text {number}" for number in range(3000)], "b": [[1.5, None], [], None] * 1000}
    file = tmp_path / "a.parquet"
    pq.write_table(
        pa.table(columns),
        file,
        row_group_size=1000,
        data_page_version=version,
        compression=compression,
        data_page_size=99,
    )
    known = pq.ParquetFile(file).metadata
    with file.open("rb") as opened:
        groups = chunks(opened)
        assert len(groups) == known.num_row_groups == 3
        for group, columns_there in enumerate(groups):
            for index, chunk in enumerate(columns_there):
                column = known.row_group(group).column(index)
                assert (chunk.start, chunk.num_bytes) == (column.dictionary_page_offset, column.total_compressed_size)
                found = list(pages(opened, chunk))
                assert sum(page.num_values for page in found) == column.num_values
                assert 0 < sum(page.num_bytes for page in found) < column.total_uncompressed_size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x15",
        b"\x15" + b"\xff" * 20,  # a number without an end
        b"\x1c" * 1000,  # structures in one another
        b"\x19" + b"\x19" * 1000,  # lists in one another
        b"\x1b\x00",  # a map
        b"\x19\xf1" + b"\xff" * 9 + b"\x01",  # a list of 2^69 booleans
        b"\x19\xfc" + b"\xff" * 9 + b"\x01",  # of structures
        b"\x18" + b"\xff" * 9 + b"\x01",  # a text of such a length
    ],
)
def test_malformed_structures_are_refused_at_once(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"structure|number"):
        read_structure(io.BytesIO(data), {})


def test_fields_of_another_kind_than_the_wanted_are_refused() -> None:
    number, structure = b"\x15\x02\x00", b"\x1c\x00\x00"
    assert read_structure(io.BytesIO(number), {1: None}) == {1: 1}
    assert read_structure(io.BytesIO(structure), {1: {}, 2: None}) == {1: {}}
    for data, wanted in ((number, {1: {}}), (structure, {1: None}), (structure, {1: ({},)})):
        with pytest.raises(ValueError, match="another kind"):
            read_structure(io.BytesIO(data), wanted)


def test_any_byte_of_a_table_may_be_damaged(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    values = [{"a": ["x", "y"], "b": number} for number in range(9)]
    pq.write_table(pa.table({"value": values, "repo": ["o/r"] * 9}), file, compression="zstd")
    whole = file.read_bytes()
    num_refused = 0
    for place in range(0, len(whole), 13):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            list(read_corpus([file]))
        except DataError:
            num_refused += 1
    assert num_refused
