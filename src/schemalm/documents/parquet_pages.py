"""The sizes that the pages of a Parquet file state, found without reading what they hold.

A page of some bytes may state that it expands to gigabytes, or holds a thousand million values, and readers believe it.
So headers are read first. They are structures in Thrift's compact protocol; of their fields only three sizes matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_I32, _BINARY, _LIST, _SET, _MAP, _STRUCT, _DOUBLE, _BYTE = 5, 8, 9, 10, 11, 12, 7, 3
_NUMBERS = (4, _I32, 6)
_BOOLEANS = (1, 2)
_MAX_DEPTH = 8  # of a header's structures
_EXPANDED, _STORED, _DATA, _DICTIONARY, _DATA_V2 = 2, 3, 5, 7, 8  # fields of a page's header
_NUM_VALUES = 1  # the field of a data page's own header


class Page(NamedTuple):
    """What a page states: its size in bytes once it is expanded, and how many values of a column it holds."""

    num_bytes: int
    num_values: int


def pages(file: BinaryIO, start: int, size: int) -> Iterator[Page]:
    """Yield the pages in `size` bytes of a file from `start` on; raises `ValueError` for what are no pages."""
    file.seek(start)
    while file.tell() < start + size:
        header = _structure(file, 0)
        expanded, stored = header.get(_EXPANDED), header.get(_STORED)
        if not isinstance(expanded, int) or not isinstance(stored, int) or expanded < 0 or stored < 0:
            raise ValueError("a page without a size")
        data = header.get(_DATA) or header.get(_DATA_V2)
        num_values = data.get(_NUM_VALUES) if isinstance(data, dict) else 0
        yield Page(expanded, num_values if isinstance(num_values, int) else 0)
        file.seek(stored, 1)


def _structure(file: BinaryIO, depth: int) -> dict[int, object]:
    """The numbers and structures of a structure by their field; all else is passed over."""
    if depth > _MAX_DEPTH:
        raise ValueError("a page's header is nested too deep")
    fields: dict[int, object] = {}
    field = 0
    while head := _byte(file):
        kind = head & 0x0F
        field = field + (head >> 4) if head >> 4 else _number(file)
        fields[field] = _value(file, kind, depth)
    return fields


def _value(file: BinaryIO, kind: int, depth: int) -> object:
    if kind in _NUMBERS:
        return _number(file)
    if kind == _STRUCT:
        return _structure(file, depth + 1)
    if kind not in _BOOLEANS:  # of which the kind is the value
        _pass(file, kind, depth)
    return None


def _pass(file: BinaryIO, kind: int, depth: int) -> None:
    """Go behind a value that does not matter."""
    if kind == _BINARY:
        file.seek(_unsigned(file), 1)
    elif kind in (_BYTE, _DOUBLE):
        file.seek(1 if kind == _BYTE else 8, 1)
    elif kind in (_LIST, _SET):
        head = _byte(file)
        num_items = head >> 4 if head >> 4 < 15 else _unsigned(file)
        for _ in range(num_items):
            _item(file, head & 0x0F, depth)
    else:  # a map, or nothing that Thrift knows
        raise ValueError("a page's header has a field of an unknown kind")


def _item(file: BinaryIO, kind: int, depth: int) -> None:
    """Go behind an item of a list, in which truth values take a byte."""
    if kind in _BOOLEANS:
        _byte(file)
    else:
        _value(file, kind, depth + 1)


def _number(file: BinaryIO) -> int:
    unsigned = _unsigned(file)
    return (unsigned >> 1) ^ -(unsigned & 1)


def _unsigned(file: BinaryIO) -> int:
    number = 0
    for shift in range(0, 70, 7):
        byte = _byte(file)
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number
    raise ValueError("a number in a page's header has no end")


def _byte(file: BinaryIO) -> int:
    byte = file.read(1)
    if not byte:
        raise ValueError("the file ends within a page")
    return byte[0]
