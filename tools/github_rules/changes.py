"""Says in words what differs between two versions of the rules of GitHub workflows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Rules = dict[str, Any]


def changes(before: Rules, after: Rules) -> Iterator[str]:
    """Yields a line for each definition, key, constant, place and other part that differs."""
    yield from _schemas(_definitions(before), _definitions(after))
    yield from _places(_by_path(before), _by_path(after))
    for part in ("amend", "names"):
        yield from _members(part, _by_name(before, part), _by_name(after, part))
    old, new = before.get("expressions", {}), after.get("expressions", {})
    for part in ("types", "contexts", "functions"):
        yield from _members(part, old.get(part, {}), new.get(part, {}))


def _definitions(rules: Rules) -> dict[str, Any]:
    amend = rules.get("amend", {})
    root = amend.get("workflow", {}).get("value", {})
    definitions: dict[str, Any] = amend.get("definitions", {}).get("value", {})
    return {"workflow": {"properties": root}} | definitions


def _schemas(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    yield from (f"new definition {name}" for name in after if name not in before)
    yield from (f"definition {name} is gone" for name in before if name not in after)
    for name, schema in after.items():
        if name in before and before[name] != schema:
            yield from _inside(name, before[name], schema)


def _inside(name: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    lines = [
        *_sets("key", before.get("properties", {}), after.get("properties", {})),
        *_sets("constant", before.get("enum", []), after.get("enum", [])),
        *_sets("required key", before.get("required", []), after.get("required", [])),
    ]
    yield from (f"{name}: {line}" for line in lines or ["another schema"])


def _sets(what: str, before: Any, after: Any) -> Iterator[str]:
    yield from (f"new {what} {each}" for each in after if each not in before)
    yield from (f"{what} {each} is gone" for each in before if each not in after)


def _by_path(rules: Rules) -> dict[str, Rules]:
    places = rules.get("expressions", {}).get("places", [])
    return {path: {key: each[key] for key in each if key != "at"} for each in places for path in each["at"]}


def _places(before: dict[str, Rules], after: dict[str, Rules]) -> Iterator[str]:
    yield from _sets("text", before, after)
    for path, place in after.items():
        old = before.get(path, place)
        for part in ("contexts", "functions"):
            yield from (f"{path}: {line}" for line in _sets(part[:-1], old.get(part, []), place.get(part, [])))
        if old["form"] != place["form"]:
            yield f"{path}: form {place['form']}, was {old['form']}"


def _by_name(rules: Rules, part: str) -> dict[str, Any]:
    return {name: value for name, value in rules.get(part, {}).items() if name not in ("definitions", "workflow")}


def _members(part: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    yield from (f"{part}: {line}" for line in _sets("entry", before, after))
    yield from (f"{part}: {name} differs" for name in after if name in before and before[name] != after[name])
