"""The reading position in a YAML text, and what block and flow collections have in common.

A `Cursor` moves past white space, anchors, aliases and quoted scalars; a `Builder` receives each part of the text.
"""

from __future__ import annotations

import re
from typing import Final, NoReturn, Protocol

from schemalm.documents.yaml_faults import (
    ALIAS_WITH_ANCHOR,
    BLOCK_IN_BRACKETS,
    EMPTY_KEY,
    NO_LIST,
    NO_NAME,
    NO_QUESTION,
    NO_VALUE,
    NOTHING,
    TAB,
    TAG_REFUSED,
    TWO_ANCHORS,
    YAMLFault,
)
from schemalm.documents.yaml_scalars import MARKER, end_of, line_start, quoted_scalar

BLANKS: Final = " \t\r\n\0"  # the characters that end an indicator in a block
MAX_KEY_LENGTH: Final = 1024  # of a key in a block, and of a pair in a list (section 7.4)

_TO_TOKEN = re.compile(r"(?:[ \t\r\n]++|#[^\r\n\0]*+)*+")
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`" + BLANKS)
_NAME = re.compile(r"[^ \t\r\n\0,\[\]{}]++")
_REFUSED = {
    "!": TAG_REFUSED,
    "&": TWO_ANCHORS,
    ":": EMPTY_KEY,
    "-": NO_LIST,
    "?": NO_QUESTION,
    **dict.fromkeys("|>", BLOCK_IN_BRACKETS),
    **dict.fromkeys(",]}", NOTHING),
}

Anchor = tuple[str, int]  # the name and its offset
# The text of a scalar or the name of an alias, whether it is plain (None for an alias), its anchor, and its offset.
Leaf = tuple[str, bool | None, str | None, int]


class Builder(Protocol):
    """The receiver of the parts of a text: one call for each, in order, with the offset where it begins."""

    def document(self, version: str | None, start: int) -> None:
        """A document begins; `version` is the one that a directive names."""

    def scalar(self, text: str, is_plain: bool, anchor: str | None, start: int) -> None:
        """A scalar is complete."""

    def empty(self, anchor: str | None, start: int, after: int) -> None:
        """A scalar is omitted; `start` is the offset of its anchor, key or indicator; `after` of the next token."""

    def alias(self, name: str, start: int) -> None:
        """An alias is complete."""

    def begin(self, is_mapping: bool, anchor: str | None, start: int, column: int | None) -> None:
        """A mapping or list begins; in a mapping, keys and values alternate.

        `column`: where its entries begin, from 0, in block style; None in flow style.
        """

    def end(self, start: int) -> None:
        """The innermost mapping or list ends."""


class Cursor:
    """A position in a text, with the methods that read from there.

    `pos` is the current offset, on the line that begins at `line_start`. `can_begin` says whether a block list, or the
    first key of a block mapping, may begin there. `quoted` is the span of the last quoted scalar.
    """

    def __init__(self, text: str, builder: Builder) -> None:
        self.text = text + "\0\0"  # two, so that it can look one character ahead
        self.builder = builder
        self.pos = self.line_start = int(text.startswith("\ufeff"))
        self.can_begin = True
        self.tab: int | None = None  # the offset of a tab after which no block collection may begin on its line
        self.quoted = (0, 0)

    def refuse(self, message: str, offset: int) -> NoReturn:
        """Raise a fault at an offset."""
        raise YAMLFault(message, offset)

    def quote_before(self) -> int | None:
        """Return the start of the quoted scalar that ends just before the position, on its line; None if none does."""
        start, end = self.quoted
        is_last = self.line_start <= end and not self.text[end : self.pos].strip(" \t")
        return start if is_last and end else None

    def is_marker(self) -> bool:
        """Return whether a line of `---` or `...` begins here."""
        return self.pos == self.line_start and MARKER.match(self.text, self.pos) is not None

    def is_indicator(self, character: str) -> bool:
        """Return whether this character is here, as an indicator of a block."""
        return self.text[self.pos] == character and self.text[self.pos + 1] in BLANKS

    def column(self) -> int:
        """Return the current column, from 0."""
        return self.pos - self.line_start

    def skip_to_token(self) -> None:
        """Skip white space and comments without checking them."""
        self.move(end_of(_TO_TOKEN, self.text, self.pos))

    def move(self, end: int) -> None:
        """Move to `end`, which may be on a later line."""
        begun = line_start(self.text, self.pos, end)
        if begun > self.pos:
            self.line_start = begun
        self.pos = end

    def skip_blanks(self, indent: int) -> None:
        """Skip white space and comments in block style, inside a collection at the column `indent`."""
        text, start = self.text, self.pos
        if text[start] not in " \t\r\n#":
            return
        self.skip_to_token()
        if self.line_start > start:
            self.can_begin = True
        last = max(start, self.line_start)
        if "\t" in text[last : self.pos] and text[self.pos] != "\0":
            self._stop_at_tab(indent)

    def _stop_at_tab(self, indent: int) -> None:
        """Refuse a tab in indentation; after any other tab, no block collection may begin on the line."""
        line = self.text[self.line_start : self.pos]
        before = line.rstrip(" \t")
        column = line.index("\t", len(before))
        if not before and column <= indent:
            self.refuse(TAB, self.line_start + column)
        self.tab = self.line_start + column
        self.can_begin = False

    def check_begin(self, message: str) -> None:
        """Refuse a block collection here, unless one may begin; if a tab forbids it, the tab is at fault."""
        if self.can_begin:
            return
        if self.tab is not None and self.tab >= self.line_start:
            self.refuse(TAB, self.tab)
        self.refuse(message, self.pos)

    def anchor(self) -> Anchor:
        """Move past an anchor."""
        start = self.pos
        return self.name(), start

    def name(self) -> str:
        """Move past an anchor or alias and return its name, which ends at a blank or a flow indicator."""
        found = _NAME.match(self.text, self.pos + 1)
        if not found:
            self.refuse(NO_NAME, self.pos)
        self.pos = found.end()
        return found[0]

    def only_anchor(self, first: Anchor | None, second: Anchor | None) -> Anchor | None:
        """Return the only anchor of a value, or None; refuse two anchors."""
        if first and second:
            self.refuse(TWO_ANCHORS, second[1])
        return second or first

    def is_plain_start(self, ends: str) -> bool:
        """Return whether a plain scalar begins here.

        One of `ends` after `?` or `:`, and a blank after a dash, makes it an indicator instead.
        """
        character, following = self.text[self.pos], self.text[self.pos + 1]
        if character not in _INDICATORS:
            return True
        return following not in (BLANKS if character == "-" else ends) and character in "-?:"

    def quoted_or_alias(self) -> tuple[str, bool | None]:
        """Move past a quoted scalar or an alias; return its text or name, and False (None for an alias)."""
        start, character = self.pos, self.text[self.pos]
        if character in "'\"":
            text, end = quoted_scalar(self.text, start)
            self.quoted = (start, end)
            self.move(end)
            return text, False
        if character != "*":
            self.refuse(_REFUSED.get(character, NO_VALUE).format(character), start)
        return self.name(), None

    def emit(self, leaf: Leaf) -> None:
        """Pass a scalar or an alias to the builder."""
        text, is_plain, anchor, start = leaf
        if is_plain is not None:
            self.builder.scalar(text, is_plain, anchor, start)
        elif anchor is None:
            self.builder.alias(text, start)
        else:
            self.refuse(ALIAS_WITH_ANCHOR, start)
