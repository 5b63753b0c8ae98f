"""Where reading of a YAML text stands, and what lists, mappings, blocks and flow collections have in common there.

A `Builder` is told of each piece of the text; a `Cursor` passes over white space, anchors, aliases and quoted scalars.
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

BLANKS: Final = " \t\r\n\0"  # what ends an indicator in a block
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

Anchor = tuple[str, int]  # the name and where it stands
# The text of a scalar or the name of an alias, whether it is plain (None for an alias), its anchor, where it stands.
Leaf = tuple[str, bool | None, str | None, int]


class Builder(Protocol):
    """What is made of a text: it is told of each piece in turn, with the offset where that begins."""

    def document(self, version: str | None, start: int) -> None:
        """A document begins; `version` is the one that a directive names."""

    def scalar(self, text: str, is_plain: bool, anchor: str | None, start: int) -> None:
        """A scalar."""

    def empty(self, anchor: str | None, start: int, after: int) -> None:
        """A scalar that is left out: `start` is the place of its anchor, key or indicator, `after` of what follows."""

    def alias(self, name: str, start: int) -> None:
        """An alias."""

    def begin(self, is_mapping: bool, anchor: str | None, start: int) -> None:
        """A mapping or list begins; in a mapping keys and values take turns."""

    def end(self, start: int) -> None:
        """The innermost mapping or list ends."""


class Cursor:
    """Reads what stands at one place of a text.

    `pos` is where reading stands, in the line that begins at `line_start`; `can_begin` says whether a list, or a
    mapping by its key, may begin there outside flow collections. `quoted` is the span of the last quoted scalar.
    """

    def __init__(self, text: str, builder: Builder) -> None:
        self.text = text + "\0\0"  # two, for looking one character ahead
        self.builder = builder
        self.pos = self.line_start = int(text.startswith("\ufeff"))
        self.can_begin = True
        self.tab: int | None = None  # where a tab stands that forbids a block collection after it on its line
        self.quoted = (0, 0)

    def refuse(self, message: str, offset: int) -> NoReturn:
        """Raise the fault that stands at an offset."""
        raise YAMLFault(message, offset)

    def quote_before(self) -> int | None:
        """Where the quoted scalar opens that ended last before this place, on its line."""
        start, end = self.quoted
        is_last = self.line_start <= end and not self.text[end : self.pos].strip(" \t")
        return start if is_last and end else None

    def is_marker(self) -> bool:
        """Whether a line of `---` or `...` begins here."""
        return self.pos == self.line_start and MARKER.match(self.text, self.pos) is not None

    def is_indicator(self, character: str) -> bool:
        """Whether this character stands here as an indicator of a block."""
        return self.text[self.pos] == character and self.text[self.pos + 1] in BLANKS

    def column(self) -> int:
        """The column here, from 0."""
        return self.pos - self.line_start

    def to_token(self) -> None:
        """Pass over white space and comments, whatever they mean."""
        self.move(end_of(_TO_TOKEN, self.text, self.pos))

    def move(self, end: int) -> None:
        """Go on at `end`, which may be in a later line."""
        begun = line_start(self.text, self.pos, end)
        if begun > self.pos:
            self.line_start = begun
        self.pos = end

    def pass_blanks(self, indent: int) -> None:
        """Pass over white space and comments outside flow collections, inside a collection at a column."""
        text, start = self.text, self.pos
        if text[start] not in " \t\r\n#":
            return
        self.to_token()
        if self.line_start > start:
            self.can_begin = True
        last = max(start, self.line_start)
        if "\t" in text[last : self.pos] and text[self.pos] != "\0":
            self._stop_at_tab(indent)

    def _stop_at_tab(self, indent: int) -> None:
        """Refuse a tab where spaces must indent; after another one no block collection begins."""
        line = self.text[self.line_start : self.pos]
        before = line.rstrip(" \t")
        column = line.index("\t", len(before))
        if not before and column <= indent:
            self.refuse(TAB, self.line_start + column)
        self.tab = self.line_start + column
        self.can_begin = False

    def check_begin(self, message: str) -> None:
        """Refuse a block collection here, unless one may begin; a tab that forbids it is at fault itself."""
        if self.can_begin:
            return
        if self.tab is not None and self.tab >= self.line_start:
            self.refuse(TAB, self.tab)
        self.refuse(message, self.pos)

    def anchor(self) -> Anchor:
        """Pass over an anchor."""
        start = self.pos
        return self.name(), start

    def name(self) -> str:
        """Pass over an anchor or alias; its name is whatever stands before a blank or a flow indicator."""
        found = _NAME.match(self.text, self.pos + 1)
        if not found:
            self.refuse(NO_NAME, self.pos)
        self.pos = found.end()
        return found[0]

    def one_of(self, first: Anchor | None, second: Anchor | None) -> Anchor | None:
        """The only anchor of a value, or None."""
        if first and second:
            self.refuse(TWO_ANCHORS, second[1])
        return second or first

    def is_plain_start(self, ends: str) -> bool:
        """Whether a plain scalar begins here; `ends` end an indicator other than a dash, which only a blank does."""
        character, following = self.text[self.pos], self.text[self.pos + 1]
        if character not in _INDICATORS:
            return True
        return following not in (BLANKS if character == "-" else ends) and character in "-?:"

    def marked_leaf(self) -> tuple[str, bool | None]:
        """Pass over a quoted scalar or an alias; its text or name, and False, or None for an alias."""
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
        """Tell of a scalar, or of an alias, which is neither plain nor not."""
        text, is_plain, anchor, start = leaf
        if is_plain is not None:
            self.builder.scalar(text, is_plain, anchor, start)
        elif anchor is None:
            self.builder.alias(text, start)
        else:
            self.refuse(ALIAS_WITH_ANCHOR, start)
