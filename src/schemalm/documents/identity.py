"""The equality of JSON values as JSON Schema defines it, for `uniqueItems`."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


def identity(value: Any) -> Hashable:
    """Return a key that equal JSON values share: 1 equals 1.0 but not true, and the order of keys does not matter.

    Source: JSON Schema 2020-12, section 4.2.2, "Instance Equality".
    """
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if isinstance(value, list):
        return ("array", tuple(map(identity, value)))
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(item)) for name, item in value.items()))
    scalar: Hashable = value
    return scalar
