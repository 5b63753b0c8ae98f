"""From values to symbols, cut into segments, and back.

A value is written as the leftmost derivation that the grammar gives it, each symbol as one character. The text is cut
into segments on the way; merges never cross a cut. Writing fails exactly where the grammar does not admit the value.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

from schemalm.documents.values import scalar_fault
from schemalm.errors import InvalidDocument
from schemalm.grammar.assertions import kind_of
from schemalm.grammar.explanation import Explainer, Failure, Path
from schemalm.grammar.grammar import Grammar, Step
from schemalm.grammar.states import Array, Key, Object, Text
from schemalm.grammar.symbols import (
    ARRAY_END,
    END,
    FALSE_SYMBOL,
    FREE_KEY,
    ITEM,
    KEY_END,
    NULL,
    OBJECT_END,
    TRUE_SYMBOL,
    Symbol,
)
from schemalm.grammar.texts.numbers import MAX_DIGITS, text_of_number

MergeScope = Literal["word", "value", "derivation"]
# Word boundaries: an identifier with the character before it, a run of signs with the white space after it, or a run of
# white space. Identifiers keep their digits and underscores: commit hashes and variable names stay in one segment.
WORDS = re.compile(r"[^\r\n\w]?\w+| ?[^\s\w]+[\r\n ]*|\s+")

# Kinds whose values may be one symbol.
CONSTANT_KINDS = ("null", "boolean", "string")
# What texts lead to is remembered up to this many texts of this many characters.
MAX_REMEMBERED_TEXTS = 200_000
MAX_REMEMBERED_LENGTH = 200


# What is left out although it is valid: see the departures in docs/support.md.
NOT_WRITTEN = (
    f"integers have at most {MAX_DIGITS} digits, and where a schema rules numbers or formats out, "
    "values are left out that validators may judge otherwise"
)


class RefusedError(Exception):
    """The grammar does not admit the value at `path`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True)
class Entry:
    """How a nonterminal for a value begins: constants by value, and the content nonterminal of each kind.

    constants: (character, verdict) by (kind, value); contents: (characters before the content, nonterminal) by kind.
    """

    constants: dict[tuple[str, str | bool | None], tuple[str, int]]
    contents: dict[str, tuple[str, int]]


@dataclass
class SegmentWriter:
    """Gathers characters into segments by the cuts of a merge scope."""

    scope: MergeScope
    whole_values: frozenset[str]
    segments: list[str] = field(default_factory=list)
    _pending: list[str] = field(default_factory=list)

    def structure(self, character: str) -> None:
        """Adds a symbol that opens something."""
        self._pending.append(character)

    def closing(self, character: str) -> None:
        """Adds a constant, or the end of an object or array."""
        self._pending.append(character)
        self.cut()

    def content(self, text: str, end: str) -> None:
        """Adds the content of a string or number with the symbol that closes it."""
        content = text.encode().decode("latin-1") + end
        if self.scope == "derivation":
            self._pending.append(content)
            return
        self.cut()
        self._content_segments(text, content, end)

    def key(self, text: str, end: str) -> None:
        """Adds the content of a free key, which is always cut off: a token that ends a key contains nothing else."""
        self.cut()
        self._content_segments(text, text.encode().decode("latin-1") + end, end)

    def _content_segments(self, text: str, content: str, end: str) -> None:
        if self.scope != "word" or content in self.whole_values:
            self.segments.append(content)
            return
        words = WORDS.findall(text)
        if not words:
            self.segments.append(end)
            return
        self.segments.extend(word.encode().decode("latin-1") for word in words[:-1])
        self.segments.append(words[-1].encode().decode("latin-1") + end)

    def cut(self) -> None:
        """Ends the segment."""
        if self._pending:
            self.segments.append("".join(self._pending))
            self._pending.clear()


class Linearizer:
    """Writes values as the symbols of a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._characters = grammar.symbols.characters
        self._ids = grammar.symbols.ids
        self._end = self._ids[END]
        self._keys = {symbol.text: number for symbol, number in self._ids.items() if symbol.label == "KEY"}
        self._explainer = Explainer(grammar.shapes, grammar.resolve)
        self._entries: dict[int, Entry] = {}
        self._text_steps: dict[tuple[int, str], Step] = {}

    def segments(self, value: Any, writer: SegmentWriter) -> list[str]:
        """The segments of the value's derivation; raises InvalidDocument where the schema refuses it."""
        try:
            return self._segments(value, writer)
        except RecursionError:
            raise InvalidDocument("the value is nested too deeply", keyword="depth") from None

    def _segments(self, value: Any, writer: SegmentWriter) -> list[str]:
        try:
            self._value(self.grammar.start, value, (), writer)
        except RefusedError as refusal:
            raise self._explained(value, refusal.path) from None
        writer.cut()
        return writer.segments

    def _explained(self, value: Any, path: Path) -> InvalidDocument:
        failure = _fault(value, path) or self._explainer.explain(self.grammar.shape, value)
        if failure is None:
            message = f"this value cannot be written: {NOT_WRITTEN}"
            failure = Failure(path, "type", message)
        return InvalidDocument(failure.message, pointer=failure.pointer, keyword=failure.keyword)

    def _value(self, nonterminal: int, value: Any, path: Path, writer: SegmentWriter) -> int:
        """Writes one value and gives its verdict."""
        entry = self._entries.get(nonterminal) or self._entry(nonterminal)
        kind = kind_of(value)
        constant = entry.constants.get((kind, value)) if kind in CONSTANT_KINDS else None
        if constant is not None:
            writer.closing(constant[0])
            return constant[1]
        if kind not in entry.contents:
            raise RefusedError(path)
        prefix, content = entry.contents[kind]
        if prefix:
            writer.structure(prefix)
        if kind == "object":
            return self._object(content, value, path, writer)
        if kind == "array":
            return self._array(content, value, path, writer)
        text = value if kind == "string" else text_of_number(value)
        step = self._text_step(content, text, self._end)
        if step is None:
            raise RefusedError(path)
        writer.content(text, self._characters[self._end])
        return step.verdict

    def _object(self, nonterminal: int, value: dict[str, Any], path: Path, writer: SegmentWriter) -> int:
        state = self.grammar.nonterminals[nonterminal].state
        assert isinstance(state, Object)
        ranks = state.order.ranks
        rest = nonterminal
        for _, name in sorted((ranks[name], name) for name in value if name in ranks):
            rest = self._member(rest, self._keys.get(name), value[name], (*path, name), writer)
        for name, item in value.items():
            if name not in ranks:
                rest = self._free_member(rest, name, item, (*path, name), writer)
        return self._close(rest, self._ids[OBJECT_END], path, writer)

    def _member(self, rest: int, symbol: int | None, item: Any, place: Path, writer: SegmentWriter) -> int:
        step = self.grammar.step(rest, symbol) if symbol is not None else None
        if symbol is None or step is None:
            raise RefusedError(place)
        writer.structure(self._characters[symbol])
        child, after = step.opened
        return self.grammar.settle(after, self._value(child, item, place, writer))

    def _free_member(self, rest: int, name: str, item: Any, place: Path, writer: SegmentWriter) -> int:
        free, key_end = self._ids[FREE_KEY], self._ids[KEY_END]
        key = self.grammar.step(rest, free)
        step = self._text_step(key.opened[0], name, key_end) if key is not None and isinstance(name, str) else None
        if step is None:
            raise RefusedError(place)
        writer.structure(self._characters[free])
        writer.key(name, self._characters[key_end])
        child, after = step.opened
        return self.grammar.settle(after, self._value(child, item, place, writer))

    def _array(self, nonterminal: int, value: list[Any], path: Path, writer: SegmentWriter) -> int:
        rest = nonterminal
        seen: set[Hashable] = set()
        for index, item in enumerate(value):
            place = (*path, index)
            after = self.grammar.after_item(self._member(rest, self._ids[ITEM], item, place, writer), item, seen)
            if after is None:
                raise RefusedError(place)
            rest = after
        return self._close(rest, self._ids[ARRAY_END], path, writer)

    def _close(self, rest: int, symbol: int, path: Path, writer: SegmentWriter) -> int:
        step = self.grammar.step(rest, symbol)
        if step is None:
            raise RefusedError(path)
        writer.closing(self._characters[symbol])
        return step.verdict

    def _text_step(self, nonterminal: int, text: str, end: int) -> Step | None:
        """What the end of a text or key does; None where the nonterminal does not admit the text."""
        known = self._text_steps.get((nonterminal, text))
        if known is not None:
            return known
        last = self._text_end(nonterminal, text)
        step = self.grammar.step(last, end) if last is not None else None
        if step and len(self._text_steps) < MAX_REMEMBERED_TEXTS and len(text) < MAX_REMEMBERED_LENGTH:
            self._text_steps[nonterminal, text] = step
        return step

    def _text_end(self, nonterminal: int, text: str) -> int | None:
        """The nonterminal after the bytes of `text`."""
        node = self.grammar.nonterminals[nonterminal]
        assert isinstance(node.state, Text | Key)
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            return None
        place = self.grammar.automaton.run(encoded, node.state.place)
        return self.grammar.at_place(nonterminal, place) if place >= 0 else None

    def _entry(self, nonterminal: int) -> Entry:
        grammar = self.grammar
        state = grammar.nonterminals[nonterminal].state
        constants: dict[tuple[str, str | bool | None], tuple[str, int]] = {}
        contents: dict[str, tuple[str, int]] = {}
        if isinstance(state, Text | Object | Array):
            contents[_content_kind(state)] = ("", nonterminal)
        for symbol in grammar.admitted(nonterminal) if not contents else ():
            name, character = grammar.symbols.symbols[symbol], grammar.symbols.characters[symbol]
            step = grammar.step(nonterminal, symbol)
            assert step is not None
            if name.label == "AS":
                contents[name.text] = (character, step.opened[0])
            else:
                constants[_constant_key(name)] = (character, step.verdict)
        entry = self._entries[nonterminal] = Entry(constants, contents)
        return entry


def _content_kind(state: Text | Object | Array) -> str:
    if isinstance(state, Text):
        return state.kind
    return "object" if isinstance(state, Object) else "array"


def _constant_key(symbol: Symbol) -> tuple[str, str | bool | None]:
    fixed: dict[Symbol, tuple[str, bool | None]] = {
        NULL: ("null", None),
        TRUE_SYMBOL: ("boolean", True),
        FALSE_SYMBOL: ("boolean", False),
    }
    return fixed.get(symbol, ("string", symbol.text))


def _fault(value: Any, path: Path) -> Failure | None:
    """Why the key or scalar at `path` is no JSON at all; None where it is."""
    fault = None
    for depth, element in enumerate(path):
        if isinstance(value, dict):
            fault = scalar_fault(element) if isinstance(element, str) else f"the key {element!r} is not a string"
        if fault:
            return Failure(path[: depth + 1], "type", fault)
        value = value[element]
    fault = scalar_fault(value) if not isinstance(value, dict | list) else None
    return Failure(path, "type", fault) if fault else None
