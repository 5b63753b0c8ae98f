"""Block collections of a YAML text: lists of `- ` and mappings of lines, which are delimited by indentation.

A `column` is that of the enclosing list or mapping, from 0; it is -1 outside all of them.
"""

from __future__ import annotations

from schemalm.documents.yaml_cursor import BLANKS, MAX_KEY_LENGTH, Anchor, Leaf
from schemalm.documents.yaml_faults import (
    DASH_ALONE,
    LONG_KEY,
    NO_DASH,
    NO_KEY,
    NO_LIST,
    NO_QUESTION,
    NOT_A_KEY,
)
from schemalm.documents.yaml_placement import WHITE, PlacementChecker
from schemalm.documents.yaml_scalars import block_scalar, end_of, plain_scalar


class BlockReader(PlacementChecker):
    """Reads values in block style; `entry_word` is that of `parse`."""

    entry_word: str | None = None

    def node(self, column: int, empty: int, is_in_mapping: bool = False) -> None:
        """Read a value inside a collection at a column; an omitted value gets the offset `empty`.

        The value is indented deeper than the column, but a list in a mapping may have the same indentation.
        """
        self.skip_blanks(column)
        above: Anchor | None = None  # on a line above the value
        here: Anchor | None = None  # on the line of the value
        can_begin = self.can_begin
        while not self._is_outside(column, is_in_mapping):
            if here and here[1] < self.line_start:
                above, here = self.only_anchor(above, here), None
            if self.text[self.pos] != "&":
                self._content(column, above, here, can_begin if here else self.can_begin)
                return
            can_begin = self.can_begin
            here = self.only_anchor(here, self.anchor())
            self.can_begin = False
            self.skip_blanks(column)
        anchor, start = self.only_anchor(above, here) or (None, empty)
        self.builder.empty(anchor, start, self.pos)

    def _is_outside(self, column: int, is_in_mapping: bool) -> bool:
        """Return whether the next token is outside a value that is inside a collection at a column."""
        if self.text[self.pos] == "\0" or self.is_marker():
            return True
        at = self.column()
        # More lenient than section 8.1, like other parsers: the header of a block scalar may be at the column too.
        may_be_alike = self.text[self.pos] in "|>" or (is_in_mapping and self.is_indicator("-"))
        return at < column or (at == column and not may_be_alike)

    def _content(self, column: int, above: Anchor | None, here: Anchor | None, can_be_key: bool) -> None:
        """Read a value after its anchors; `can_be_key`: with an anchor on its line, it may be the first key."""
        character = self.text[self.pos]
        if self.is_indicator("-"):
            self.check_begin(NO_LIST)
            self._items(column, above)
        elif self.is_indicator("?"):
            self.check_begin(NO_QUESTION)
            self._entries(above, self.pos, None)
        elif character in "|>":
            self._block_scalar(column, self.only_anchor(above, here))
        elif character in "[{":
            self._flow_in_block(column, self.only_anchor(above, here))
        else:
            self._leaf_or_mapping(column, above, here, can_be_key)

    def _block_scalar(self, column: int, anchor: Anchor | None) -> None:
        start = self.pos
        value, end = block_scalar(self.text, start, column)
        self.move(end)
        self.text_end = end
        self.can_begin = True
        self.builder.scalar(value, False, *(anchor or (None, start)))

    def _flow_in_block(self, column: int, anchor: Anchor | None) -> None:
        start = self.pos
        self.outer_column = column
        self.flow_collection(*(anchor or (None, start)))
        self.can_begin = False
        if self._is_key(start):
            self.refuse(NOT_A_KEY, start)

    def _leaf_or_mapping(self, column: int, above: Anchor | None, here: Anchor | None, can_be_key: bool) -> None:
        """Read a scalar or an alias, or the mapping of which it is the first key."""
        name, start = here or (None, self.pos)
        text, is_plain = self._leaf_in_block(column)
        if self._is_key(start):
            self.can_begin = can_be_key
            self.check_begin(NO_KEY)
            self._entries(above, start, (text, is_plain, name, start))
            return
        self.emit((text, is_plain, *(self.only_anchor(above, here) or (None, start))))

    def _leaf_in_block(self, column: int) -> tuple[str, bool | None]:
        """Move past a scalar or an alias in a block; return its text and whether it is plain (None for an alias)."""
        start = self.pos
        if self.is_plain_start(BLANKS):
            self.last_plain = start
            text, end, self.can_begin = plain_scalar(self.text, start, column)
            self.move(end)
            return text, True
        self.can_begin = False
        return self.quoted_or_alias()

    def _is_key(self, start: int) -> bool:
        """Return whether a colon follows, which makes the scalar or alias that began at `start` a key."""
        colon = end_of(WHITE, self.text, self.pos)
        if self.can_begin or self.text[colon] != ":" or self.text[colon + 1] not in BLANKS:
            return False
        self.pos = colon
        if start < self.line_start:
            self.refuse_key_over_lines(start)
        if colon - start > MAX_KEY_LENGTH:
            self.refuse(LONG_KEY.format(MAX_KEY_LENGTH), start)
        return True

    def _items(self, outer: int, anchor: Anchor | None) -> None:
        """Read a list in a collection at the column `outer`."""
        column = self.column()
        name, start = anchor or (None, self.pos)
        self.builder.begin(False, name, start, column)
        while True:
            self.pos += 1
            self.can_begin = True
            self.node(column, self.pos - 1)
            self.skip_blanks(column)
            if not self._continues(column):
                break
            if not self.is_indicator("-"):
                if column > outer:
                    self.refuse(DASH_ALONE if self.text[self.pos] == "-" else NO_DASH, self.pos)
                break
            self.check_begin(NO_LIST)
        self.builder.end(self.pos)

    def _continues(self, column: int) -> bool:
        """Return whether the collection at a column has another entry; refuse text that is indented deeper."""
        at = self.column()
        if self.text[self.pos] == "\0" or at < column or self.is_marker():
            self.last_block = (column, self.pos)
            return False
        if at > column:
            self.refuse_stray(column)
        return True

    def _entries(self, anchor: Anchor | None, start: int, key: Leaf | None) -> None:
        """Read a mapping; its first key may have been read already."""
        column = start - self.line_start
        name, begun = anchor or (None, start)
        self.builder.begin(True, name, begun, column)
        while True:
            if key is None and self.is_indicator("?"):
                self._explicit_entry(column)
            else:
                self._simple_entry(column, key or self._key(column))
            key = None
            self.skip_blanks(column)
            if not self._continues(column):
                break
            self.check_begin(NO_KEY)
        self.builder.end(self.pos)

    def _simple_entry(self, column: int, key: Leaf) -> None:
        self.emit(key)
        if self.text[self.pos] != ":":  # the entry word
            self.emit(key)
            return
        self.pos += 1
        self.can_begin = False
        self.node(column, key[3], is_in_mapping=True)

    def _explicit_entry(self, column: int) -> None:
        start = self.pos
        self.pos += 1
        self.can_begin = True
        self.node(column, start, is_in_mapping=True)
        self.skip_blanks(column)
        if self.can_begin and self.column() == column and self.is_indicator(":"):
            self.pos += 1
            self.node(column, start, is_in_mapping=True)
        else:
            self.builder.empty(None, start, self.pos)

    def _key(self, column: int) -> Leaf:
        """Move past the key of a later entry, up to its colon."""
        anchor: Anchor | None = None
        if self.text[self.pos] == "&":
            anchor = self.anchor()
            self.skip_blanks(column)
        name, start = anchor or (None, self.pos)
        self.check_key(start)
        text, is_plain = self._leaf_in_block(column)
        if not self._is_key(start) and not (is_plain and text == self.entry_word):
            self.refuse_text(start)
        return text, is_plain, name, start
