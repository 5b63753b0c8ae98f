"""Replacing one part of a document's text: every other byte stays as it is.

In go a text, the path of a part and its new value; out comes the text with the new part, written in the layout of the
text. The result is read again: it must have the new value there and nothing else changed. Where the text cannot be
changed in place, such as around anchors, and where the part is the whole document, all of it is written anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from schemalm.documents.cut.lines import line_break_of
from schemalm.documents.cut.yaml_layout import layout_of
from schemalm.documents.cut.yaml_readings import blocks_of
from schemalm.documents.json_comments import blank_comments
from schemalm.documents.limits import DEFAULT_LIMITS
from schemalm.documents.reading import parse_document
from schemalm.documents.value_paths import Path, replaced
from schemalm.documents.values import JSONValue, json_equal
from schemalm.documents.writing import DASH_WIDTH, NO_SECTIONS, YAMLWriter, dump_document
from schemalm.documents.yaml_faults import YAMLFault
from schemalm.documents.yaml_parser import Parser
from schemalm.errors import DocumentError

# What may stand before the dash of an item.
_DASH = re.compile(r"(?:\s|#[^\r\n]*+)*+-")


def with_part(text: str, path: Path, part: JSONValue, *, is_json: bool = False, merge_keys: bool = False) -> str:
    """Return the text of one document with another value at `path`, which must exist.

    is_json: the text is that of a JSON file. Raises `DocumentError` if the text is no document.
    """
    before = parse_document(text, merge_keys=merge_keys, json_only=is_json)
    wanted = replaced(before, path, part)
    for changed in _attempts(text, path, part, is_json=is_json, merge_keys=merge_keys):
        with suppress(DocumentError):
            if json_equal(parse_document(changed, merge_keys=merge_keys, json_only=is_json), wanted):
                return changed
    return dump_document(wanted, format="json" if is_json else "yaml")


class _Span(NamedTuple):
    """Where a part stands: from `start`, its key's colon or its dash, or in flow its first character, to `end`.

    column: of the block that it is an entry of; None in flow style. is_item: whether that block is a list.
    """

    start: int
    end: int
    column: int | None
    is_item: bool


class _Found(Exception):  # noqa: N818 (it ends the reading of a text, and is no error)
    """The part has been read."""


class _SpanFinder:
    """A builder that finds the part at a path."""

    def __init__(self, path: Path) -> None:
        self.parser: Parser | None = None
        self.span: _Span | None = None
        self._path = path
        self._here: list[str | int | None] = []  # for each open collection, the key or the index of its entry
        self._columns: list[int | None] = []
        self._after_key = self._colon = self._before = self._start = self._last_end = 0
        self._depth: int | None = None  # of the collections around the part, once it has begun

    def document(self, version: str | None, start: int) -> None:
        """Ignore the beginning of the document."""

    def scalar(self, text: str, is_plain: bool, anchor: str | None, start: int) -> None:
        """Take a key, or a value that is a scalar."""
        assert self.parser is not None
        if self._is_key():
            self._here[-1] = text
            self._after_key = self._last_end = self.parser.pos + 1
            return
        self._begin_value(start)
        self._last_end = self.parser.pos
        self._end_value()

    def empty(self, anchor: str | None, start: int, after: int) -> None:
        """Take a value that is omitted."""
        if self._is_key():
            self._here[-1] = ""
            return
        end = self._last_end if isinstance(self._entry(), str) else start + 1  # the dash
        self._begin_value(end)
        self._last_end = end
        self._end_value()

    def alias(self, name: str, start: int) -> None:
        """Take an alias as a scalar."""
        self.scalar(name, False, None, start)

    def begin(self, is_mapping: bool, anchor: str | None, start: int, column: int | None) -> None:
        """Enter a mapping or list."""
        self._begin_value(start)
        self._here.append(None if is_mapping else 0)
        self._columns.append(column)
        self._last_end = start

    def end(self, start: int) -> None:
        """Leave the innermost mapping or list."""
        self._here.pop()
        if self._columns.pop() is None:
            self._last_end = start + 1  # the bracket
        self._end_value()

    def _is_key(self) -> bool:
        return bool(self._here) and self._here[-1] is None

    def _entry(self) -> str | int | None:
        return self._here[-1] if self._here else None

    def _begin_value(self, start: int) -> None:
        if self._depth is None and tuple(self._here) == self._path:
            self._depth, self._start = len(self._here), start
            self._colon, self._before = self._after_key, self._last_end

    def _end_value(self) -> None:
        if self._depth == len(self._here):
            self.span = self._found()
            raise _Found
        if self._here:
            entry = self._here[-1]
            self._here[-1] = entry + 1 if isinstance(entry, int) else None

    def _found(self) -> _Span | None:
        assert self.parser is not None
        column = self._columns[-1]
        end = len(self.parser.text[: self._last_end].rstrip())
        if column is None:
            return _Span(self._start, end, None, False)
        if isinstance(self._path[-1], str):
            return _Span(self._colon, end, column, False)
        dash = _DASH.match(self.parser.text, self._before)
        return _Span(dash.end(), end, column, True) if dash is not None else None


def _attempts(text: str, path: Path, part: JSONValue, *, is_json: bool, merge_keys: bool) -> Iterator[str]:
    """Yield texts that may have the part: the second without a comment behind it, and with a final line break."""
    if not path:
        return
    finder = _SpanFinder(path)
    finder.parser = Parser(blank_comments(text) if is_json else text, finder)
    with suppress(_Found, YAMLFault):
        finder.parser.stream()
    span = finder.span
    if span is None:
        return
    if span.column is None:
        yield text[: span.start] + _flow(text, span, part, is_json=is_json) + text[span.end :]
        return
    writer = layout_of(text, blocks_of(text, DEFAULT_LIMITS, merge_keys)).writer
    lines = _block_lines(writer, part, is_item=span.is_item)
    margin = " " * span.column
    line_break = line_break_of(text)
    written = line_break.join([lines[0], *(margin + line if line else line for line in lines[1:])])
    yield text[: span.start] + written + text[span.end :]
    yield text[: span.start] + written + (text[_line_end(text, span.end) :] or line_break)


def _block_lines(writer: YAMLWriter, part: JSONValue, *, is_item: bool) -> list[str]:
    """Return the lines after a colon or a dash."""
    if not is_item:
        return writer.after_colon("", part, NO_SECTIONS)
    first, *rest = writer.sequence([part])
    return [first[DASH_WIDTH - 1 :], *rest]


def _flow(text: str, span: _Span, part: JSONValue, *, is_json: bool) -> str:
    """Return a part in flow style: in JSON over several lines if the old part was."""
    if not is_json:
        gap = " " if span.start == span.end else ""  # after the colon of an omitted value
        return gap + YAMLWriter().flow(part)
    if "\n" not in text[span.start : span.end]:
        return json.dumps(part, ensure_ascii=False)
    line = text[text.rfind("\n", 0, span.start) + 1 : span.start]
    margin = line[: len(line) - len(line.lstrip(" \t"))]
    return json.dumps(part, indent=2, ensure_ascii=False).replace("\n", "\n" + margin)


def _line_end(text: str, start: int) -> int:
    ends = [at for at in (text.find("\n", start), text.find("\r", start)) if at >= 0]
    return min(ends, default=len(text))
