"""The sizes that the pages of a Parquet file claim, found without reading their content.

A page of a few bytes may claim that it expands to gigabytes, or contains a billion values, and readers believe it. So
the headers are read first. Their positions are in the footer, which is read here as well: pyarrow ends the process if
the footer describes a column wrongly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from schemalm.documents.thrift import Wanted, read_structure

_TAIL_BYTES = 8  # the size of the footer, and the four letters PAR1
# Field numbers in Parquet's definition.
_ROW_GROUPS, _COLUMNS, _COLUMN = 4, 1, 3
_STORED_SIZE, _DATA_OFFSET, _DICTIONARY_OFFSET = 7, 9, 11
_EXPANDED, _STORED, _DATA, _DATA_V2, _NUM_VALUES = 2, 3, 5, 8, 1
_LOCATION: Wanted = {_STORED_SIZE: None, _DATA_OFFSET: None, _DICTIONARY_OFFSET: None}
_FOOTER: Wanted = {_ROW_GROUPS: ({_COLUMNS: ({_COLUMN: _LOCATION},)},)}
_HEADER: Wanted = {_EXPANDED: None, _STORED: None, _DATA: {_NUM_VALUES: None}, _DATA_V2: {_NUM_VALUES: None}}


class Chunk(NamedTuple):
    """The position of the pages of one column in a row group."""

    start: int
    num_bytes: int


class Page(NamedTuple):
    """The claims of a page: its size in bytes after decompression, and its number of values."""

    num_bytes: int
    num_values: int


def chunks(file: BinaryIO) -> list[list[Chunk]]:
    """Return the column chunks of each row group; raises `ValueError` if the footer does not list them."""
    file.seek(-_TAIL_BYTES, os.SEEK_END)
    size = int.from_bytes(file.read(4), "little")
    file.seek(-_TAIL_BYTES - size, os.SEEK_END)
    footer = read_structure(file, _FOOTER)
    return [
        [_chunk(column.get(_COLUMN) or {}) for column in group.get(_COLUMNS) or []]
        for group in footer.get(_ROW_GROUPS) or []
    ]


def _chunk(column: dict[int, int]) -> Chunk:
    offsets = [offset for field in (_DATA_OFFSET, _DICTIONARY_OFFSET) if (offset := column.get(field))]
    if not offsets or _STORED_SIZE not in column:
        raise ValueError("a column without a position")
    return Chunk(min(offsets), column[_STORED_SIZE])


def pages(file: BinaryIO, chunk: Chunk) -> Iterator[Page]:
    """Yield the pages of a column chunk; raises `ValueError` if there are none at its position."""
    file.seek(chunk.start)
    while file.tell() < chunk.start + chunk.num_bytes:
        header = read_structure(file, _HEADER)
        expanded, stored = header.get(_EXPANDED), header.get(_STORED)
        if expanded is None or stored is None or expanded < 0 or stored < 0:
            raise ValueError("a page without a size")
        data = header.get(_DATA) or header.get(_DATA_V2) or {}
        yield Page(expanded, data.get(_NUM_VALUES, 0))
        file.seek(stored, 1)
