"""When two JSON values are the same one: what `uniqueItems` compares."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


def identity(value: Any) -> Hashable:
    """A key that equal JSON values share: 1 and 1.0 are equal, 1 and true are not, the order of keys is no matter.

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
