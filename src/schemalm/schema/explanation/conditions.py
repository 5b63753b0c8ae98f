"""Describes formulas in words: conditions that are true, and alternatives that are true together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from schemalm.schema.assertions import Assertion, KindIs, Reference
from schemalm.schema.explanation.wording import MAX_LISTED, joined, named, shown
from schemalm.schema.formula import TRUE, And, Atom, Formula, Not, children, conjuncts
from schemalm.schema.keywords.objects import Has, Members
from schemalm.schema.keywords.strings import StringIn

Resolve = Callable[[str], Formula]
MAX_TRAITS = 3


def own_atoms(formula: Formula, resolve: Resolve) -> Iterator[Atom]:
    """Yield every distinct atom about a value itself, with references resolved."""
    return _atoms(formula, resolve, lambda _: True)


def _atoms(formula: Formula, resolve: Resolve, is_entered: Callable[[Formula], bool]) -> Iterator[Atom]:
    seen: set[Formula] = set()
    waiting = [formula]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, Reference):
            waiting.append(resolve(node.location))
        elif isinstance(node, Atom):
            yield node
        elif is_entered(node):
            waiting.extend(reversed(children(node)))


def facts(formula: Formula, value: Any) -> list[str] | None:
    """The reasons in words why a formula is true of an object; None if they are not known."""
    found = _facts(formula, value) if isinstance(value, dict) else None
    return list(found.values()) if found is not None and len(found) <= MAX_LISTED else None


def _facts(formula: Formula, value: dict[str, Any]) -> dict[str, str] | None:
    """The true conditions by key; the presence of a key is omitted if its value is described."""
    together: dict[str, str] = {}
    parts = conjuncts(formula)
    for part in sorted(parts, key=lambda part: isinstance(part, Members)):
        found = _facts_of_part(part, value)
        if found is None:
            return None
        together |= found
    return together


def _facts_of_part(part: Formula, value: dict[str, Any]) -> dict[str, str] | None:
    if isinstance(part, Has):
        return {part.name: _is_present(part.name)}
    if isinstance(part, Not) and isinstance(inner := children(part)[0], Has):
        return {inner.name: f"the key {named(inner.name)} is missing"}
    if isinstance(part, Members) and not part.parts[1] and part.parts[2] == TRUE:
        return _facts_of_members(part, value)
    return {} if isinstance(part, KindIs) else None


def why_ruled_out(formula: Formula, value: Any) -> str:
    """The message for a formula that is true of a value and must not be."""
    parts = conjuncts(formula)
    keys = [part.name for part in parts if isinstance(part, Has)]
    found = facts(formula, value)
    if found and found == [_is_present(key) for key in keys]:
        return _too_much(list(map(named, keys)))
    return f"this is not allowed: {joined(found, 'and')}" if found else f"{shown(value)} has a form that is not allowed"


def _is_present(key: str) -> str:
    return f"the key {named(key)} is present"


def _too_much(keys: Sequence[str]) -> str:
    if len(keys) == 1:
        return f"the key {keys[0]} is not allowed here"
    return f"has {'both ' if len(keys) == 2 else ''}{joined(keys, 'and')}, which are not allowed together"


def _facts_of_members(members: Members, value: dict[str, Any]) -> dict[str, str] | None:
    found = {}
    for name, shape in members.parts[0]:
        if shape == TRUE:
            continue
        if isinstance(value.get(name), dict | list):
            return None
        is_present = name in value
        found[name] = f"{named(name)} is {shown(value[name])}" if is_present else f"the key {named(name)} is missing"
    return found


def why_too_many(parts: Sequence[Formula], resolve: Resolve) -> str:
    """The message for alternatives that are true together: by the keys that each requires, else by their assertions."""
    required = [[atom.name for atom in _asserted(part, resolve) if isinstance(atom, Has)] for part in parts]
    common = set.intersection(*map(set, required))
    marks = [[named(name) for name in names if name not in common] for names in required]
    if all(marks):
        both = "both " if len(marks) == 2 and all(len(names) == 1 for names in marks) else ""
        keys = joined([joined(names, "with") for names in marks], "and")
        return f"has {both}{keys}, but only one of them is allowed"
    traits = [_traits(part, names, resolve) for part, names in zip(parts, marks, strict=True)]
    return f"more than one alternative matches: {joined(traits, 'and')}"


def _asserted(formula: Formula, resolve: Resolve) -> Iterator[Atom]:
    """Yield the atoms that a formula always requires."""
    return _atoms(formula, resolve, lambda node: isinstance(node, And))


def _traits(part: Formula, marks: Sequence[str], resolve: Resolve) -> str:
    if isinstance(part, Reference):
        return f"$ref {named(part.location.rpartition('/')[2])}"
    if marks:
        return f"the one that requires {joined(marks, 'and')}"
    said = [_trait(atom) for atom in _asserted(part, resolve) if isinstance(atom, Assertion)]
    return f"the one with {joined(list(dict.fromkeys(said))[:MAX_TRAITS], 'and')}" if said else "another one"


def _trait(atom: Assertion) -> str:
    if isinstance(atom, KindIs):
        return f"type {' or '.join(atom.kinds)}"
    if isinstance(atom, StringIn):
        return f"enum {shown(list(atom.texts[:MAX_LISTED]))}"
    first = atom.parts[0] if atom.parts else None
    is_plain = isinstance(first, str | int | float) and not isinstance(first, bool)
    return f"{atom.keyword} {shown(first)}" if is_plain else atom.keyword
