"""From values to the symbols of their derivation, in time that grows with the value and not with the grammar.

The walk appends what a `Writing` gives for each stretch of symbols: token ids when encoding, segments when training. It
keeps its own stack, so depth costs nothing. Writing fails exactly where the grammar does not admit the value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from schemalm.documents.values import scalar_fault
from schemalm.errors import InvalidDocument
from schemalm.grammar.explanation import Explainer, Failure, Path
from schemalm.grammar.symbols import END
from schemalm.grammar.texts.numbers import MAX_DIGITS, text_of_number
from schemalm.tokenizer.expansions import EACH_ITEM, Content, Entry, Expansions, RefusedError, Rest, required
from schemalm.tokenizer.segmentation import Writing, spelled

T = TypeVar("T")

# A value that contains itself is nested deeper than any limit.
MAX_DEPTH = 10_000
TOO_DEEP = f"the value is nested too deeply; at most {MAX_DEPTH:,} levels are written"
# What is left out although it is valid: see the departures in docs/support.md.
NOT_WRITTEN = (
    f"integers have at most {MAX_DIGITS} digits, and where a schema rules numbers or formats out, "
    "values are left out that validators may judge otherwise"
)


@dataclass(slots=True)
class Frame:
    """An object or array under way: its members to come, the one at hand, and the rest after it."""

    members: Iterator[tuple[Any, Any]]
    rest: Rest
    name: Any = None
    item: Any = None
    seen: set[Hashable] = field(default_factory=set)


class _Walk(Generic[T]):
    """One value being written: the stack of what is under way, and structure that has not been appended yet."""

    __slots__ = ("_end", "_frames", "_joins_texts", "_keys", "_pending", "_structure", "_texts", "_written")

    def __init__(self, writing: Writing[T], end: str) -> None:
        self._structure, self._texts, self._keys = writing.structure, writing.texts, writing.keys
        self._joins_texts = writing.joins_texts
        self._end = end
        self._frames: list[Frame] = []
        self._pending = ""
        self._written: list[T] = []

    @property
    def path(self) -> Path:
        """The keys and indices that lead to the member at hand."""
        return tuple(frame.name for frame in self._frames)

    def run(self, value: Any, entry: Entry) -> list[T]:
        """Writes a whole value; raises RefusedError or UnicodeEncodeError where it is not admitted."""
        verdict = self._begin(value, entry)
        while self._frames:
            verdict = self._go_on(self._frames[-1], verdict)
        self._flush()
        return self._written

    def _go_on(self, frame: Frame, verdict: int | None) -> int | None:
        """Writes the next members of an object or array: up to one that is under way now, or to the end.

        verdict: of the member at hand, None before the first one. Gives the verdict of the whole, None where a member
        is under way.
        """
        structure, rest, is_object = self._structure, frame.rest, frame.rest.ranks is not None
        if verdict is not None and rest.needs_verdict:
            rest = rest.after(verdict, frame.item, frame.seen)
        for name, value in frame.members:
            frame.name, frame.item = name, value
            member = rest.members[name if is_object else EACH_ITEM]
            rest = member.rest
            self._pending += member.prefix
            if member.free_key is not None:
                self._flush()
                self._written += self._keys[member.free_key]
            if type(value) is not str:
                verdict = self._begin(value, member.child)
            elif (constant := member.child.strings.get(value)) is None:
                verdict = self._content(member.child.string, value)
            else:
                self._written += structure[self._pending + constant[0]]
                self._pending = ""
                verdict = constant[1]
            if verdict is None:
                frame.rest = rest
                return None
            if rest.needs_verdict:
                rest = rest.after(verdict, value, frame.seen)
        self._frames.pop()
        return self._close(*rest.end())

    def _begin(self, value: Any, entry: Entry) -> int | None:
        """Writes a scalar and gives its verdict, or puts an object or array under way."""
        kind = type(value)
        if kind is str:
            constant = entry.strings.get(value)
            return self._content(entry.string, value) if constant is None else self._close(*constant)
        if kind is dict:
            prefix, rest = required(entry.object)
            names = sorted(value, key=required(rest.ranks).__getitem__)
            self._enter(Frame(zip(names, map(value.__getitem__, names), strict=True), rest))
        elif kind is list:
            prefix, rest = required(entry.array)
            self._enter(Frame(enumerate(value), rest))
        elif kind is int or kind is float:
            return self._content(entry.number, text_of_number(value))
        else:
            return self._close(*required(entry.literals.get(value) if kind is bool or value is None else None))
        self._pending += prefix
        return None

    def _enter(self, frame: Frame) -> None:
        if len(self._frames) == MAX_DEPTH:
            raise InvalidDocument(TOO_DEEP, keyword="depth")
        self._frames.append(frame)

    def _content(self, content: Content | None, text: str) -> int:
        if content is None:
            raise RefusedError
        verdict = content.verdicts[text]
        pending = self._pending + content.prefix
        if self._joins_texts:
            self._pending = pending + spelled(text) + self._end
            return verdict
        written = self._written
        if pending:
            written += self._structure[pending]
            self._pending = ""
        written += self._texts[text]
        return verdict

    def _close(self, character: str, verdict: int) -> int:
        """Ends a segment with a constant, or with the end of an object or array."""
        self._written += self._structure[self._pending + character]
        self._pending = ""
        return verdict

    def _flush(self) -> None:
        if self._pending:
            self._written += self._structure[self._pending]
            self._pending = ""


class Linearizer:
    """Writes values as the symbols of a grammar."""

    def __init__(self, expansions: Expansions) -> None:
        grammar = expansions.grammar
        self._expansions = expansions
        self._end = grammar.symbols.characters[grammar.symbols.ids[END]]
        self._shape = grammar.shape
        self._explainer = Explainer(grammar.shapes, grammar.resolve)

    def write(self, value: Any, writing: Writing[T]) -> list[T]:
        """What `writing` gives for the value's derivation; raises InvalidDocument where the schema refuses it."""
        try:
            return self._write(value, _Walk(writing, self._end))
        except RecursionError:
            # Explaining a refusal and comparing items take Python's stack.
            raise InvalidDocument(TOO_DEEP, keyword="depth") from None

    def _write(self, value: Any, walk: _Walk[T]) -> list[T]:
        try:
            return walk.run(value, self._expansions.start)
        except (RefusedError, UnicodeEncodeError):
            raise self._explained(value, walk.path) from None

    def _explained(self, value: Any, path: Path) -> InvalidDocument:
        failure = _fault(value, path) or self._explainer.explain(self._shape, value)
        if failure is None:
            message = f"this value cannot be written: {NOT_WRITTEN}"
            failure = Failure(path, "type", message)
        return InvalidDocument(failure.message, pointer=failure.pointer, keyword=failure.keyword)


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
