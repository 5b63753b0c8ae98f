"""Declaring what a prompt refers to: names that it uses and that the part still to be written must declare.

In goes a prompt whose cheapest document refers to names that do not exist; out comes a prompt that also states their
declarations, where the prompt leaves room for them. The machine alone cannot do that: when it comes to a reference, the
place of the declaration may have gone by.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from schemalm.documents.partial import ANYTHING, MORE, Anything, Exactly, Partial, PartialArray, PartialObject
from schemalm.grammar.grammar import Grammar
from schemalm.rules.names import Kind
from schemalm.rules.paths import ITEM, Wildcard
from schemalm.rules.violations import Violation

# Keys, indices and wildcards that lead to a part.
Way = Sequence[str | int | Wildcard]


def with_declaration(grammar: Grammar, prompt: Partial, undeclared: Violation) -> Iterator[Partial]:
    """Yield prompts that also declare an undeclared name, each in another place."""
    assert grammar.rules is not None, "without rules there are no names"
    kind = next(kind for kind in grammar.rules.names.kinds if kind.name == undeclared.kind)
    for way, part in _declarations(kind, undeclared.path, undeclared.name):
        declared = _with_part(prompt, way, part)
        if declared is not None:
            yield declared


def _declarations(kind: Kind, path: tuple[str | int, ...], name: str) -> Iterator[tuple[Way, Partial]]:
    """Yield where a name may be declared in the scope of a place, and what has to be there."""
    scope = kind.scope_at(path)
    for steps in kind.declared_keys:
        yield (*scope, *steps[len(scope) :], name), ANYTHING
    for steps in kind.declared:
        yield (*scope, *steps[len(scope) :]), Exactly(name)


def _with_part(partial: Partial, way: Way, part: Partial) -> Partial | None:
    """Return what is stated together with a part; None if it leaves no room for the part."""
    if not way:
        return part if partial in (ANYTHING, part) else partial if part == ANYTHING else None
    step, rest = way[0], way[1:]
    if isinstance(partial, Anything):
        partial = PartialObject((), is_open=True) if isinstance(step, str) else PartialArray((MORE,))
    if isinstance(partial, PartialObject) and isinstance(step, str):
        return _with_entry(partial, step, rest, part)
    if isinstance(partial, PartialArray) and not isinstance(step, str):
        return _with_item(partial, step, rest, part)
    return None


def _with_entry(partial: PartialObject, key: str, rest: Way, part: Partial) -> Partial | None:
    entries: dict[str, Partial] = dict(partial.entries)
    if key not in entries and not partial.is_open:
        return None
    inner = _with_part(entries.get(key, ANYTHING), rest, part)
    return None if inner is None else replace(partial, entries=tuple((entries | {key: inner}).items()))


def _with_item(partial: PartialArray, step: int | Wildcard, rest: Way, part: Partial) -> Partial | None:
    """Return a list with one more item, as early as there may be one, or with a part of a known item."""
    first_open = next((at for at, item in enumerate(partial.items) if item == MORE), len(partial.items))
    items: list[Any] = list(partial.items)
    if step is ITEM and first_open < len(items):
        inner = _with_part(ANYTHING, rest, part)
        return None if inner is None else PartialArray((*items[: first_open + 1], inner, *items[first_open:]))
    if isinstance(step, int) and step < first_open:
        inner = _with_part(items[step], rest, part)
        return None if inner is None else PartialArray((*items[:step], inner, *items[step + 1 :]))
    return None
