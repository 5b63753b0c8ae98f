"""Lists of `- ` and mappings of lines in a YAML text: block collections, which indentation sets apart.

A column is that of the innermost list or mapping, from 0, and -1 around them all.
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
from schemalm.documents.yaml_misplaced import WHITE, Misplaced
from schemalm.documents.yaml_scalars import block_scalar, end_of, plain_scalar


class BlockReader(Misplaced):
    """Reads values in blocks."""

    def node(self, column: int, empty: int, is_in_mapping: bool = False) -> None:
        """Read a value inside a collection at a column; one that is left out has the place `empty`.

        It is indented deeper, but for a list in a mapping, which may be indented alike.
        """
        self.pass_blanks(column)
        above: Anchor | None = None  # on a line above the value
        here: Anchor | None = None  # on its line
        can_begin = self.can_begin
        while not self._is_outside(column, is_in_mapping):
            if here and here[1] < self.line_start:
                above, here = self.one_of(above, here), None
            if self.text[self.pos] != "&":
                self._content(column, above, here, can_begin if here else self.can_begin)
                return
            can_begin = self.can_begin
            here = self.one_of(here, self.anchor())
            self.can_begin = False
            self.pass_blanks(column)
        anchor, start = self.one_of(above, here) or (None, empty)
        self.builder.empty(anchor, start, self.pos)

    def _is_outside(self, column: int, is_in_mapping: bool) -> bool:
        """Whether what comes next is no part of a value inside a collection at a column."""
        if self.text[self.pos] == "\0" or self.is_marker():
            return True
        at = self.column()
        # Laxer than section 8.1, as parsers are: the header of a block scalar may stand at the column too.
        may_be_alike = self.text[self.pos] in "|>" or (is_in_mapping and self.is_indicator("-"))
        return at < column or (at == column and not may_be_alike)

    def _content(self, column: int, above: Anchor | None, here: Anchor | None, can_be_key: bool) -> None:
        """Read a value behind its anchors; `can_be_key`: with that on its line it may be a mapping's first key."""
        character = self.text[self.pos]
        if self.is_indicator("-"):
            self.check_begin(NO_LIST)
            self._items(column, above)
        elif self.is_indicator("?"):
            self.check_begin(NO_QUESTION)
            self._entries(above, self.pos, None)
        elif character in "|>":
            self._block_scalar(column, self.one_of(above, here))
        elif character in "[{":
            self._flow_in_block(column, self.one_of(above, here))
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
        self.around = column
        self.flow_collection(*(anchor or (None, start)))
        self.can_begin = False
        if self._is_key(start):
            self.refuse(NOT_A_KEY, start)

    def _leaf_or_mapping(self, column: int, above: Anchor | None, here: Anchor | None, can_be_key: bool) -> None:
        """Read a scalar or an alias, or the mapping whose first key it is."""
        name, start = here or (None, self.pos)
        text, is_plain = self._leaf_in_block(column)
        if self._is_key(start):
            self.can_begin = can_be_key
            self.check_begin(NO_KEY)
            self._entries(above, start, (text, is_plain, name, start))
            return
        self.emit((text, is_plain, *(self.one_of(above, here) or (None, start))))

    def _leaf_in_block(self, column: int) -> tuple[str, bool | None]:
        """Pass over a scalar or an alias in a block; its text and whether it is plain, None for an alias."""
        start = self.pos
        if self.is_plain_start(BLANKS):
            self.plain = start
            text, end, self.can_begin = plain_scalar(self.text, start, column)
            self.move(end)
            return text, True
        self.can_begin = False
        return self.marked_leaf()

    def _is_key(self, start: int) -> bool:
        """Whether a colon follows what began at `start` and was passed over, which makes a key of it."""
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
        self.builder.begin(False, *(anchor or (None, self.pos)))
        while True:
            self.pos += 1
            self.can_begin = True
            self.node(column, self.pos - 1)
            self.pass_blanks(column)
            if not self._goes_on(column):
                break
            if not self.is_indicator("-"):
                if column > outer:
                    self.refuse(DASH_ALONE if self.text[self.pos] == "-" else NO_DASH, self.pos)
                break
            self.check_begin(NO_LIST)
        self.builder.end(self.pos)

    def _goes_on(self, column: int) -> bool:
        """Whether the collection at a column has another entry; refuses what stands deeper but is none."""
        at = self.column()
        if self.text[self.pos] == "\0" or at < column or self.is_marker():
            self.left = (column, self.pos)
            return False
        if at > column:
            self.refuse_stray(column)
        return True

    def _entries(self, anchor: Anchor | None, start: int, key: Leaf | None) -> None:
        """Read a mapping, whose first key may have been read."""
        column = start - self.line_start
        self.builder.begin(True, *(anchor or (None, start)))
        while True:
            if key is None and self.is_indicator("?"):
                self._explicit_entry(column)
            else:
                self._simple_entry(column, key or self._key(column))
            key = None
            self.pass_blanks(column)
            if not self._goes_on(column):
                break
            self.check_begin(NO_KEY)
        self.builder.end(self.pos)

    def _simple_entry(self, column: int, key: Leaf) -> None:
        self.emit(key)
        self.pos += 1
        self.can_begin = False
        self.node(column, key[3], is_in_mapping=True)

    def _explicit_entry(self, column: int) -> None:
        start = self.pos
        self.pos += 1
        self.can_begin = True
        self.node(column, start, is_in_mapping=True)
        self.pass_blanks(column)
        if self.can_begin and self.column() == column and self.is_indicator(":"):
            self.pos += 1
            self.node(column, start, is_in_mapping=True)
        else:
            self.builder.empty(None, start, self.pos)

    def _key(self, column: int) -> Leaf:
        """Pass over the key of a later entry, up to its colon."""
        anchor: Anchor | None = None
        if self.text[self.pos] == "&":
            anchor = self.anchor()
            self.pass_blanks(column)
        name, start = anchor or (None, self.pos)
        self.check_key(start)
        text, is_plain = self._leaf_in_block(column)
        if not self._is_key(start):
            self.refuse_text(start)
        return text, is_plain, name, start
