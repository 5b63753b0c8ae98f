"""The checks for misplaced text in block style: where the fault begins, and which message explains it."""

from __future__ import annotations

import re
from typing import NoReturn

from schemalm.documents.yaml_cursor import Builder
from schemalm.documents.yaml_faults import (
    AFTER_ALIAS,
    AFTER_BRACKET,
    AFTER_QUOTE,
    BELOW_TEXT,
    COLUMN,
    COLUMNS,
    DASH_AMONG_KEYS,
    KEY_IN_TEXT,
    LATE_QUOTE,
    NO_COLON,
    NO_SPACE,
    NOT_A_KEY,
    TEMPLATE,
    TEXT_BEFORE_KEY,
)
from schemalm.documents.yaml_flow import FlowReader
from schemalm.documents.yaml_scalars import end_of, line_start

WHITE = re.compile(r"[ \t]*+")
_KEY_WITHOUT_SPACE = re.compile(r"([A-Za-z_][\w.-]*):(?=[^\s:/])")
_MAX_SHOWN = 40  # characters of a key in a message


class PlacementChecker(FlowReader):
    """Refuses misplaced text in block style.

    `last_block`: the column of the last block that ended, and the offset of its end; `text_end`: where the last block
    scalar ended; `last_plain`: where the last plain scalar in a block began.
    """

    def __init__(self, text: str, builder: Builder) -> None:
        super().__init__(text, builder)
        self.last_block = (-1, -1)
        self.text_end = -1
        self.last_plain = 0

    def check_key(self, start: int) -> None:
        """Refuse characters that cannot begin a key."""
        if self.text[self.pos] in "[]{},":
            self._check_below_text()
        if self.text[self.pos] in "[{":
            is_template = self.text.startswith("{{", self.pos)
            self.refuse(TEMPLATE if is_template else NOT_A_KEY, self.pos)
        if self.is_indicator("-"):
            self.refuse(DASH_AMONG_KEYS, self.pos)
        if self.text[self.pos] == "\0":
            self.refuse(NO_COLON, start)

    def refuse_text(self, start: int) -> NoReturn:
        """Refuse text at a location where a key is required."""
        if found := _KEY_WITHOUT_SPACE.match(self.text, start):
            self.refuse(NO_SPACE.format(found[1][:_MAX_SHOWN]), start)
        self.refuse(NO_COLON, start)

    def _check_below_text(self) -> None:
        """Refuse this line if it may have been meant as part of the block scalar before it."""
        if self.text_end == self.line_start:
            self.refuse(BELOW_TEXT, self.pos)

    def refuse_key_over_lines(self, start: int) -> NoReturn:
        """Refuse a key that begins on an earlier line than its colon; if it continues a value, blame this line."""
        if self.quote_before() == start:
            self.refuse(LATE_QUOTE, start)
        if self.text[line_start(self.text, 0, start) : start].rstrip(" \t").endswith(":"):
            self.pos = end_of(WHITE, self.text, self.line_start)
            self.check_begin(KEY_IN_TEXT)
        if _KEY_WITHOUT_SPACE.match(self.text, start):
            self.refuse_text(start)
        self.refuse(TEXT_BEFORE_KEY, start)

    def refuse_stray(self, column: int) -> NoReturn:
        """Refuse text indented deeper than the entries at a column, after a value or on its own line."""
        before = self.text[self.line_start : self.pos].rstrip(" \t")
        quote = self.quote_before()
        if not before:
            self._refuse_column(column)
        if quote is not None and quote < self.line_start:
            self.refuse(LATE_QUOTE, quote)
        if quote is not None:
            self.refuse(AFTER_QUOTE.format("''" if self.text[quote] == "'" else '\\"'), self.pos)
        if before[-1] in "]}":
            self.refuse(AFTER_BRACKET.format(before[-1]), self.pos)
        self.refuse(AFTER_ALIAS, self.pos)

    def _refuse_column(self, column: int) -> NoReturn:
        self._check_below_text()
        deeper, end = self.last_block
        at = self.column() + 1
        if end == self.pos and deeper > column >= 0:
            self.refuse(COLUMNS.format(at, column + 1, deeper + 1), self.pos)
        if end != self.pos and _KEY_WITHOUT_SPACE.match(self.text, self.last_plain):
            self.refuse_text(self.last_plain)
        self.refuse(COLUMN.format(at, column + 1), self.pos)
