"""The position of each symbol of a derivation in the YAML of its value.

In go the text that `dump_document` writes for a value, and the symbols of that value; out comes one span per symbol, in
order, with starts that never decrease. The symbols determine the content that must come next, and the text shows how
the writer spelled it (plain, in quotes, as a literal block). A character of several bytes belongs to its first byte; an
escape in quotes belongs to the character that it represents.

A symbol without text has an empty span where it takes effect: closings after what they close, the line feeds of a
literal block after the last character before them. YAML's own characters belong to the symbol that opens or closes
(the opening quote or block header to `AS:string`, the closing quote to `END`, the colon to `KEY_END`), or to no symbol
if there is none. A number that YAML writes differently from the derivation belongs as a whole to its first byte.

YAML from other writers is not covered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from schemalm.grammar.symbols import NUM_BYTES, SymbolTable

NEWLINE_MARK = "↵"
END_MARK = "”"
OTHER_MARK = "·"
_CONTAINERS = {"OBJECT_END": ("{}", "}"), "ARRAY_END": ("[]", "]")}
_QUOTES = ("'", '"')
_LITERALS = {"TRUE": "true", "FALSE": "false", "NULL": "null"}
_ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|.)")
_BLOCK_HEADER = re.compile(r"\|[0-9]*[-+]?")


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of the text; for an empty span, `mark` is a character that shows the symbol."""

    start: int
    end: int
    mark: str = OTHER_MARK

    @property
    def is_shown(self) -> bool:
        """Whether the span is always shown, because it has characters or is a line feed."""
        return self.start < self.end or self.mark == NEWLINE_MARK


def align(text: str, symbols: Iterable[int], table: SymbolTable) -> list[Span]:
    """Return the span of each symbol; raises ValueError if the text is not the YAML of the value that they derive."""
    return _Alignment(text, table).follow(symbols)


class _Alignment:
    """One pass through a text; `_at` is the offset of the next character."""

    def __init__(self, text: str, table: SymbolTable) -> None:
        self._text = text
        self._table = table
        self._at = 0
        self._style: str | None = None  # what opened the current string; None outside strings
        self._spans: list[Span] = []

    def follow(self, symbols: Iterable[int]) -> list[Span]:
        content = bytearray()
        for symbol in symbols:
            if symbol < NUM_BYTES:
                content.append(symbol)
                continue
            name = self._table.symbols[symbol]
            if name.label in ("END", "KEY_END"):
                self._end_text(content.decode(), name.label)
                content.clear()
            else:
                self._structure(name.label, name.text)
        return self._spans

    def _structure(self, label: str, name: str) -> None:
        if label == "KEY":
            self._key(name)
        elif label == "FREE_KEY":
            self._find_key()
            self._open_string()
        elif label == "ITEM":
            self._skip(" \n")
            self._pass("-")
        elif label == "AS":
            self._choose_kind(name)
        elif label in _CONTAINERS:
            self._close(*_CONTAINERS[label])
        else:
            self._constant(name if label == "CONST" else _LITERALS[label])

    def _key(self, name: str) -> None:
        """Add a key that the schema names, with its colon, as one span."""
        self._find_key()
        start, before = self._at, len(self._spans)
        self._open_string()
        self._end_text(name, "KEY_END")
        self._spans[before:] = [Span(start, self._at)]

    def _constant(self, text: str) -> None:
        """Add a constant as one span; a null in a mapping has no text."""
        self._skip(" ")
        start, before = self._at, len(self._spans)
        if text != "null" or self._text.startswith("null", start):
            self._end_text(text, "END")
        self._spans[before:] = [Span(start, self._at)]

    def _choose_kind(self, kind: str) -> None:
        if kind == "string":
            self._skip(" ")
            self._open_string()
        else:
            self._pass("")

    def _close(self, empty: str, mark: str) -> None:
        """Add the end of an object or array, which has text only if it is empty."""
        if self._text.startswith(f" {empty}", self._at):
            self._at += 1
        self._pass(empty if self._text.startswith(empty, self._at) else "", mark)

    def _open_string(self) -> None:
        """Add the opening of a string: a quote, a block header or nothing."""
        sign = self._text[self._at : self._at + 1]
        header = _BLOCK_HEADER.match(self._text, self._at)
        self._style = "|" if header else sign if sign in _QUOTES else ""
        self._pass(header[0] if header else self._style)

    def _end_text(self, text: str, label: str) -> None:
        """Add a string, number or key and its end; the closing quote and the colon of a key belong to the end."""
        if self._style is None:
            self._skip(" ")
            self._open_string()
            self._spans.pop()
        style, self._style = self._style or "", None
        self._content(text, style, is_key=label == "KEY_END")
        start = self._at
        self._expect_and_move(style if style in _QUOTES else "")
        if label == "KEY_END":
            self._skip(" \n")  # a long key follows a question mark, and its colon is indented on the next line
            self._expect_and_move(":")
        self._spans.append(Span(start, self._at, END_MARK))

    def _content(self, text: str, style: str, *, is_key: bool) -> None:
        if style == "|":
            self._block(text)
        elif not style and not is_key and self._rest_of_line() != text:
            self._number(text)
        else:
            self._characters(text, style)

    def _characters(self, text: str, style: str) -> None:
        """Add one span for the first byte of each character, and empty ones for its other bytes."""
        for character in text:
            end = self._at + self._width(character, style)
            self._spans.append(Span(self._at, end))
            self._spans += [Span(end, end)] * (len(character.encode()) - 1)
            self._at = end

    def _width(self, character: str, style: str) -> int:
        """Return the number of characters in the text that represent one character of the string."""
        if style == "'" and character == "'":
            return 2
        escape = _ESCAPE.match(self._text, self._at) if style == '"' else None
        return len(escape[0]) if escape else 1

    def _block(self, text: str) -> None:
        """Add the lines of a literal block, up to the end of the last line that has characters."""
        lines = text.split("\n")
        indent = self._block_indent(next(line for line in lines if line))
        num_breaks = 1  # the line of the header also ends
        for number, line in enumerate(lines):
            if number:
                self._spans.append(Span(self._at, self._at, NEWLINE_MARK))
                num_breaks += 1
            if line:
                self._expect_and_move("\n" * num_breaks)
                num_breaks = 0
                self._at += indent
                self._expect(line)
                self._characters(line, "|")

    def _block_indent(self, first_line: str) -> int:
        """Return the width of the block's indentation, which its first non-empty line determines."""
        start = self._at
        while self._text[start : start + 1] == "\n":
            start += 1
        return self._end_of_line(start) - start - len(first_line)

    def _number(self, text: str) -> None:
        """Add a number that YAML writes differently, as one span for its first byte."""
        end = self._end_of_line(self._at)
        self._spans.append(Span(self._at, end))
        self._spans += [Span(end, end)] * (len(text) - 1)
        self._at = end

    def _rest_of_line(self) -> str:
        return self._text[self._at : self._end_of_line(self._at)]

    def _end_of_line(self, start: int) -> int:
        end = self._text.find("\n", start)
        return len(self._text) if end < 0 else end

    def _find_key(self) -> None:
        self._skip(" \n")
        if self._text.startswith("? ", self._at):
            self._at += 2

    def _skip(self, characters: str) -> None:
        while self._at < len(self._text) and self._text[self._at] in characters:
            self._at += 1

    def _pass(self, sign: str, mark: str = OTHER_MARK) -> None:
        """Move past a sign, which may be empty, and add its span."""
        start = self._at
        self._expect_and_move(sign)
        self._spans.append(Span(start, self._at, mark))

    def _expect_and_move(self, text: str) -> None:
        self._expect(text)
        self._at += len(text)

    def _expect(self, text: str) -> None:
        if not self._text.startswith(text, self._at):
            raise ValueError(f"expected {text!r} at character {self._at}, found {self._rest_of_line()[:40]!r}")
