"""The text of an open document, and where a position of the editor is in it.

Editors count lines and, in a line, units of an encoding that was agreed on; everything else here counts characters.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from lsprotocol.types import Position, Range
from pygls.workspace import PositionCodec, TextDocument

_LINE_BREAK = re.compile(r"\r\n?|\n")
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_REST_OF_WORD = re.compile(r"[^\s:,\[\]{}'\"#]*")
_TOKEN = re.compile(r"\"(?:[^\"\\\r\n]|\\.)*\"|'[^'\r\n]*'|[^\s:,\[\]{}'\"#]+|[^\r\n]")
_COLON = re.compile(r"['\"]?[ \t]*:")


@dataclass(frozen=True)
class OpenText:
    """A text at one version. uri, version: those of the editor. is_json: whether it must be JSON."""

    text: str
    uri: str
    version: int | None
    is_json: bool
    codec: PositionCodec

    @classmethod
    def of(cls, document: TextDocument) -> OpenText:
        """Return the text of a document as it is now."""
        is_json = document.language_id in ("json", "jsonc") or document.uri.endswith(".json")
        return cls(document.source, document.uri, document.version, is_json, document.position_codec)

    @cached_property
    def lines(self) -> list[str]:
        """The lines with their ends; at least one."""
        return [self.text[start:end] for start, end in pairwise([*self._starts, len(self.text)])]

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_BREAK.finditer(self.text))]

    def offset_at(self, position: Position) -> int:
        """Return the number of characters before a position; a position outside the text is the nearest inside."""
        if position.line >= len(self.lines):
            return len(self.text)
        start: int = self._starts[position.line]
        line = self.lines[position.line].rstrip("\r\n")
        ends = [*accumulate(map(self.codec.client_num_units, line))]
        return start + bisect_right(ends, position.character)

    def offset_of(self, line: int, column: int) -> int:
        """Return the number of characters before a line and column, which count from 1."""
        index = min(line, len(self.lines)) - 1
        has_mark = index == 0 and self.text.startswith("\ufeff")  # which columns do not count
        return min(self._starts[index] + column - 1 + has_mark, len(self.text))

    def range_of(self, start: int, end: int) -> Range:
        """Return the range between two offsets."""
        return Range(self._position(start), self._position(end))

    def token_at(self, offset: int) -> Range:
        """Return the range of the word, the string or the mark at an offset; empty at the end of a line."""
        found = _TOKEN.match(self.text, offset)
        return self.range_of(offset, found.end() if found else offset)

    def end_of_word(self, offset: int) -> int:
        """Return the offset of the end of the word at an offset."""
        found = _REST_OF_WORD.match(self.text, offset)
        assert found is not None
        return found.end()

    def rest_of_line(self, offset: int) -> str:
        """Return the text from an offset to the end of its line."""
        found = _REST_OF_LINE.match(self.text, offset)
        assert found is not None
        return found[0]

    def is_before_colon(self, offset: int) -> bool:
        """Return whether a colon follows, at most after a quote."""
        return _COLON.match(self.text, offset) is not None

    def column_at(self, offset: int) -> int:
        """Return how many characters of its line stand before an offset."""
        return offset - self._starts[self._line_at(offset)]

    def lines_below(self, offset: int) -> list[str]:
        """Return the lines after that of an offset."""
        return self.lines[self._line_at(offset) + 1 :]

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _position(self, offset: int) -> Position:
        line = self._line_at(offset)
        return Position(line, self.codec.client_num_units(self.text[self._starts[line] : offset]))
