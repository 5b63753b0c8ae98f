"""The canonical order of an object's keys, as the training corpus prefers it.

For every pair of names that documents put side by side, the order that more of them have wins; names are sorted by the
pairs that they win, less those that they lose. Names that no document has keep the schema's order, behind those that
they follow there. Objects that no document of an even selection reaches keep the schema's order altogether.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from itertools import combinations
from typing import Any

from schemalm.grammar.grammar import Grammar
from schemalm.tokenizer.compiled_rules import CompiledRules
from schemalm.tokenizer.encoder import Encoder
from schemalm.tokenizer.tally import Tally

MAX_NAMES = 200
MAX_READ_DOCUMENTS = 4_000
MAX_LISTING_BYTES = 64 << 20  # of the different orders that objects have their names in


def learn_key_orders(grammar: Grammar, values: Sequence[Any]) -> dict[frozenset[str], tuple[str, ...]]:
    """The order of names for each set of names that the grammar's objects have in valid values."""
    listings: Tally[tuple[str, ...]] = Tally(MAX_LISTING_BYTES, lambda listing: 128 + 8 * len(listing))
    known = {symbol.text for symbol in grammar.symbols.symbols if symbol.label == "KEY"}
    for value in values:
        _count_listings(value, known, listings)
    reached = grammar.with_key_orders({})
    # A walk that encodes nothing: it makes the grammar number what the documents reach.
    encoder: Encoder[None] = Encoder(CompiledRules(reached), lambda kind, text: ())
    for index in range(0, len(values), max(1, -(-len(values) // MAX_READ_DOCUMENTS))):
        encoder.encode(values[index])
    return {frozenset(names): _order(names, listings) for names in reached.name_sets() if len(names) <= MAX_NAMES}


def _count_listings(value: Any, known: Set[str], listings: Tally[tuple[str, ...]]) -> None:
    """Count the orders in which a value's objects have names that the schema knows."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if 1 < len(node) <= MAX_NAMES:
                listing = tuple(name for name in node if name in known)
                if len(listing) > 1:
                    listings.add(listing, 1)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _order(names: tuple[str, ...], listings: Tally[tuple[str, ...]]) -> tuple[str, ...]:
    known = set(names)
    before: Counter[tuple[str, str]] = Counter()
    for listing, count in listings.items():
        for pair in combinations([name for name in listing if name in known], 2):
            before[pair] += count
    position = {name: index for index, name in enumerate(names)}
    lead = dict.fromkeys((name for pair in before for name in pair), 0)
    for first, second in combinations(lead, 2):
        balance = before[first, second] - before[second, first]
        if balance:
            lead[first] += 1 if balance > 0 else -1
            lead[second] -= 1 if balance > 0 else -1
    # A name that no document has comes behind the seen one that it follows in the schema, or first.
    followers: dict[str | None, list[str]] = {None: []}
    last: str | None = None
    for name in names:
        if name in lead:
            last = name
            followers[last] = []
        else:
            followers[last].append(name)
    ordered = sorted(lead, key=lambda name: (-lead[name], position[name]))
    return (*followers[None], *(name for leader in ordered for name in (leader, *followers[leader])))
