"""Finds keys that differ in the case of ASCII letters alone, which rules may forbid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from schemalm.rules.names import folded


def keys_alike(keys: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield each key that differs from an earlier one in case alone, after that one.

    Keys that are not strings are passed over: they are refused for that.
    """
    found: dict[str, str] = {}
    for key in keys:
        if isinstance(key, str):
            first = found.setdefault(folded(key), key)
            if first is not key:
                yield first, key
