"""Where a cursor is in a YAML text: the parser reads up to it, and the open lists and mappings are kept.

In goes a text, whose part after the cursor is a trial: what the parser makes of it tells what the cursor may mean. Out
comes a `Position`, or the `YAMLFault` of text that is wrong, before the cursor or in the trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemalm.documents.cut.frames import Frame
from schemalm.documents.cut.yaml_layout import Blocks
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.values import JSONValue
from schemalm.documents.yaml_composer import Composer, Expansion, merge
from schemalm.documents.yaml_faults import NOT_CLOSED, YAMLFault
from schemalm.documents.yaml_parser import Parser

MARK: Final = "\ue000"  # a trial: text in every style, and the name of no anchor
_MERGE_AT_CURSOR = "the text ends inside what the merge key << names: finish that part, or write the keys out"
_NOT_CLOSED = frozenset([NOT_CLOSED.format("list", "]"), NOT_CLOSED.format("object", "}")])


@dataclass(frozen=True)
class Leaf:
    """A scalar: its meaning, whether it is plain, and the offset where it, or its anchor, begins."""

    text: str
    is_plain: bool
    start: int
    has_anchor: bool


@dataclass(frozen=True)
class Position:
    """What the parser finds at the cursor.

    frames: the open lists and mappings. leaf: the scalar that `MARK` at the cursor goes on with, `is_key` as a key;
    None if nothing goes on there. is_slot: a value is to come; needs_colon: its key has no colon yet. last: the last
    scalar before the cursor. root: the whole value, where no frame is open.
    """

    frames: tuple[Frame, ...]
    leaf: Leaf | None = None
    is_key: bool = False
    is_slot: bool = False
    needs_colon: bool = False
    last: Leaf | None = None
    root: JSONValue = None

    @property
    def is_flow(self) -> bool:
        """Whether the innermost list or mapping is in flow style."""
        return bool(self.frames) and self.frames[-1].column is None

    @property
    def column(self) -> int:
        """The column of the innermost list or mapping; -1 outside all of them."""
        return -1 if not self.frames or self.frames[-1].column is None else self.frames[-1].column


class _Reached(Exception):  # noqa: N818 (not an error: the parser has come to the cursor)
    """The parser has read all that stands before the cursor."""

    def __init__(self, position: Position) -> None:
        super().__init__()
        self.position = position


class Probe(Composer):
    """Builds the last document of a text up to the cursor, at offset `cursor`.

    anchors: the anchored values before the cursor. blocks: the indentation before it.
    """

    def __init__(self, text: str, cursor: int, limits: DocumentLimits, merge_keys: bool) -> None:
        super().__init__(limits, merge_keys, Expansion())
        self._cursor = cursor
        self._end = len(text)
        self.blocks = Blocks()
        self._parser = Parser(text, self)
        self._frames: list[tuple[int | None, int, bool]] = []  # for each open one: its column, offset, and is_pair
        self._last: Leaf | None = None

    def position(self) -> Position:
        """Return what is at the cursor; raises `YAMLFault`."""
        try:
            self._parser.stream()
        except _Reached as reached:
            return reached.position
        except YAMLFault as fault:
            if fault.message in _NOT_CLOSED and self._parser.pos >= self._end and self.opened:
                return self._found(is_slot=self.opened[-1].key is not None)
            raise
        return self._found(is_slot=not self.roots)

    def document(self, version: str | None, start: int) -> None:
        """Begin a document, and forget the one before."""
        super().__init__(self.limits, self.merge_keys, self.expansion)
        self._last = None
        super().document(version, start)

    def scalar(self, text: str, is_plain: bool, anchor: str | None, start: int) -> None:
        """Add a scalar; stop if the trial belongs to it."""
        leaf = Leaf(text, is_plain, start, anchor is not None)
        if self._parser.pos > self._cursor and text.endswith(MARK):
            raise _Reached(self._found(leaf, is_key=self.expects_key()))
        self._last = leaf
        super().scalar(text, is_plain, anchor, start)

    def empty(self, anchor: str | None, start: int, after: int) -> None:
        """Add an omitted scalar; stop if the cursor is where it may come."""
        if after >= self._end:
            raise _Reached(self._found(is_slot=True, needs_colon=self._needs_colon(start)))
        if self.opened:  # a document that is empty is skipped
            self._last = None
            super().scalar("", True, anchor, after if anchor is None else start)

    def _needs_colon(self, start: int) -> bool:
        """Return whether an omitted value, whose key begins at `start`, has no colon: in flow, or after `?`."""
        if not self.opened or self.opened[-1].key is None:
            return False
        text = self._parser.text
        return self._frames[-1][0] is None or (text[start] == "?" and text[start : self._cursor].rstrip()[-1] != ":")

    def alias(self, name: str, start: int) -> None:
        """Add a copy of the value that an alias names."""
        self._last = None
        super().alias(name, start)

    def begin(self, is_mapping: bool, anchor: str | None, start: int, column: int | None) -> None:
        """Begin a mapping or list."""
        super().begin(is_mapping, anchor, start, column)
        self._last = None
        outer = self._frames[-1][0] if self._frames else None
        if column is not None and outer is not None and self.opened[-2].key is not None:
            if column > outer:
                self.blocks.steps[column - outer] += 1
            if not is_mapping:
                self.blocks.dashes[column > outer] += 1
        is_pair = is_mapping and column is None and anchor is None and self._parser.text[start] != "{"
        self._frames.append((column, start, is_pair))

    def end(self, start: int) -> None:
        """End the innermost mapping or list; stop if only the end of the text ends it."""
        if start >= self._end:
            raise _Reached(self._found())
        self._frames.pop()
        super().end(start)

    def _found(
        self, leaf: Leaf | None = None, *, is_key: bool = False, is_slot: bool = False, needs_colon: bool = False
    ) -> Position:
        if any(container.is_merging for container in self.opened):
            raise YAMLFault(_MERGE_AT_CURSOR, self._cursor)
        frames: list[Frame] = []
        for container, (column, start, is_pair) in zip(self.opened, self._frames, strict=True):
            value = container.tree.value
            given = merge(container.merged, value) if container.merged else value
            assert isinstance(given, (dict, list))
            frames.append(Frame(given, start, container.key, column, is_pair))
        root = self.roots[0] if self.roots else None
        return Position(tuple(frames), leaf, is_key, is_slot, needs_colon, self._last, root)
