"""The canonical order of an object's keys, as the training corpus prefers it.

In: a grammar and valid values. Out: an order for each set of names. Names are sorted by Copeland's method: for each
pair of names that occur in one object, the more frequent order wins, and a name's score is its wins minus its losses.
Names that no document uses stay behind the name that they follow in the schema. Objects that no document of an evenly
spaced selection reaches keep the schema's order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from itertools import combinations
from typing import Any

from schemalm.grammar.grammar import Grammar
from schemalm.tokenizer.bounded_counter import BoundedCounter
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.encoder import Encoder

MAX_NAMES = 200
MAX_ENCODED_DOCUMENTS = 4_000
MAX_ORDER_BYTES = 64 << 20  # of distinct orders that are counted


def learn_key_orders(grammar: Grammar, values: Sequence[Any]) -> dict[frozenset[str], tuple[str, ...]]:
    """The preferred order of each set of names that the schema lists for an object in one of the values."""
    orders: BoundedCounter[tuple[str, ...]] = BoundedCounter(MAX_ORDER_BYTES, lambda order: 128 + 8 * len(order))
    known = {symbol.text for symbol in grammar.symbols.symbols if symbol.label == "KEY"}
    for value in values:
        _count_key_orders(value, known, orders)
    explored = grammar.with_key_orders({})
    # Encodes pieces as nothing: the aim is that the grammar creates the nonterminals that documents reach.
    encoder: Encoder[None] = Encoder(CompiledRules(explored), lambda kind, text: ())
    for index in range(0, len(values), max(1, -(-len(values) // MAX_ENCODED_DOCUMENTS))):
        encoder.encode(values[index])
    return {
        frozenset(names): _preferred_order(names, orders) for names in explored.name_sets() if len(names) <= MAX_NAMES
    }


def _count_key_orders(value: Any, known: Set[str], orders: BoundedCounter[tuple[str, ...]]) -> None:
    """Counts, for each object in a value, the order of the names that the schema knows."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if 1 < len(node) <= MAX_NAMES:
                order = tuple(name for name in node if name in known)
                if len(order) > 1:
                    orders.add(order, 1)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _preferred_order(names: tuple[str, ...], orders: BoundedCounter[tuple[str, ...]]) -> tuple[str, ...]:
    known = set(names)
    before: Counter[tuple[str, str]] = Counter()
    for order, count in orders.items():
        for pair in combinations([name for name in order if name in known], 2):
            before[pair] += count
    position = {name: index for index, name in enumerate(names)}
    scores = dict.fromkeys((name for pair in before for name in pair), 0)
    for first, second in combinations(scores, 2):
        balance = before[first, second] - before[second, first]
        if balance:
            scores[first] += 1 if balance > 0 else -1
            scores[second] -= 1 if balance > 0 else -1
    # Unused names stay behind the used name that they follow in the schema, or at the front.
    followers: dict[str | None, list[str]] = {None: []}
    last: str | None = None
    for name in names:
        if name in scores:
            last = name
            followers[last] = []
        else:
            followers[last].append(name)
    ordered = sorted(scores, key=lambda name: (-scores[name], position[name]))
    return (*followers[None], *(name for leader in ordered for name in (leader, *followers[leader])))
