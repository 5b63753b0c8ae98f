"""Faults: what keeps a value from satisfying a formula, and the nearest of several alternatives.

The cost of a fault is about the number of changes that would repair it, counted one by one, without the effect of one
change on other faults. Its distance is the cost with a bound for each member and item. So alternatives are compared by
the keys of an object and their constants, rather than by the number of faults deep inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any

from schemalm.schema.explanation.locations import Change, Location
from schemalm.schema.explanation.wording import MAX_LISTED, joined, named, not_one_of, wrong_kind

# The cost of a typing error in a name; of adding or removing a key, or writing a value.
TYPO_COST = 1
COST = 2
MAX_DISTANCE_INSIDE = 3
MAX_COST = 1_000_000  # of a fault that nothing can repair
MAX_CHANGES = 12
MAX_PARTS = 101  # one more than are reported
MAX_REASONS = 4


@dataclass(frozen=True, eq=False)
class Fault:
    """One broken keyword at one location, with the cost of all faults that it represents.

    message: makes the message. changes: ways to repair it. kinds: the allowed kinds, if the value has none of them.
    constants: the allowed constants as JSON text, if the value is none of them. missing: the missing key. similar:
    the allowed keys that are similar to a wrong one. reasons: the messages of the alternatives that it covers. needed:
    the keys that each of them lacks, if they lack nothing else. offset: where in a text the fault is, if that is known.
    If it represents several faults: some_distance, their distance; own_cost, the cost of this fault alone; parts, the
    faults, of which the first one is this fault.
    """

    location: Location
    keyword: str
    message: Callable[[], str]
    cost: int
    changes: tuple[Change, ...] = ()
    kinds: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()
    missing: str | None = None
    similar: tuple[str, ...] = ()
    reasons: tuple[Callable[[], str], ...] = ()
    needed: tuple[str, ...] = ()
    offset: int | None = None
    some_distance: int | None = None
    own_cost: int | None = None
    parts: tuple[Fault, ...] = ()

    @property
    def leaves(self) -> tuple[Fault, ...]:
        """The first of the faults that it represents."""
        return self.parts or (self,)

    @property
    def weight(self) -> int:
        """The cost of this keyword alone."""
        return self.cost if self.own_cost is None else self.own_cost

    @property
    def distance(self) -> int:
        """The distance between the value and what is required."""
        return self.cost if self.some_distance is None else self.some_distance


def restated(fault: Fault, **fields: Any) -> Fault:
    """A fault with other fields; the first of the faults that it represents is restated as well."""
    parts = (replace(fault.parts[0], **fields), *fault.parts[1:]) if fault.parts else ()
    return replace(fault, **fields, parts=parts)


def combined(faults: Sequence[Fault]) -> Fault:
    """One fault for several: the first one, or a wrong kind of the value itself, represents the others."""
    first = next((fault for fault in faults if fault.kinds and fault.location is faults[0].location), faults[0])
    others = [fault for fault in faults if fault is not first]
    leaves = tuple(islice((leaf for fault in (first, *others) for leaf in fault.leaves), MAX_PARTS))
    cost = min(MAX_COST, sum(fault.cost for fault in faults))
    distance = min(MAX_COST, sum(fault.distance for fault in faults))
    return replace(first, cost=cost, some_distance=distance, own_cost=first.weight, parts=leaves)


def inside(fault: Fault) -> Fault:
    """The fault of a member or item as a fault of its parent."""
    return replace(fault, some_distance=min(fault.distance, MAX_DISTANCE_INSIDE))


@dataclass(frozen=True, eq=False)
class Alternative:
    """One of several alternatives, with the fault that keeps it from being true.

    num_known: how many of an object's keys it mentions. tags: keys of the object whose values must be constants.
    """

    fault: Fault
    num_known: int = 0
    tags: frozenset[str] = frozenset()

    def wrong_tags(self, location: Location) -> frozenset[str | int]:
        """The keys whose values are not the constants that the alternative requires."""
        leaves = (leaf for leaf in self.fault.leaves if leaf.constants and leaf.location.parent is location)
        return frozenset(leaf.location.key for leaf in leaves)


def nearest(location: Location, alternatives: Sequence[Alternative], keyword: str) -> Fault:
    """The fault of the nearest alternative, or one fault for several alternatives."""
    faults = [alternative.fault for alternative in alternatives]
    fitting = [one for one in alternatives if not _is_of_kind(one.fault, location)] or alternatives
    found = _nearest_of(_meant(fitting, location), location, keyword)
    least = min(fault.distance for fault in faults)
    changes = changes_of([found, *(fault for fault in faults if fault.distance <= least + TYPO_COST)])
    others = dict.fromkeys(kind for one in alternatives if one not in fitting for kind in one.fault.kinds)
    if found.location is not location or not others or isinstance(location.value, dict | list):
        return restated(found, changes=changes)
    return restated(
        found, changes=changes, message=lambda: f"{found.message()}; also allowed: {joined(list(others), 'or')}"
    )


def _meant(alternatives: Sequence[Alternative], location: Location) -> Sequence[Alternative]:
    """The alternatives without those that require a different constant where another one requires the given one."""
    right = {tag for one in alternatives for tag in one.tags - one.wrong_tags(location)}
    return [one for one in alternatives if right.isdisjoint(one.wrong_tags(location))] or alternatives


def _nearest_of(alternatives: Sequence[Alternative], location: Location, keyword: str) -> Fault:
    faults = [one.fault for one in alternatives]
    distinguishing = _distinguishing_fault(faults) if len(faults) > 1 else None
    if distinguishing is not None:
        return distinguishing
    least = min(fault.distance for fault in faults)
    most = max(one.num_known for one in alternatives if one.fault.distance == least)
    closest = [one.fault for one in alternatives if (one.fault.distance, one.num_known) == (least, most)]
    return closest[0] if len(closest) == 1 else _of_several(location, closest, keyword)


def changes_of(faults: Sequence[Fault]) -> tuple[Change, ...]:
    """The changes of several faults, ordered by rank and then by distance, so each fault has some among the first."""
    ordered = sorted(faults, key=lambda fault: fault.distance)
    ranked = [(rank, change) for fault in ordered for rank, change in enumerate(fault.changes)]
    unique: dict[tuple[Location, str], Change] = {}
    for _, change in sorted(ranked, key=lambda pair: pair[0]):
        unique.setdefault((change.location, change.advice), change)
    return tuple(islice(unique.values(), MAX_CHANGES))


def _is_of_kind(fault: Fault, location: Location) -> bool:
    return bool(fault.kinds) and fault.location is location


def _distinguishing_fault(faults: Sequence[Fault]) -> Fault | None:
    """The fault at a location where each alternative requires other constants and none is given; else None."""
    leaves = [_constant_leaves(fault) for fault in faults]
    common = next((location for location in leaves[0] if all(location in others for others in leaves)), None)
    return None if common is None else _one_of_constants([others[common] for others in leaves])


def _constant_leaves(fault: Fault) -> dict[Location, Fault]:
    """The first leaf about constants at each location."""
    found: dict[Location, Fault] = {}
    for leaf in fault.leaves:
        if leaf.constants:
            found.setdefault(leaf.location, leaf)
    return found


def _one_of_constants(leaves: Sequence[Fault]) -> Fault:
    constants = tuple(dict.fromkeys(text for leaf in leaves for text in leaf.constants))
    value = leaves[0].location.value
    words = partial(not_one_of, value, constants)
    return replace(leaves[0], message=words, constants=constants, changes=changes_of(leaves))


def _of_several(location: Location, faults: Sequence[Fault], keyword: str) -> Fault:
    """One fault for alternatives at the same distance."""
    if all(_is_of_kind(fault, location) for fault in faults):
        kinds = tuple(sorted({kind for fault in faults for kind in fault.kinds}))
        return restated(faults[0], keyword="type", message=lambda: wrong_kind(location.value, kinds), kinds=kinds)
    deep = [fault for fault in faults if fault.location is not location]
    if deep:
        return max(deep, key=lambda fault: (fault.location.depth, fault.keyword != "additionalProperties"))
    several = replace(faults[0].leaves[0], keyword=keyword, missing=None, parts=())
    needed = [_needed(fault, location) for fault in faults]
    if all(needed):
        keys = tuple(dict.fromkeys(key for found in needed for key in found))
        words = f"one of these keys is missing: {joined(list(keys), 'or')}"
        return replace(several, message=lambda: words, needed=keys)
    reasons = tuple(islice((reason for fault in faults for reason in fault.reasons or (fault.message,)), MAX_LISTED))
    return replace(several, message=lambda: _none_holds(reasons), reasons=reasons)


def _needed(fault: Fault, location: Location) -> tuple[str, ...]:
    """The keys that an alternative lacks; empty if anything else is wrong."""
    if fault.needed and fault.location is location and len(fault.leaves) == 1:
        return fault.needed
    names = [leaf.missing for leaf in fault.leaves if leaf.missing is not None and leaf.location is location]
    return (joined([named(name) for name in names], "and"),) if len(names) == len(fault.leaves) else ()


def _none_holds(reasons: Sequence[Callable[[], str]]) -> str:
    words = list(dict.fromkeys(reason() for reason in reasons))
    if len(words) == 1:
        return words[0]
    more = "; ..." if len(words) > MAX_REASONS else ""
    return f"no alternative matches: {'; '.join(words[:MAX_REASONS])}{more}"
