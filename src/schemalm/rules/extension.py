"""Rules that extend others: parts of the same name are replaced, others come after those of the extended rules.

The places of expressions have no names: a value path of a later place is taken away from the earlier ones.
"""

from __future__ import annotations

from typing import Any

# Parts that are objects from names to parts.
_NAMED = ("types", "contexts", "functions")


def extended(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The content of rules that extend others, from the complete content of these and their own content."""
    found = {**base, **own}
    found.pop("extends")
    for part in ("amend", "names", "alike"):
        found[part] = {**base.get(part, {}), **own.get(part, {})}
    if "expressions" in base and "expressions" in own:
        found["expressions"] = _extended_expressions(base["expressions"], own["expressions"])
    return found


def _extended_expressions(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    found = {**base, **own}
    for part in _NAMED:
        found[part] = {**base.get(part, {}), **own.get(part, {})}
    own_places = own.get("places", [])
    taken = {path for place in own_places for path in place["at"]}
    inherited = [
        {**place, "at": [path for path in place["at"] if path not in taken]} for place in base.get("places", [])
    ]
    found["places"] = [*(place for place in inherited if place["at"]), *own_places]
    return found
