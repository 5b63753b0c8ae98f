"""Chooses from the faults of a value those that do not follow from another one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from schemalm.schema.explanation.faults import Fault
from schemalm.schema.explanation.locations import Location

# A value under a key that is not allowed has to be removed, whatever else is wrong with it.
ABOUT_THE_KEY = ("additionalProperties", "propertyNames")


def independent(faults: Sequence[Fault]) -> list[Fault]:
    """The faults without repetitions, and without those at or below a key that is not allowed."""
    refused = {fault.location for fault in faults if fault.keyword in ABOUT_THE_KEY}
    found: dict[tuple[Location, Hashable], Fault] = {}
    for fault in faults:
        is_about_key = fault.keyword in ABOUT_THE_KEY
        if refused.isdisjoint(_around(fault.location.parent if is_about_key else fault.location)):
            found.setdefault((fault.location, None if is_about_key else _what_is_wrong(fault)), fault)
    return list(found.values())


def _what_is_wrong(fault: Fault) -> Hashable:
    """Equal for faults that say the same, such as constants in another order."""
    return frozenset(fault.constants) if fault.constants else fault.message()


def _around(location: Location | None) -> Iterator[Location]:
    """Yield a location and those that contain it."""
    while location is not None:
        yield location
        location = location.parent
