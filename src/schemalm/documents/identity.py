"""The equality of JSON values as JSON Schema defines it, for `uniqueItems`."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from schemalm.documents.values import levels


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


def has_repetition(value: Any) -> bool:
    """Return whether any array in a value has two equal items."""
    # Each different container gets a number, so its content is compared only once, not again at every outer level.
    numbers: dict[Hashable, int] = {}
    containers: dict[int, Hashable] = {}

    def key(item: Any) -> Hashable:
        return containers[id(item)] if isinstance(item, list | dict) else identity(item)

    for level in reversed([*levels(value)]):
        for node in level:
            content: Hashable
            if isinstance(node, list):
                items = [*map(key, node)]
                if len(set(items)) < len(items):
                    return True
                content = tuple(items)
            elif isinstance(node, dict):
                content = frozenset((name, key(item)) for name, item in node.items())
            else:
                continue
            containers[id(node)] = ("container", numbers.setdefault(content, len(numbers)))
    return False
