"""Reading selected numbers from structures in Thrift's compact protocol, the format of Parquet's headers and footer.

In go a file and the wanted fields; out come their numbers. All other fields are skipped, so memory is bounded by the
wanted ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

# By field number: None for a number, a mapping for a structure, or a tuple with the mapping for each item of a list.
Wanted = Mapping[int, "Wanted | tuple[Wanted] | None"]
_BOOLEANS, _NUMBERS, _BINARY, _LISTS, _STRUCTURE = (1, 2), (4, 5, 6), 8, (9, 10), 12
_SIZES = {1: 1, 2: 1, 3: 1, 7: 8}  # in bytes, of booleans in lists, bytes and floats
_MAX_DEPTH = 16


def read_structure(file: BinaryIO, wanted: Wanted, depth: int = 0) -> dict[int, Any]:
    """Read the next structure and return its wanted fields; raises `ValueError` if it is malformed."""
    if depth > _MAX_DEPTH:
        raise ValueError("a structure is nested too deep")
    fields: dict[int, Any] = {}
    field = 0
    while head := _byte(file):
        kind = head & 0x0F
        field = field + (head >> 4) if head >> 4 else _number(file)
        if field in wanted:
            fields[field] = _wanted(file, kind, wanted[field], depth)
        elif kind not in _BOOLEANS:  # the kind of a boolean is its value
            _skip_value(file, kind, depth)
    return fields


def _wanted(file: BinaryIO, kind: int, wanted: Wanted | tuple[Wanted] | None, depth: int) -> Any:
    """Read the next number, structure or list; raises `ValueError` if it is of another kind."""
    if wanted is None and kind in _NUMBERS:
        return _number(file)
    if isinstance(wanted, Mapping) and kind == _STRUCTURE:
        return read_structure(file, wanted, depth + 1)
    if isinstance(wanted, tuple) and kind in _LISTS:
        num_items, kind_of_items = _list_head(file)
        return [_wanted(file, kind_of_items, wanted[0], depth + 1) for _ in range(num_items)]
    raise ValueError("a structure has a field of another kind")


def _skip_value(file: BinaryIO, kind: int, depth: int) -> None:
    """Skip a value."""
    if kind in _NUMBERS:
        _unsigned(file)
    elif kind == _STRUCTURE:
        read_structure(file, {}, depth + 1)
    elif kind == _BINARY:
        _skip_bytes(file, _unsigned(file))
    elif kind in _SIZES:
        _skip_bytes(file, _SIZES[kind])
    elif kind in _LISTS and depth < _MAX_DEPTH:
        num_items, kind_of_items = _list_head(file)
        if kind_of_items in _SIZES:
            _skip_bytes(file, num_items * _SIZES[kind_of_items])
        else:
            for _ in range(num_items):  # each takes at least one byte, so the file bounds them
                _skip_value(file, kind_of_items, depth + 1)
    else:  # a map, which Parquet does not use
        raise ValueError("a structure has a field of an unknown kind")


def _skip_bytes(file: BinaryIO, num_bytes: int) -> None:
    file.seek(min(num_bytes, 1 << 48), 1)  # far beyond the end of any file


def _list_head(file: BinaryIO) -> tuple[int, int]:
    """Return the number of items in a list, and their kind."""
    head = _byte(file)
    return head >> 4 if head >> 4 < 15 else _unsigned(file), head & 0x0F


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
    raise ValueError("a number has no end")


def _byte(file: BinaryIO) -> int:
    byte = file.read(1)
    if not byte:
        raise ValueError("the file ends inside a structure")
    return byte[0]
