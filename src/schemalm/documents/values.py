"""JSON values: their type, their equality, their canonical text, and the check that a Python object is one.

A value consists of `dict` with `str` keys, `list`, `str`, `int`, `float`, `bool` and `None`; subclasses are not
accepted. Schemas play no part here.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from typing import TypeAlias

from schemalm.documents.limits import DocumentLimits

JSONValue: TypeAlias = "bool | int | float | str | list[JSONValue] | dict[str, JSONValue] | None"

MAX_INTEGER_DIGITS = 4300  # Python's default limit for converting between text and integers
_MAX_INTEGER_BITS = 14_281  # every integer of this size has at most 4300 digits
_SMALL = 1 << 64  # below this, the digits need not be counted
_CANONICAL = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)


def canonical_json(value: JSONValue, *, sort_keys: bool = False) -> bytes:
    """Return compact JSON in UTF-8: non-ASCII text as it is, keys in the order given or sorted."""
    encoder = _SORTED if sort_keys else _CANONICAL
    try:
        return encoder.encode(value).encode("utf-8")
    except RecursionError:
        return "".join(_pieces(value, encoder)).encode("utf-8")


def _pieces(value: JSONValue, encoder: json.JSONEncoder) -> Iterator[str]:
    """Yield the JSON text of a value that is nested too deeply for the encoder."""
    ends = {list: "]", dict: "}"}
    # What is open: the rest of each list or object, and the text that ends it.
    stack: list[tuple[Iterator[tuple[str, JSONValue]], str]] = [(iter([("", value)]), "")]
    while stack:
        members, end = stack[-1]
        before, member = next(members, (None, None))
        if before is None:
            yield end
            stack.pop()
        elif isinstance(member, list | dict) and member:
            yield before + ("[" if isinstance(member, list) else "{")
            stack.append((_members(member, encoder), ends[type(member)]))
        else:
            yield before + encoder.encode(member)


def _members(
    value: list[JSONValue] | dict[str, JSONValue], encoder: json.JSONEncoder
) -> Iterator[tuple[str, JSONValue]]:
    """Yield each member with the text before it: a comma, but for the first, and a key."""
    if isinstance(value, list):
        yield from (("," if number else "", item) for number, item in enumerate(value))
    else:
        items = sorted(value.items()) if encoder.sort_keys else value.items()
        yield from (
            (f"{',' if number else ''}{encoder.encode(key)}:", item) for number, (key, item) in enumerate(items)
        )


def value_digest(value: JSONValue) -> bytes:
    """Return the SHA-256 of a value, 32 bytes; the order of keys does not matter."""
    return canonical_digest(canonical_json(value, sort_keys=True))


def canonical_digest(canonical: bytes) -> bytes:
    """Return the digest of a value from its canonical JSON with sorted keys."""
    return hashlib.sha256(canonical).digest()


def json_equal(left: JSONValue, right: JSONValue) -> bool:
    """Return whether two values are the same JSON, whatever the order of keys.

    `1`, `1.0` and `true` differ, and so do `0.0` and `-0.0`.
    """
    pairs: list[tuple[JSONValue, JSONValue]] = [(left, right)]
    while pairs:
        a, b = pairs.pop()
        if type(a) is not type(b):
            return False
        if isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            pairs.extend((a[key], b[key]) for key in a)
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            pairs.extend(zip(a, b, strict=True))
        elif a != b or (isinstance(a, float) and isinstance(b, float) and math.copysign(1, a) != math.copysign(1, b)):
            return False
    return True


def levels(value: JSONValue) -> Iterator[list[JSONValue]]:
    """Yield the nodes of a value level by level: the n-th list has the nodes inside n - 1 containers."""
    level = [value]
    while level:
        yield level
        deeper: list[JSONValue] = []
        for node in level:
            if type(node) is dict:
                deeper.extend(node.values())
            elif type(node) is list:
                deeper.extend(node)
        level = deeper


def find_fault(value: object, limits: DocumentLimits) -> str | None:
    """Say why an object is not a JSON value within the limits, or return None if it is."""
    num_nodes = 0
    for depth, level in enumerate(levels(value), start=1):  # type: ignore[arg-type]
        num_nodes += len(level)
        if num_nodes > limits.max_nodes:
            return f"more than {limits.max_nodes:,} values, the limit (max_nodes)"
        if depth <= limits.max_depth and _is_plain(level):
            continue
        for node in level:
            fault = _container_fault(node, depth, limits) if type(node) in (dict, list) else scalar_fault(node)
            if fault:
                return fault
    return None


def _is_plain(level: list[JSONValue]) -> bool:
    """Return whether a quick check shows that no node has a fault: all strings are ASCII, all numbers small."""
    texts: list[str] = []
    for node in level:
        kind = type(node)
        if kind is str:
            texts.append(node)  # type: ignore[arg-type]
        elif kind is dict:
            texts += node  # type: ignore[arg-type]
        elif kind is int:
            if not -_SMALL < node < _SMALL:  # type: ignore[operator]
                return False
        elif kind not in (bool, list, type(None)):
            return False
    # Keys may be of any class, and joining accepts subclasses of `str`, which are no JSON strings here.
    return set(map(type, texts)) <= {str} and "".join(texts).isascii()


def scalar_fault(node: object) -> str | None:
    """Say why a scalar is not a JSON value, or return None if it is."""
    kind = type(node)
    if kind is str:
        return _text_fault(str(node))
    if isinstance(node, float) and kind is float:
        return None if math.isfinite(node) else f"{node} is not a JSON number"
    if isinstance(node, int) and kind is int:
        return f"an integer of more than {MAX_INTEGER_DIGITS} digits" if node.bit_length() > _MAX_INTEGER_BITS else None
    return None if node is None or kind is bool else f"a {kind.__name__} is not a JSON value"


def _container_fault(node: object, depth: int, limits: DocumentLimits) -> str | None:
    if depth > limits.max_depth:
        return f"nested deeper than {limits.max_depth} levels"
    for key in node if isinstance(node, dict) else ():
        if type(key) is not str:
            return f"the key {key!r} is not a string"
        if fault := _text_fault(key):
            return fault
    return None


def _text_fault(text: str) -> str | None:
    if text.isascii():
        return None
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return f"the lone surrogate U+{ord(text[error.start]):04X} is not a character"
    return None
