"""The names that a part of a document declares, as what a prompt states of the part.

What follows a part that is written anew may refer to names in it, such as the id of a step. In goes a value and the
path of a part; out comes a partial value of the part that keeps these names and leaves all else open. Names inside
lists are not kept: what is outside the part seldom refers to them.
"""

from __future__ import annotations

from typing import Any

from schemalm.documents.partial import ANYTHING, Exactly, Partial, PartialObject
from schemalm.documents.value_paths import Path, value_at
from schemalm.rules.paths import Place
from schemalm.rules.rules import Rules


def kept_names(rules: Rules, value: Any, path: Path) -> Partial:
    """Return what is stated of the part at a path of a value if it keeps the names that it declares."""
    place: Place | None = rules.names.tree.root
    for part in path:
        if place is not None:
            place = place.child(part) if isinstance(part, str) else place.item
    return _names(place, value_at(value, path))


def _names(place: Place | None, value: Any) -> Partial:
    if place is None:
        return ANYTHING
    if isinstance(value, dict):
        declares = place.names is not None and place.names.declared_keys
        inner = ((key, _names(place.child(key), child)) for key, child in value.items())
        entries = tuple((key, names) for key, names in inner if declares or names != ANYTHING)
        return PartialObject(entries, is_open=True) if entries else ANYTHING
    is_name = isinstance(value, str) and place.names is not None and place.names.declared_values
    return Exactly(value) if is_name else ANYTHING
