"""The canonical order of an object's keys, as the training corpus prefers it.

For every pair of names that documents put side by side, the order that more weight of documents has wins; names are sorted by
the pairs that they win. Names that no document has keep the schema's order, behind those that they follow there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from schemalm.grammar.grammar import Grammar

MAX_NAMES = 200


def learn_key_orders(grammar: Grammar, values: Iterable[Any]) -> dict[frozenset[str], tuple[str, ...]]:
    """The order of names for each set of names that the grammar's objects have."""
    listings: Counter[tuple[str, ...]] = Counter()
    for value in values:
        _count_listings(value, listings)
    return {frozenset(names): _order(names, listings) for names in grammar.name_sets() if len(names) <= MAX_NAMES}


def _count_listings(value: Any, listings: Counter[tuple[str, ...]]) -> None:
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if 1 < len(node) <= MAX_NAMES:
                listings[tuple(node)] += 1
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _order(names: tuple[str, ...], listings: Counter[tuple[str, ...]]) -> tuple[str, ...]:
    known = set(names)
    before: Counter[tuple[str, str]] = Counter()
    for listing, count in listings.items():
        shared = [name for name in listing if name in known]
        for index, first in enumerate(shared):
            for second in shared[index + 1 :]:
                before[first, second] += count
    position = {name: index for index, name in enumerate(names)}

    def wins(name: str) -> int:
        return sum(_beats(name, other, before, position) for other in names if other != name)

    return tuple(sorted(names, key=lambda name: (-wins(name), position[name])))


def _beats(name: str, other: str, before: Counter[tuple[str, str]], position: dict[str, int]) -> bool:
    forward, backward = before[name, other], before[other, name]
    return forward > backward if forward != backward else position[name] < position[other]
