"""The YAML 1.2 core schema (section 10.3 of the specification): the values of plain scalars."""

from __future__ import annotations

import re

from schemalm.documents.values import JSONValue

NULL = re.compile(r"null|Null|NULL|~|")
BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STARTS = frozenset(["", *"nN~tTfF0123456789+-."])  # anything else is text
_RADIX = {"0o": 8, "0x": 16}


def resolve_plain(text: str) -> JSONValue:
    """Return the value of a plain scalar under the YAML 1.2 core schema; infinities and NaN are floats."""
    if text[:1] not in _STARTS:
        return text
    if NULL.fullmatch(text):
        return None
    if BOOLEAN.fullmatch(text):
        return text[0] in "tT"
    if INTEGER.fullmatch(text):
        radix = _RADIX.get(text[:2])
        return int(text[2:], radix) if radix else int(text)
    if FLOAT.fullmatch(text):
        return float(text)
    return float(text.replace(".", "")) if NOT_FINITE.fullmatch(text) else text
