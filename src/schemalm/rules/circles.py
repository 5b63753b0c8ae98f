"""References that lead back to where they began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

Mark = TypeVar("Mark")
# What each name refers to, with a mark that tells the reference.
References: TypeAlias = "Mapping[str, Sequence[tuple[str, Mark]]]"


def circles(references: References[Mark]) -> Iterator[tuple[list[str], Mark]]:
    """Yield circles: the names in order, and the mark of the reference from the last one to the first.

    Without these references there is no circle. Takes time that is linear in the number of references and in the
    lengths of the circles.
    """
    finished: set[str] = set()
    for start in references:
        if start not in finished:
            yield from _circles_from(start, references, finished)


def _circles_from(start: str, references: References[Mark], finished: set[str]) -> Iterator[tuple[list[str], Mark]]:
    """The circles that a walk from `start` closes, depth first; the walk's names are finished after it."""
    walk = {start: iter(references[start])}  # the names on the way here, and what is left of their references
    while walk:
        name = next(reversed(walk))
        for target, mark in walk[name]:
            if target in walk:
                way = list(walk)
                yield way[way.index(target) :], mark
            elif target not in finished:
                walk[target] = iter(references.get(target, ()))
                break
        else:
            finished.add(name)
            del walk[name]
