"""The references to declared names in a text, found by the states of its language."""

from __future__ import annotations

from typing import NamedTuple

from schemalm.rules.expressions.language import ExpressionLanguage
from schemalm.rules.expressions.types import Type


class Link(NamedTuple):
    """A name in a chain: the type whose property it is, the name, and where it begins and ends in the text."""

    type: Type
    name: str
    start: int
    end: int


# A chain such as `needs.build.outputs.version`, without its context.
Reference = tuple[Link, ...]


def find_references(language: ExpressionLanguage, text: str) -> tuple[Reference, ...] | None:
    """All chains in a text that lead to declared names, in their order; None if the language does not contain it.

    language: one before any text.
    """
    return _Reader(language).read(text)


class _Reader:
    """Follows the states of a text and collects its chains."""

    def __init__(self, language: ExpressionLanguage) -> None:
        self._language = language
        # Chains by the number of open brackets; a chain goes on only where it began.
        self._open: dict[int, list[Link]] = {}
        self._found: list[tuple[int, list[Link]]] = []

    def read(self, text: str) -> tuple[Reference, ...] | None:
        before, start = self._language, 0
        for position, character in enumerate(text):
            language: ExpressionLanguage | None = before
            for byte in character.encode("utf-8", "surrogatepass"):
                language = language.next(byte) if language is not None else None
            if language is None:
                return None
            if before.slot is not language.slot and before.slot != language.slot:
                self._end(before, text, start, position)
                start = position + 1
            before = language
        language = before
        if not language.nullable:
            return None
        self._end(language, text, start, len(text))
        return tuple(tuple(links) for _, links in sorted(self._found, key=lambda found: found[0]))

    def _end(self, language: ExpressionLanguage, text: str, start: int, end: int) -> None:
        """Notes a name that has ended, if there was one and `.*` did not stand in its place."""
        slot, frame = language.slot, language.state.frame
        if slot is None or frame is None or start == end:
            return
        depth = frame.depth - slot.quoted
        link = Link(slot.type, text[start:end], start, end)
        if slot.level == 0:
            self._open[depth] = [link]
            self._found.append((start, self._open[depth]))
        else:
            self._open[depth].append(link)
