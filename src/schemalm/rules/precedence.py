"""Which keys of an object come first: those that declare names before those that refer to them.

So most references are to names that are known, and few are promises. Where two keys each declare names for the other,
the order with more references to known names wins; a reference that cannot be promised counts more than any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from schemalm.rules.names import Kind, Names
from schemalm.rules.paths import ITEM, Place, Steps

# What a place counts whose references cannot be promised.
UNPROMISED = 1_000
# A key, and a key that comes after it where an object has both.
Pair = tuple[str, str]


def precedence(names: Names, kinds_at: Mapping[int, frozenset[str]]) -> tuple[Pair, ...]:
    """The pairs of keys whose order the rules want; kinds_at: the kinds that expressions use, by number of a place."""
    wanted: Counter[Pair] = Counter()
    for kind in names.kinds:
        for pair in _pairs_of(kind, names, kinds_at):
            wanted[pair] += 1 if kind.may_be_promised else UNPROMISED
    found: dict[str, set[str]] = {}
    pairs = []
    for (first, second), _ in wanted.most_common():
        if not _leads(found, second, first):
            found.setdefault(first, set()).add(second)
            pairs.append((first, second))
    return tuple(pairs)


def in_precedence(listed: Sequence[str], pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Keys in their order, but for those that have to come before an earlier one."""
    found = list(listed)
    wanted = [(first, second) for first, second in pairs if first in found and second in found]
    is_settled = False
    while not is_settled:
        is_settled = True
        for first, second in wanted:
            if found.index(first) > found.index(second):
                found.remove(first)
                found.insert(found.index(second), first)
                is_settled = False
    return tuple(found)


def _pairs_of(kind: Kind, names: Names, kinds_at: Mapping[int, frozenset[str]]) -> Iterator[Pair]:
    for place in names.tree:
        if kind.name in kinds_at.get(place.number, ()) or _refers(place, kind):
            for declared in kind.declared:
                yield from _pair(declared, place.steps, kind)


def _refers(place: Place, kind: Kind) -> bool:
    rules = place.names
    return rules is not None and any(
        reference.kind is kind for reference in [*rules.referred_keys, *rules.referred_values]
    )


def _pair(declared: Steps, referred: Steps, kind: Kind) -> Iterator[Pair]:
    """The keys at which two paths part; none within one item if its declarations count only after it."""
    for index, (first, second) in enumerate(zip(declared, referred, strict=False)):
        if first == second:
            continue
        is_within_item = kind.starts_after_item and ITEM in declared[:index]
        if isinstance(first, str) and isinstance(second, str) and not is_within_item:
            yield first, second
        return


def _leads(found: Mapping[str, set[str]], start: str, end: str) -> bool:
    """Whether pairs lead from one key to another."""
    reached, pending = {start}, [start]
    while pending:
        new = found.get(pending.pop(), set()) - reached
        reached |= new
        pending += new
    return end in reached
