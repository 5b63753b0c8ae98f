"""The sizes that the pages of a Parquet file state, found without reading what they hold.

A page of some bytes may state that it expands to gigabytes, or holds a thousand million values, and readers believe it.
So the headers are read first. Where they stand says the footer, which is read here as well: pyarrow ends the process
where it is asked for a column that is described wrongly there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from schemalm.documents.thrift import Wanted, read_structure

_TAIL_BYTES = 8  # the size of the footer, and four letters
# Numbers of fields in Parquet's definition.
_ROW_GROUPS, _COLUMNS, _COLUMN = 4, 1, 3
_STORED_SIZE, _DATA_OFFSET, _DICTIONARY_OFFSET = 7, 9, 11
_EXPANDED, _STORED, _DATA, _DATA_V2, _NUM_VALUES = 2, 3, 5, 8, 1
_PLACE: Wanted = {_STORED_SIZE: None, _DATA_OFFSET: None, _DICTIONARY_OFFSET: None}
_FOOTER: Wanted = {_ROW_GROUPS: ({_COLUMNS: ({_COLUMN: _PLACE},)},)}
_HEADER: Wanted = {_EXPANDED: None, _STORED: None, _DATA: {_NUM_VALUES: None}, _DATA_V2: {_NUM_VALUES: None}}


class Chunk(NamedTuple):
    """Where the pages of a column in a row group stand."""

    start: int
    num_bytes: int


class Page(NamedTuple):
    """What a page states: its size in bytes once it is expanded, and how many values of a column it holds."""

    num_bytes: int
    num_values: int


def chunks(file: BinaryIO) -> list[list[Chunk]]:
    """Of each row group the columns; raises `ValueError` where the footer does not say."""
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
        raise ValueError("a column without a place")
    return Chunk(min(offsets), column[_STORED_SIZE])


def pages(file: BinaryIO, chunk: Chunk) -> Iterator[Page]:
    """Yield the pages of a column in a row group; raises `ValueError` for what are no pages."""
    file.seek(chunk.start)
    while file.tell() < chunk.start + chunk.num_bytes:
        header = read_structure(file, _HEADER)
        expanded, stored = header.get(_EXPANDED), header.get(_STORED)
        if expanded is None or stored is None or expanded < 0 or stored < 0:
            raise ValueError("a page without a size")
        data = header.get(_DATA) or header.get(_DATA_V2) or {}
        yield Page(expanded, data.get(_NUM_VALUES, 0))
        file.seek(stored, 1)
