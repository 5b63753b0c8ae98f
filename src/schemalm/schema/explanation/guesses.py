"""Guesses what was meant by a name, a constant or a value of the wrong kind."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from schemalm.documents.values import scalar_fault
from schemalm.messages.suggestions import close_names
from schemalm.schema.explanation.allowance import Allowance
from schemalm.schema.explanation.locations import Change, Location, Remove, Write
from schemalm.schema.explanation.wording import json_text

MAX_KNOWN = 1_000  # names that a name is compared with
MAX_NAME = 100  # characters of a name that is compared
COMPARISON_UNITS = 20  # of work
MIN_SIMILARITY = 0.6  # of two names; excludes names that only share a word


def similar_keys(name: str, known: Sequence[str], allowance: Allowance) -> list[str]:
    """The known names that were possibly meant by a name; empty if comparing would take too long."""
    if not 0 < len(name) <= MAX_NAME or len(known) > MAX_KNOWN:
        return []
    candidates = [other for other in known if 0 < len(other) <= MAX_NAME]
    allowance.work(COMPARISON_UNITS * len(candidates))
    return [other for other in close_names(name, candidates) if _similarity(name, other) >= MIN_SIMILARITY]


def _similarity(name: str, other: str) -> float:
    return difflib.SequenceMatcher(a=name.casefold(), b=other.casefold()).ratio()


def similar_constants(location: Location, texts: Sequence[str], allowance: Allowance) -> tuple[Change, ...]:
    """Changes to the constants that were possibly meant by a string."""
    meant = similar_keys(location.value, texts, allowance)
    return tuple(Write(location, text, json_text(text), is_guess=True) for text in meant)


def other_spellings(location: Location, kinds: Sequence[str]) -> tuple[Change, ...]:
    """Changes to nearly the same value in another spelling, of one of these kinds."""
    return tuple(_other_spellings(location, location.value, kinds))


def _other_spellings(location: Location, value: Any, kinds: Sequence[str]) -> Iterator[Change]:
    if "string" in kinds and isinstance(value, bool | int | float) and scalar_fault(value) is None:
        yield Write(location, json.dumps(value), "put it in quotes")
    if isinstance(value, str) and len(value) <= MAX_NAME and not {"number", "integer", "boolean"}.isdisjoint(kinds):
        yield from _without_quotes(location, value)
    if "array" in kinds and not isinstance(value, list):
        yield Write(location, [value], "put it in a list")
    if value is None and isinstance(location.key, str) and location.parent is not None:
        yield Remove(location.parent, location.key)
    if isinstance(value, list) and len(value) == 1:
        yield Write(location, value[0], "write it without the list around it")


def _without_quotes(location: Location, text: str) -> Iterator[Change]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(value, bool | int | float):
        yield Write(location, value, "write it without quotes")
