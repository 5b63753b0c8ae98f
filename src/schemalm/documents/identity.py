"""When two JSON values are the same one: what `uniqueItems` compares."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from schemalm.documents.values import levels


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


def has_repetition(value: Any) -> bool:
    """Whether an array anywhere in a value has two equal items."""
    # What a container holds gets a number, so that nothing is compared once more for each level that encloses it.
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
