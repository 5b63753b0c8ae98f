"""The strict JSON reader.

Integers of any size stay exact and are not converted to floats. Duplicate keys, NaN and Infinity, numbers beyond the
range of a double, lone surrogates and values over a limit are refused. The standard library parses. If it or a check of
the value finds a fault, the text is read again, slowly, to find the line and column.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from schemalm.documents.json_comments import blank_comments
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import MAX_INTEGER_DIGITS, JSONValue, find_fault, scalar_fault
from schemalm.errors import DocumentError

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+')


class _RefusedError(Exception):
    """Text that is JSON by its grammar, but is not accepted."""


def _unique(pairs: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise _RefusedError("a key is repeated in one object")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise _RefusedError(f"{name} is not a JSON number")


def _exact_integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise _RefusedError(f"an integer of more than {MAX_INTEGER_DIGITS} digits")
    return int(text)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=_exact_integer)


def parse_json(text: str, limits: DocumentLimits, source: str = "") -> JSONValue:
    """Return the value of JSON text.

    Raises `json.JSONDecodeError` if the text breaks the grammar (the caller may try YAML), and `DocumentError` if it is
    JSON that this package refuses.
    """
    try:
        value: JSONValue = _DECODER.decode(text)
        fault = find_fault(value, limits)
    except _RefusedError as error:
        fault = str(error)
    except RecursionError:
        fault = f"nested deeper than {limits.max_depth} levels"
    if fault:
        line, column = _locate_fault(text, limits)
        raise DocumentError(fault, line=line, column=column, source=source)
    return value


def strict_json(text: str, limits: DocumentLimits, source: str = "") -> JSONValue:
    """Return the value of text that must be JSON; raises `DocumentError` for everything that `parse_json` refuses."""
    try:
        return parse_json(text, limits, source)
    except json.JSONDecodeError as error:
        line, column = position_of(text, error.pos)
        raise DocumentError(f"not JSON: {error.msg}", line=line, column=column, source=source) from None


def json_with_comments(text: str, limits: DocumentLimits, source: str = "") -> tuple[JSONValue, bool]:
    """Return the value of JSON text, and whether it has comments or trailing commas.

    Raises `DocumentError` for everything else that `strict_json` refuses.
    """
    try:
        return parse_json(text, limits, source), False
    except json.JSONDecodeError:
        blanked = blank_comments(text)
        return strict_json(blanked, limits, source), blanked != text


def position_of(text: str, offset: int) -> tuple[int, int]:
    """Return the line and column, both from 1, of a character offset; lines end at LF, CR LF and CR."""
    line_start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    return num_line_breaks(text, 0, line_start) + 1, offset - line_start + 1


def num_line_breaks(text: str, start: int, end: int) -> int:
    """Return the number of line breaks between two offsets."""
    return text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)


def _locate_fault(text: str, limits: DocumentLimits) -> tuple[int, int]:
    """Return the position of the first token at fault; of the start of the text if no single token is."""
    objects: list[set[str] | None] = []  # for each open object its keys; for an array None
    num_nodes = 0
    is_key = False
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "{[":
            objects.append(set() if mark == "{" else None)
        elif mark in "}]":
            objects.pop()
        if mark in "{,":
            is_key = bool(objects) and objects[-1] is not None
        elif mark == ":":
            is_key = False
        if mark in ",:]}":
            continue
        num_nodes += not is_key or mark == "{"
        keys = objects[-1] if objects and is_key and mark != "{" else None
        if len(objects) > limits.max_depth or num_nodes > limits.max_nodes or _is_faulty(mark, keys):
            return position_of(text, token.start())
    return 1, 1


def _is_faulty(token: str, keys: set[str] | None) -> bool:
    if token in ("{", "["):
        return False
    try:
        scalar = _DECODER.decode(token)
    except _RefusedError:
        return True
    if keys is not None and isinstance(scalar, str):
        if scalar in keys:
            return True
        keys.add(scalar)
    return scalar_fault(scalar) is not None
