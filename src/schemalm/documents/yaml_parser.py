"""The YAML 1.2 parser: it finds the scalars, aliases, lists and mappings of a text, in order.

In goes a text in memory; out go calls of a `Builder`, each with an offset. The time is linear in the length of the
text. Each level of nesting takes a few stack frames, so the builder must bound the depth. Text that is not YAML raises
a `YAMLFault`; tags are refused, and directives other than `%YAML` are skipped. The parser is more lenient than the
specification if the value is still clear: lines in flow collections and quoted scalars need not be indented, and a
comment may follow a quote, a bracket or `|` directly. Tabs may separate tokens and fill blank lines; they are refused
in indentation (section 6.1).

This module reads documents, `yaml_blocks` block collections, `yaml_flow` flow collections and `yaml_scalars` scalars;
`yaml_faults` has the messages.
"""

from __future__ import annotations

import re

from schemalm.documents.yaml_blocks import BlockReader
from schemalm.documents.yaml_cursor import Builder
from schemalm.documents.yaml_faults import DIRECTIVE, EMPTY, NO_START, ONE_VALUE, ONLY_A_COMMENT

_DIRECTIVE = re.compile(
    r"%(?:YAML[ \t]+(?P<version>\d+\.\d+)|TAG[ \t]+(?P<handle>!(?:[\w-]*!)?)[ \t]+[^ \t\r\n\0]+"
    r"|(?!(?:YAML|TAG)[ \t\r\n\0])[\w:.-]+(?:[ \t][^\r\n\0]*)?)[ \t]*(?:(?<=[ \t])#[^\r\n\0]*)?(?=[\r\n\0])",
    re.ASCII,
)


def parse(text: str, builder: Builder, *, entry_word: str | None = None) -> None:
    """Call a builder with everything in a text; raises `YAMLFault`, and whatever the builder raises.

    entry_word: a plain word that, alone on its line, is an entry of a block mapping: both the key and the value.
    """
    parser = Parser(text, builder)
    parser.entry_word = entry_word
    parser.stream()


class Parser(BlockReader):
    """Reads the documents of one text; where a fault or the builder ends it, `pos` is the last position."""

    def stream(self) -> None:
        """Read all documents."""
        self.skip_blanks(-1)
        must_be_marked = False
        while self.text[self.pos] != "\0":
            must_be_marked = self._document(must_be_marked)

    def _document(self, must_be_marked: bool) -> bool:
        """Read a document, and return whether another one needs a marker before it."""
        begun = self.pos
        version = self._directives()
        start = self.pos
        if self.is_marker() and self.text[start] == "-":
            self.pos += 3
            self.can_begin = False
        elif version is not None:
            self.refuse(NO_START, begun)
        elif must_be_marked:
            self._refuse_more()
        elif self.is_marker():
            self.refuse(EMPTY, start)
        self.builder.document(version or None, start)
        self.node(-1, start)
        self.skip_blanks(-1)
        if not self.is_marker() or self.text[self.pos] == "-":
            return True
        self._end_markers()
        return False

    def _end_markers(self) -> None:
        """Move past lines of `...`."""
        while self.is_marker() and self.text[self.pos] == ".":
            self.pos += 3
            self.can_begin = False
            self.skip_blanks(-1)
            if not self.can_begin and self.text[self.pos] != "\0":
                self.refuse(ONLY_A_COMMENT, self.pos)

    def _directives(self) -> str | None:
        """Move past directives; return the version they state, empty if they state none, None without directives."""
        version: str | None = None
        handles: set[str] = set()
        while self.text[self.pos] == "%" and self.pos == self.line_start:
            found = _DIRECTIVE.match(self.text, self.pos)
            if not found or (found["version"] and version) or found["handle"] in handles:
                self.refuse(DIRECTIVE, self.pos)
            version = found["version"] or version or ""
            handles |= {found["handle"]} - {None}
            self.pos = found.end()
            self.skip_blanks(-1)
        return version

    def _refuse_more(self) -> None:
        """Refuse text that follows a document without a marker."""
        column, end = self.last_block
        if self.text[self.line_start : self.pos].strip(" \t") or (end == self.pos and column > self.column()):
            self.refuse_stray(column)
        self.refuse(ONE_VALUE, self.pos)
