"""Finds where each symbol of a document stands in its text, however it is written.

In go the text of one document and the symbols of its value; out comes a span for each symbol: the offsets of its first
character and of the one after its last, or None. A key, a constant and each character of a text have a span. What only
opens or closes has none, and neither has what is spelled in an unusual way, such as a number in base 16. What an alias
stands for is where its anchor is.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemalm.checking.offsets import after_anchor, written_characters
from schemalm.checking.positions import Child, Positions, step
from schemalm.grammar.symbols import NUM_BYTES, SymbolTable

Span = tuple[int, int]
_OF_CONTAINERS = frozenset({"KEY", "FREE_KEY", "OBJECT_END", "ITEM", "ARRAY_END"})


def symbol_spans(text: str, symbols: Iterable[int], table: SymbolTable) -> list[Span | None]:
    """Return the span of each symbol in the text of the value that they derive; an empty span counts as none."""
    shift = len(text) - len(text.removeprefix("\ufeff"))
    found = _Walk(text[shift:], table).follow(symbols)
    return [(span[0] + shift, span[1] + shift) if span and span[0] < span[1] else None for span in found]


def joined(text: str, spans: Iterable[Span | None]) -> list[Span]:
    """Return the spans as few as possible: those on one line with nothing but their gap between them are one."""
    found: list[Span] = []
    for start, end in filter(None, spans):
        if found and found[-1][1] <= start and "\n" not in text[found[-1][1] : start]:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


class _Walk:
    """One pass over the symbols of a text."""

    def __init__(self, text: str, table: SymbolTable) -> None:
        self._text, self._table = text, table
        self._value = Positions(text).root  # the value that comes next, or that is under way
        self._is_begun = False
        self._open: list[tuple[Child | None, int]] = []  # lists and objects, with the number of items so far
        self._bytes = bytearray()  # of the text or key under way

    def follow(self, symbols: Iterable[int]) -> list[Span | None]:
        spans: list[Span | None] = []
        for symbol in symbols:
            if symbol < NUM_BYTES:
                self._bytes.append(symbol)
                continue
            name = self._table.symbols[symbol]
            if name.label in ("END", "KEY_END"):
                spans += self._text_ended(is_key=name.label == "KEY_END")
            spans.append(self._structure(name.label, name.text))
        return spans

    def _structure(self, label: str, text: str) -> Span | None:
        """Move past a symbol that is no byte, and return its span."""
        if label in _OF_CONTAINERS and not self._is_begun:
            self._open.append((self._value, 0))
        if label == "KEY":
            return self._key(text)
        if label == "ITEM":
            container, index = self._open.pop()
            self._open.append((container, index + 1))
            self._expect(container, str(index))
        elif label in ("OBJECT_END", "ARRAY_END"):
            self._open.pop()
            self._is_begun = True
        elif label == "FREE_KEY":
            self._is_begun = True
        elif label in ("CONST", "TRUE", "FALSE", "NULL"):
            self._is_begun = True
            return None if self._value is None else self._whole(self._value.start, self._value.node.text or "")
        return None

    def _key(self, name: str) -> Span | None:
        self._expect(self._open[-1][0], name)
        start = None if self._value is None else self._value.key
        return None if start is None else self._whole(start, name)

    def _expect(self, container: Child | None, part: str) -> None:
        """Go on with the part of a container."""
        self._value = None if container is None else step(container.node, part)
        self._is_begun = False

    def _text_ended(self, *, is_key: bool) -> list[Span | None]:
        """Return the spans of the bytes of a text that has ended: a character's first byte has its span."""
        text = self._bytes.decode()
        self._bytes.clear()
        if is_key:
            self._expect(self._open[-1][0], text)
        else:
            self._is_begun = True
        start = None if self._value is None else self._value.key if is_key else self._value.start
        spans = [] if start is None else self._characters(start, text)
        found: list[Span | None] = []
        for index, character in enumerate(text):
            others = len(character.encode()) - 1
            found += [spans[index] if spans else None, *[None] * others]
        return found

    def _whole(self, start: int, text: str) -> Span | None:
        spans = self._characters(start, text)
        return (spans[0][0], spans[-1][1]) if spans else None

    def _characters(self, start: int, text: str) -> list[Span]:
        """Return the span of each character of a scalar; empty ones from where it is written in another way."""
        start = after_anchor(self._text, start)
        written, spans = written_characters(self._text, start), list[Span]()
        end = start
        for character in text:
            if character.isspace():
                is_written = self._text[end : end + 1] == character != "\n"
                spans.append((end, end + is_written))
            else:
                found, begin, after = next(written, ("", 0, 0))
                if found != character:
                    break
                spans.append((begin, after))
            end = spans[-1][1]
        return spans + [(end, end)] * (len(text) - len(spans))
