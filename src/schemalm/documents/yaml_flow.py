"""Flow collections of a YAML text: lists in `[...]` and mappings in `{...}`, in which indentation has no meaning."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from schemalm.documents.yaml_cursor import BLANKS, MAX_KEY_LENGTH, Builder, Cursor, Leaf
from schemalm.documents.yaml_faults import (
    EMPTY_KEY,
    LATE_QUOTE,
    NO_COMMA,
    NO_COMMA_ABOVE,
    NOT_A_KEY,
    NOT_CLOSED,
    TEMPLATE,
)
from schemalm.documents.yaml_scalars import plain_scalar_in_flow

_ENDS: Final = BLANKS + ",[]{}"  # the characters that end an indicator
_INDENTATION: Final = re.compile(r"[\r\n]( *+)(?![ \t\r\n#\]}])")
_CLOSING: Final = {"[": "]", "{": "}"}
_MARKS: Final = frozenset(",:[{")
_KINDS: Final = {"[": "list", "{": "object"}


class FlowReader(Cursor):
    """Reads flow collections.

    `opened`: the offsets of the open brackets; `outer_column`: the column of the block around all of them.
    """

    def __init__(self, text: str, builder: Builder) -> None:
        super().__init__(text, builder)
        self.opened: list[int] = []
        self.outer_column = -1

    def refuse(self, message: str, offset: int) -> NoReturn:
        """Raise a fault; after a line indented no deeper than the outer block, blame the open bracket instead."""
        if self.opened:
            lines = _INDENTATION.finditer(self.text, self.opened[-1], offset + 1)
            if any(len(line[1]) <= self.outer_column for line in lines):
                self._refuse_open()
        super().refuse(message, offset)

    def _refuse_open(self) -> NoReturn:
        start = self.opened[-1]
        bracket = self.text[start]
        super().refuse(NOT_CLOSED.format(_KINDS[bracket], _CLOSING[bracket]), start)

    def flow_collection(self, anchor: str | None, start: int) -> None:
        """Read a list or a mapping that begins at `start`, the offset of its anchor or bracket."""
        self.opened.append(self.pos)
        if self.text[self.pos] == "[":
            self._sequence(anchor, start)
        else:
            self._mapping(anchor, start)
        self.opened.pop()

    def _sequence(self, anchor: str | None, start: int) -> None:
        self.builder.begin(False, anchor, start, None)
        character = self._next()
        while character != "]":
            self._entry(character)
            character = self._after_entry("]")
        self.builder.end(self.pos)
        self.pos += 1

    def _mapping(self, anchor: str | None, start: int) -> None:
        self.builder.begin(True, anchor, start, None)
        character = self._next()
        while character != "}":
            start = self.pos
            is_explicit = character == "?" and self.text[start + 1] in _ENDS
            self._pair(self._next() if is_explicit else character, start)
            character = self._after_entry("}")
        self.builder.end(self.pos)
        self.pos += 1

    def _next(self) -> str:
        """Move past a character, white space and comments, and return the next character."""
        self.pos += 1
        return self._skip()

    def _skip(self) -> str:
        """Skip white space and comments, and return the next character."""
        text = self.text
        if text[self.pos] in " \t\r\n#":
            self.skip_to_token()
            if self.is_marker():
                self._refuse_open()
        return text[self.pos]

    def _after_entry(self, closing: str) -> str:
        """Move past the comma after an entry, and return the next character."""
        character = self._skip()
        if character == ",":
            return self._next()
        if character != closing:
            self._refuse_entry(character, closing)
        return character

    def _refuse_entry(self, character: str, closing: str) -> NoReturn:
        if character == "\0":
            self._refuse_open()
        quote = self.quote_before()
        if quote is not None and quote < self.line_start:
            self.refuse(LATE_QUOTE, quote)
        begun = self.text[self.line_start : self.pos].lstrip(" \t")
        if character == ":" and self.opened[-1] < self.line_start and not _MARKS & set(begun):
            self.refuse(NO_COMMA_ABOVE, self.pos - len(begun))
        kind = _KINDS[self.text[self.opened[-1]]]
        self.refuse(NO_COMMA.format(closing, kind, character), self.pos)

    def _entry(self, character: str) -> None:
        """Read an entry of a list: a value, or a mapping of one pair, whose key and colon are on one line."""
        start = self.pos
        if character == "?" and self.text[start + 1] in _ENDS:
            self.builder.begin(True, None, start, None)
            self._pair(self._next(), start)
            self.builder.end(self.pos)
            return
        leaf = self._leaf(character)
        if self._skip() == ":" and self._is_pair(leaf, start):
            self.builder.begin(True, None, start, None)
            self.emit(leaf or self._refuse_as_key(start))
            self._value(start)
            self.builder.end(self.pos)
        elif leaf:
            self.emit(leaf)

    def _is_pair(self, key: Leaf | None, start: int) -> bool:
        is_near = start >= self.line_start and self.pos - start <= MAX_KEY_LENGTH
        return is_near and self._is_value(key)

    def _is_value(self, key: Leaf | None) -> bool:
        """Return whether the colon here is an indicator: before a blank, or after a quoted key or a collection."""
        return self.text[self.pos + 1] in _ENDS or key is None or key[1] is False

    def _pair(self, character: str, start: int) -> None:
        """Read a key and its value; the value may be omitted."""
        if self._is_empty(character):
            self.refuse(EMPTY_KEY, start)
        if character in "[{":
            self._refuse_as_key(self.pos)
        key = self._leaf(character)
        self.emit(key or self._refuse_as_key(start))
        if self._skip() == ":" and self._is_value(key):
            self._value(start)
        else:
            self.builder.empty(None, start, self.pos)

    def _value(self, key_start: int) -> None:
        character = self._next()
        if character in ",]}":
            self.builder.empty(None, key_start, self.pos)
        elif leaf := self._leaf(character):
            self.emit(leaf)

    def _is_empty(self, character: str) -> bool:
        return character in ",]}" or (character == ":" and self.text[self.pos + 1] in _ENDS)

    def _leaf(self, character: str) -> Leaf | None:
        """Move past a scalar or an alias and return it, or read a collection and return None."""
        name, start = None, self.pos
        if character == "&":
            name = self.name()
            character = self._skip()
            if self._is_empty(character):
                return "", True, name, start
        if character in "[{":
            self.flow_collection(name, start)
            return None
        if character == "\0":
            self._refuse_open()
        if self.is_plain_start(_ENDS):
            text, end = plain_scalar_in_flow(self.text, self.pos)
            self.move(end)
            return text, True, name, start
        return (*self.quoted_or_alias(), name, start)

    def _refuse_as_key(self, start: int) -> NoReturn:
        """Refuse a list or mapping as a key; a template in two braces has its own message."""
        if self.text.startswith("{{", start - 1):
            self.refuse(TEMPLATE, start - 1)
        self.refuse(NOT_A_KEY, start)
