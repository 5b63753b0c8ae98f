"""Finds the lines and columns that JSON pointers lead to, for messages about values that break a schema.

`Positions` takes the text of a document that was read before. It parses the text again, slowly, so it is for errors
only. JSON is parsed as YAML; where the two differ, there is no position rather than a wrong one. A value that the merge
key `<<` brings in is located at its original position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from schemalm.checking.offsets import offset_in_source
from schemalm.documents.json_reader import position_of
from schemalm.documents.yaml_faults import YAMLFault
from schemalm.documents.yaml_parser import parse
from schemalm.json_pointer import parts_of

MAX_SHOWN_COLUMNS = 120
_LINE_BREAK = re.compile(r"\r\n?|\n")
# These keywords constrain the key at the pointer, not the value under it.
_ABOUT_KEYS = frozenset({"additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties", "not"})


@dataclass(frozen=True)
class SourcePosition:
    """A position in a text; line and column count from 1."""

    line: int
    column: int


class Positions:
    """The positions of the values in the text of one document; `first_line`: the number of the text's first line.

    `root` is its value, None if the text cannot be parsed.
    """

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._text = text.removeprefix("\ufeff")
        self._first_line = first_line
        tree = _Tree()
        try:
            parse(self._text, tree)
            self.root = tree.root
        except (YAMLFault, RecursionError):  # messages are useful without a position
            self.root = None

    def locate(self, pointer: str, keyword: str = "", offset: int | None = None) -> SourcePosition | None:
        """Return the position that `pointer` leads to: of a scalar, or of the key of an empty value, list or mapping.

        keyword: the broken keyword; for some keywords the position of the key is returned. offset: the index of a
        character of the scalar; its position is returned if the text is simple enough. Returns None if the text cannot
        be parsed or the pointer cannot be followed.
        """
        child = self.root
        for part in parts_of(pointer):
            child = child and step(child.node, part)
        if child is None:
            return None
        start = child.start
        if child.key is not None and (keyword in _ABOUT_KEYS or child.node.text is None):
            start = child.key
        elif offset is not None and child.node.text is not None:
            found = offset_in_source(self._text, start, child.node.text, offset)
            start = start if found is None else found
        line, column = position_of(self._text, start)
        return SourcePosition(line + self._first_line - 1, column)


@dataclass(slots=True)
class Node:
    """A value of the text: a scalar with its `text`, a list or a mapping; `merged` is the value of the key `<<`."""

    text: str | None = None
    items: list[Child] = field(default_factory=list)
    entries: dict[str, Child] | None = None
    merged: Node | None = None


@dataclass(slots=True)
class Child:
    """A value with the offset where it, or an alias of it, starts, and in a mapping the offset of its key."""

    node: Node
    start: int
    key: int | None = None


def step(node: Node, part: str) -> Child | None:
    """Return the child that `part` leads to; a mapping's own entries take precedence over merged ones."""
    if node.entries is None:
        return node.items[int(part)] if part.isdecimal() and int(part) < len(node.items) else None
    if part in node.entries or node.merged is None:
        return node.entries.get(part)
    mappings = [item.node for item in node.merged.items] if node.merged.entries is None else [node.merged]
    return next((child for mapping in mappings if (child := step(mapping, part))), None)


class _Tree:
    """Builds the nodes from the events of the parser; `root` is the first value of the text."""

    def __init__(self) -> None:
        self.root: Child | None = None
        self._open: list[tuple[Node, int, str | None]] = []
        self._keys: list[tuple[str, bool, int] | None] = []  # for each open node, the key that still has no value
        self._anchors: dict[str, Node] = {}

    def document(self, version: str | None, start: int) -> None:
        """Handle the start of a document."""

    def scalar(self, text: str, is_plain: bool, anchor: str | None, start: int) -> None:
        """Add a scalar, or keep it as the next key."""
        node = Node(text)
        if anchor is not None:
            self._anchors[anchor] = node
        if self._expects_key():
            self._keys[-1] = (text, is_plain and text == "<<", start)
        else:
            self._add(node, start)

    def empty(self, anchor: str | None, start: int, after: int) -> None:
        """Add an omitted scalar: in a mapping it has the position of its key."""
        key = self._keys[-1] if self._keys and anchor is None else None
        self.scalar("", True, anchor, key[2] if key else start)

    def alias(self, name: str, start: int) -> None:
        """Add the node that an alias refers to."""
        node = self._anchors.get(name, Node())
        if self._expects_key():
            self._keys[-1] = (node.text or "", False, start)
        else:
            self._add(node, start)

    def begin(self, is_mapping: bool, anchor: str | None, start: int, column: int | None) -> None:
        """Open a mapping or list."""
        self._open.append((Node(entries={} if is_mapping else None), start, anchor))
        self._keys.append(None)

    def end(self, start: int) -> None:
        """Close the innermost mapping or list."""
        node, begun, anchor = self._open.pop()
        self._keys.pop()
        if anchor is not None:
            self._anchors[anchor] = node
        self._add(node, begun)

    def _expects_key(self) -> bool:
        return bool(self._open) and self._open[-1][0].entries is not None and self._keys[-1] is None

    def _add(self, node: Node, start: int) -> None:
        if not self._open:
            self.root = self.root or Child(node, start)
            return
        parent = self._open[-1][0]
        key, self._keys[-1] = self._keys[-1], None
        if parent.entries is None or key is None:
            parent.items.append(Child(node, start))
        elif key[1]:
            parent.merged = node
        else:
            parent.entries[key[0]] = Child(node, start, key[2])


def excerpt(text: str, position: SourcePosition, first_line: int = 1) -> str:
    """Return the line at `position` with a caret under the column, or "" if the line is missing or empty.

    first_line: the number of the text's first line. Columns do not count a byte order mark, so it is not shown.
    """
    number = position.line - first_line
    line = next(iter(_LINE_BREAK.split(text)[number : number + 1]), "").removeprefix("\ufeff")
    line = "".join(character if character.isprintable() else " " for character in line).rstrip()
    if not line:
        return ""
    first = max(0, position.column - MAX_SHOWN_COLUMNS // 2) if len(line) > MAX_SHOWN_COLUMNS else 0
    shown = line[first : first + MAX_SHOWN_COLUMNS]
    gutter = f"{position.line:>5} | "
    return f"{gutter}{shown}\n{' ' * (len(gutter) - 2)}| {' ' * (position.column - 1 - first)}^"
