"""YAML 1.2 text to what it consists of, in the order of the text: scalars, aliases, lists and mappings.

In goes a text in memory, out go calls of a `Builder`, each with the offset of its place. Time is linear in the length
of the text, for each level of nesting a few frames of the stack are taken: the builder is to bound the depth. What is
no YAML is a `YAMLFault`; tags are refused, directives other than `%YAML` passed over. Laxer than the specification
where a value is clear all the same: in flow collections and quoted scalars lines need not be indented, and a comment
may follow a quote, a bracket or `|` at once. Tabs may separate and fill blank lines; they are refused where spaces must
indent (section 6.1).

This file reads documents, `yaml_blocks` what lines and indentation set apart, `yaml_flow` what brackets do,
`yaml_scalars` single texts; `yaml_faults` holds the messages.
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


def parse(text: str, builder: Builder) -> None:
    """Tell a builder of everything in a text; raises `YAMLFault`, and what the builder raises."""
    _Parser(text, builder).stream()


class _Parser(BlockReader):
    """Reads the documents of one text."""

    def stream(self) -> None:
        """Read all documents."""
        self.pass_blanks(-1)
        must_be_marked = False
        while self.text[self.pos] != "\0":
            must_be_marked = self._document(must_be_marked)

    def _document(self, must_be_marked: bool) -> bool:
        """Read a document; returns whether another one needs a marker before it."""
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
        self.pass_blanks(-1)
        if not self.is_marker() or self.text[self.pos] == "-":
            return True
        self._end_markers()
        return False

    def _end_markers(self) -> None:
        """Pass over lines of `...`."""
        while self.is_marker() and self.text[self.pos] == ".":
            self.pos += 3
            self.can_begin = False
            self.pass_blanks(-1)
            if not self.can_begin and self.text[self.pos] != "\0":
                self.refuse(ONLY_A_COMMENT, self.pos)

    def _directives(self) -> str | None:
        """Pass over directives; the version that one names, empty where none does, None without directives."""
        version: str | None = None
        handles: set[str] = set()
        while self.text[self.pos] == "%" and self.pos == self.line_start:
            found = _DIRECTIVE.match(self.text, self.pos)
            if not found or (found["version"] and version) or found["handle"] in handles:
                self.refuse(DIRECTIVE, self.pos)
            version = found["version"] or version or ""
            handles |= {found["handle"]} - {None}
            self.pos = found.end()
            self.pass_blanks(-1)
        return version

    def _refuse_more(self) -> None:
        """Refuse what follows a document without a marker."""
        column, place = self.left
        if self.text[self.line_start : self.pos].strip(" \t") or (place == self.pos and column > self.column()):
            self.refuse_stray(column)
        self.refuse(ONE_VALUE, self.pos)
