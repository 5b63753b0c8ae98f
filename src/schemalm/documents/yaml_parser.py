"""YAML 1.2 text to what it consists of, in the order of the text: scalars, aliases, lists and mappings.

In goes a text in memory, out go calls of a `Builder`, each with the offset of its place. Time is linear in the length
of the text, for each level of nesting a few frames of the stack are taken: the builder is to bound the depth. What is
no YAML is a `YAMLFault`; tags are refused, directives other than `%YAML` passed over. Laxer than the specification
where a value is clear all the same: in flow collections and quoted scalars lines need not be indented, and a comment
may follow a quote or a bracket at once. Tabs may separate and fill blank lines; they are refused where spaces must
indent (section 6.1).
"""

from __future__ import annotations

import re
from typing import NoReturn, Protocol

from schemalm.documents.yaml_scalars import (
    MARKER,
    TAB_INDENTS,
    YAMLFault,
    block_scalar,
    end_of,
    line_start,
    plain_scalar,
    plain_scalar_in_flow,
    quoted_scalar,
)

MAX_KEY_LENGTH = 1024  # of a key in a block, and of a pair in a list (section 7.4)

_TO_TOKEN = re.compile(r"(?:[ \t\r\n]++|#[^\r\n\0]*+)*+")
_WHITE = re.compile(r"[ \t]*+")
_BLANKS = " \t\r\n\0"  # what ends an indicator in a block
_FLOW_ENDS = " \t\r\n\0,[]{}"  # and in a flow collection
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`" + _BLANKS)
_NAME = re.compile(r"[^ \t\r\n\0,\[\]{}]++")
_DIRECTIVE = re.compile(
    r"%(?:YAML[ \t]+(?P<version>\d+\.\d+)|TAG[ \t]+(?P<handle>!(?:[\w-]*!)?)[ \t]+[^ \t\r\n\0]+"
    r"|(?!(?:YAML|TAG)[ \t\r\n\0])[\w:.-]+(?:[ \t][^\r\n\0]*)?)[ \t]*(?:(?<=[ \t])#[^\r\n\0]*)?(?=[\r\n\0])",
    re.ASCII,
)

_NO_VALUE = "no value begins with this character: quote it"
_NO_KEY = "a key must be a string, not a list or mapping"
_NOT_AROUND = "this does not go on with the list or mapping around it; check indentation and quotes"
_NO_MAPPING = "mapping values are not allowed here: quote the text, or begin the mapping on a line of its own"
_NO_LIST = "a list cannot begin here: begin it on a line of its own"
_NO_QUESTION = "a key cannot begin here: begin it on a line of its own"


_REFUSED = {
    "!": "a tag (!...) is not supported: remove it, or quote the text",
    "&": "one value has two anchors: remove one",
    ":": "a key must be a string: quote an empty key",
    "\0": "the text ends where a value must come: close the list or mapping with ] or }",
}

_Anchor = tuple[str, int]  # the name and where it stands
# The text of a scalar or the name of an alias, whether it is plain (None for an alias), its anchor, where it stands.
_Leaf = tuple[str, bool | None, str | None, int]


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


def parse(text: str, builder: Builder) -> None:
    """Tell a builder of everything in a text; raises `YAMLFault`, and what the builder raises."""
    _Parser(text, builder).stream()


class _Parser:
    """Reads one text.

    `pos` is where reading stands, in the line that begins at `line_start`; `can_begin` says whether a list, or a
    mapping by its key, may begin there outside flow collections.
    """

    def __init__(self, text: str, builder: Builder) -> None:
        self.text = text + "\0\0"  # two, for looking one character ahead
        self.builder = builder
        self.pos = self.line_start = int(text.startswith("\ufeff"))
        self.can_begin = True
        self.tab: int | None = None  # where a tab stands that forbids a block collection after it on its line

    def stream(self) -> None:
        """Read all documents."""
        self._pass(-1)
        must_be_marked = False
        while self.text[self.pos] != "\0":
            must_be_marked = self._document(must_be_marked)

    def _document(self, must_be_marked: bool) -> bool:
        """Read a document; returns whether another one needs a marker before it."""
        version = self._directives()
        start = self.pos
        if self._is_marker() and self.text[start] == "-":
            self.pos += 3
            self.can_begin = False
        elif version is not None or must_be_marked:
            raise YAMLFault("the document ended before this; another one begins after a line ---", start)
        elif self._is_marker():
            raise YAMLFault("the document is empty", start)
        self.builder.document(version or None, start)
        self._node(-1, start)
        self._pass(-1)
        if not self._is_marker() or self.text[self.pos] == "-":
            return True
        while self._is_marker() and self.text[self.pos] == ".":
            self.pos += 3
            self.can_begin = False
            self._pass(-1)
            if not self.can_begin and self.text[self.pos] != "\0":
                raise YAMLFault("after the end of a document only a comment may stand on the line", self.pos)
        return False

    def _directives(self) -> str | None:
        """Pass over directives; the version that one names, empty where none does, None without directives."""
        version: str | None = None
        handles: set[str] = set()
        while self.text[self.pos] == "%" and self.pos == self.line_start:
            found = _DIRECTIVE.match(self.text, self.pos)
            if not found or (found["version"] and version) or found["handle"] in handles:
                raise YAMLFault("this is no directive that can stand here: remove the line", self.pos)
            version = found["version"] or version or ""
            handles |= {found["handle"]} - {None}
            self.pos = found.end()
            self._pass(-1)
        return version

    def _is_marker(self) -> bool:
        return self.pos == self.line_start and MARKER.match(self.text, self.pos) is not None

    def _pass(self, indent: int) -> None:
        """Pass over white space and comments outside flow collections."""
        text, start = self.text, self.pos
        if text[start] not in " \t\r\n#":
            return
        self._to_token()
        if self.line_start > start:
            self.can_begin = True
        last = max(start, self.line_start)
        if "\t" in text[last : self.pos] and text[self.pos] != "\0":
            self._stop_at_tab(indent)

    def _to_token(self) -> None:
        start = self.pos
        found = _TO_TOKEN.match(self.text, start)
        self._move(found.end() if found else start)

    def _move(self, end: int) -> None:
        """Go on at `end`, which may be in a later line."""
        begun = line_start(self.text, self.pos, end)
        if begun > self.pos:
            self.line_start = begun
        self.pos = end

    def _stop_at_tab(self, indent: int) -> None:
        """Refuse a tab where spaces must indent; after another one no block collection begins."""
        line = self.text[self.line_start : self.pos]
        before = line.rstrip(" \t")
        column = line.index("\t", len(before))
        if not before and column <= indent:
            raise YAMLFault(TAB_INDENTS, self.line_start + column)
        self.tab = self.line_start + column
        self.can_begin = False

    def _check_begin(self, message: str) -> None:
        """Refuse a block collection here, unless one may begin; a tab that forbids it is at fault itself."""
        if self.can_begin:
            return
        if self.tab is not None and self.tab >= self.line_start:
            raise YAMLFault(TAB_INDENTS, self.tab)
        raise YAMLFault(message, self.pos)

    def _is_indicator(self, character: str) -> bool:
        return self.text[self.pos] == character and self.text[self.pos + 1] in _BLANKS

    # Blocks: a column is that of the innermost list or mapping, -1 around them all.

    def _node(self, column: int, empty: int, is_in_mapping: bool = False) -> None:
        """Read a value inside a collection at a column; one that is left out has the place `empty`.

        It is indented deeper, but for a list in a mapping, which may be indented alike.
        """
        self._pass(column)
        above: _Anchor | None = None  # on a line above the value
        here: _Anchor | None = None  # on its line
        can_begin = self.can_begin
        while not self._is_outside(column, is_in_mapping):
            if here and here[1] < self.line_start:
                above, here = self._one_of(above, here), None
            if self.text[self.pos] != "&":
                self._content(column, above, here, can_begin if here else self.can_begin)
                return
            can_begin = self.can_begin
            here = self._one_of(here, self._anchor())
            self.can_begin = False
            self._pass(column)
        anchor, start = self._one_of(above, here) or (None, empty)
        self.builder.empty(anchor, start, self.pos)

    def _anchor(self) -> _Anchor:
        start = self.pos
        return self._name(), start

    def _name(self) -> str:
        """Pass over an anchor or alias; its name is whatever stands before a blank or a flow indicator."""
        found = _NAME.match(self.text, self.pos + 1)
        if not found:
            raise YAMLFault("expected a name after & or *: quote the text where it is none", self.pos)
        self.pos = found.end()
        return found[0]

    def _one_of(self, first: _Anchor | None, second: _Anchor | None) -> _Anchor | None:
        if first and second:
            raise YAMLFault("one value has two anchors: remove one", second[1])
        return second or first

    def _is_outside(self, column: int, is_in_mapping: bool) -> bool:
        """Whether what comes next is no part of a value inside a collection at a column."""
        if self.text[self.pos] == "\0" or self._is_marker():
            return True
        at = self.pos - self.line_start
        # Laxer than section 8.1, as parsers are: the header of a block scalar may stand at the column too.
        may_be_alike = self.text[self.pos] in "|>" or (is_in_mapping and self._is_indicator("-"))
        return at < column or (at == column and not may_be_alike)

    def _content(self, column: int, above: _Anchor | None, here: _Anchor | None, can_be_key: bool) -> None:
        """Read a value behind its anchors; `can_be_key`: with that on its line it may be a mapping's first key."""
        character = self.text[self.pos]
        if self._is_indicator("-"):
            self._check_begin(_NO_LIST)
            self._sequence(above)
        elif self._is_indicator("?"):
            self._check_begin(_NO_QUESTION)
            self._mapping(above, self.pos, None)
        elif character in "|>":
            start = self.pos
            value, end = block_scalar(self.text, start, column)
            self._move(end)
            self.can_begin = True
            self.builder.scalar(value, False, *(self._one_of(above, here) or (None, start)))
        elif character in "[{":
            self._flow_in_block(self._one_of(above, here))
        else:
            self._leaf_or_mapping(column, above, here, can_be_key)

    def _leaf_or_mapping(self, column: int, above: _Anchor | None, here: _Anchor | None, can_be_key: bool) -> None:
        """Read a scalar or an alias, or the mapping whose first key it is."""
        name, start = here or (None, self.pos)
        text, is_plain = self._leaf(column)
        if self._is_key(start):
            self.can_begin = can_be_key
            self._check_begin(_NO_MAPPING)
            self._mapping(above, start, (text, is_plain, name, start))
            return
        self._emit((text, is_plain, *(self._one_of(above, here) or (None, start))))

    def _emit(self, leaf: _Leaf) -> None:
        """Tell of a scalar, or of an alias, which is neither plain nor not."""
        text, is_plain, anchor, start = leaf
        if is_plain is not None:
            self.builder.scalar(text, is_plain, anchor, start)
        elif anchor is None:
            self.builder.alias(text, start)
        else:
            raise YAMLFault("an alias has no anchor of its own: remove it", start)

    def _leaf(self, column: int) -> tuple[str, bool | None]:
        """Pass over a scalar or an alias in a block; its text and whether it is plain, None for an alias."""
        start = self.pos
        if self._is_plain_start(_BLANKS):
            text, end, self.can_begin = plain_scalar(self.text, start, column)
            self._move(end)
            return text, True
        self.can_begin = False
        return self._marked_leaf()

    def _is_plain_start(self, ends: str) -> bool:
        """Whether a plain scalar begins here; `ends` end an indicator other than a dash, which only a blank does."""
        character, following = self.text[self.pos], self.text[self.pos + 1]
        if character not in _INDICATORS:
            return True
        return following not in (_BLANKS if character == "-" else ends) and character in "-?:"

    def _marked_leaf(self) -> tuple[str, bool | None]:
        """Pass over a quoted scalar or an alias."""
        character = self.text[self.pos]
        if character in "'\"":
            text, end = quoted_scalar(self.text, self.pos)
            self._move(end)
            return text, False
        if character == "*":
            return self._name(), None
        raise YAMLFault(_REFUSED.get(character, _NO_VALUE), self.pos)

    def _is_key(self, start: int) -> bool:
        """Whether a colon follows what began at `start` and was passed over, which makes a key of it."""
        colon = end_of(_WHITE, self.text, self.pos)
        if self.can_begin or self.text[colon] != ":" or self.text[colon + 1] not in _BLANKS:
            return False
        self.pos = colon
        if start < self.line_start:
            self._check_begin(_NO_MAPPING)
        if colon - start > MAX_KEY_LENGTH:
            raise YAMLFault(f"a key of more than {MAX_KEY_LENGTH} characters: write `? key` and `: value`", start)
        return True

    def _sequence(self, anchor: _Anchor | None) -> None:
        column = self.pos - self.line_start
        self.builder.begin(False, *(anchor or (None, self.pos)))
        while True:
            self.pos += 1
            self.can_begin = True
            self._node(column, self.pos - 1)
            self._pass(column)
            if not (self._goes_on(column) and self._is_indicator("-")):
                break
            self._check_begin(_NO_LIST)
        self.builder.end(self.pos)

    def _goes_on(self, column: int) -> bool:
        """Whether the collection at a column has another entry; refuses what stands deeper but is none."""
        at = self.pos - self.line_start
        if self.text[self.pos] == "\0" or at < column or self._is_marker():
            return False
        if at > column:
            raise YAMLFault(_NOT_AROUND, self.pos)
        return True

    def _mapping(self, anchor: _Anchor | None, start: int, key: _Leaf | None) -> None:
        """Read a mapping, whose first key may have been read."""
        column = start - self.line_start
        self.builder.begin(True, *(anchor or (None, start)))
        while True:
            if key is None and self._is_indicator("?"):
                self._explicit_entry(column)
            else:
                self._simple_entry(column, key or self._key(column))
            key = None
            self._pass(column)
            if not self._goes_on(column):
                break
            self._check_begin(_NOT_AROUND)
        self.builder.end(self.pos)

    def _simple_entry(self, column: int, key: _Leaf) -> None:
        self._emit(key)
        self.pos += 1
        self.can_begin = False
        self._node(column, key[3], is_in_mapping=True)

    def _explicit_entry(self, column: int) -> None:
        start = self.pos
        self.pos += 1
        self.can_begin = True
        self._node(column, start, is_in_mapping=True)
        self._pass(column)
        if self.can_begin and self.pos - self.line_start == column and self._is_indicator(":"):
            self.pos += 1
            self._node(column, start, is_in_mapping=True)
        else:
            self.builder.empty(None, start, self.pos)

    def _key(self, column: int) -> _Leaf:
        """Pass over the key of a later entry, up to its colon."""
        anchor: _Anchor | None = None
        if self.text[self.pos] == "&":
            anchor = self._anchor()
            self._pass(column)
        name, start = anchor or (None, self.pos)
        if self.text[self.pos] in "[{":
            raise YAMLFault(_NO_KEY, self.pos)
        if self._is_indicator("-"):
            raise YAMLFault(_NOT_AROUND, self.pos)
        text, is_plain = self._leaf(column)
        if not self._is_key(start):
            raise YAMLFault("could not find expected ':': a key and its colon stand on one line", start)
        return text, is_plain, name, start

    # Flow collections: indentation says nothing in them.

    def _flow_in_block(self, anchor: _Anchor | None) -> None:
        start = self.pos
        self._flow_collection(*(anchor or (None, start)))
        self.can_begin = False
        if self._is_key(start):
            raise YAMLFault(_NO_KEY, start)

    def _flow_collection(self, anchor: str | None, start: int) -> None:
        if self.text[self.pos] == "[":
            self._flow_sequence(anchor, start)
        else:
            self._flow_mapping(anchor, start)

    def _flow_sequence(self, anchor: str | None, start: int) -> None:
        self.builder.begin(False, anchor, start)
        character = self._next()
        while character != "]":
            self._flow_entry(character)
            character = self._after_entry("]")
        self.builder.end(self.pos)
        self.pos += 1

    def _flow_mapping(self, anchor: str | None, start: int) -> None:
        self.builder.begin(True, anchor, start)
        character = self._next()
        while character != "}":
            start = self.pos
            is_explicit = character == "?" and self.text[start + 1] in _FLOW_ENDS
            self._flow_pair(self._next() if is_explicit else character, start)
            character = self._after_entry("}")
        self.builder.end(self.pos)
        self.pos += 1

    def _next(self) -> str:
        """Pass over a character and what separates it from the next one, and return that."""
        self.pos += 1
        return self._pass_in_flow()

    def _pass_in_flow(self) -> str:
        """Pass over white space and comments, and return the next character."""
        text = self.text
        if text[self.pos] in " \t\r\n#":
            self._to_token()
            if self._is_marker():
                raise YAMLFault("a line of --- or ... ends the document inside a list or mapping", self.pos)
        return text[self.pos]

    def _after_entry(self, closing: str) -> str:
        """Pass over the comma after an entry, and return the next character."""
        character = self._pass_in_flow()
        if character == ",":
            return self._next()
        if character != closing:
            found = ", but the text ends: close the list or mapping" if character == "\0" else ""
            raise YAMLFault(f"expected ',' or '{closing}'{found}", self.pos)
        return character

    def _flow_entry(self, character: str) -> None:
        """Read an entry of a list: a value, or a mapping of one pair, whose key stands on one line with its colon."""
        start = self.pos
        if character == "?" and self.text[start + 1] in _FLOW_ENDS:
            self.builder.begin(True, None, start)
            self._flow_pair(self._next(), start)
            self.builder.end(self.pos)
            return
        leaf = self._flow_leaf(character)
        if self._pass_in_flow() == ":" and self._is_pair(leaf, start):
            self.builder.begin(True, None, start)
            self._emit(leaf or _none_as_key(start))
            self._flow_value(start)
            self.builder.end(self.pos)
        elif leaf:
            self._emit(leaf)

    def _is_pair(self, key: _Leaf | None, start: int) -> bool:
        is_near = start >= self.line_start and self.pos - start <= MAX_KEY_LENGTH
        return is_near and self._is_value(key)

    def _is_value(self, key: _Leaf | None) -> bool:
        """Whether the colon here is an indicator: before a blank, and behind a quoted key or a collection."""
        return self.text[self.pos + 1] in _FLOW_ENDS or key is None or key[1] is False

    def _flow_pair(self, character: str, start: int) -> None:
        """Read a key and its value, each of which may be left out."""
        if self._is_left_out(character):
            raise YAMLFault("a key must be a string: quote an empty key", start)
        key = self._flow_leaf(character)
        self._emit(key or _none_as_key(start))
        if self._pass_in_flow() == ":" and self._is_value(key):
            self._flow_value(start)
        else:
            self.builder.empty(None, start, self.pos)

    def _flow_value(self, key_start: int) -> None:
        character = self._next()
        if character in ",]}":
            self.builder.empty(None, key_start, self.pos)
        elif leaf := self._flow_leaf(character):
            self._emit(leaf)

    def _is_left_out(self, character: str) -> bool:
        return character in ",]}" or (character == ":" and self.text[self.pos + 1] in _FLOW_ENDS)

    def _flow_leaf(self, character: str) -> _Leaf | None:
        """Pass over a scalar or an alias, or read a collection and return None."""
        name, start = None, self.pos
        if character == "&":
            name = self._name()
            character = self._pass_in_flow()
            if self._is_left_out(character):
                return "", True, name, start
        if character in "[{":
            self._flow_collection(name, start)
            return None
        if self._is_plain_start(_FLOW_ENDS):
            text, end = plain_scalar_in_flow(self.text, self.pos)
            self._move(end)
            return text, True, name, start
        return (*self._marked_leaf(), name, start)


def _none_as_key(start: int) -> NoReturn:
    raise YAMLFault(_NO_KEY, start)
