"""From values to the symbols of their derivation, in time that grows with the value and not with the grammar.

What each nonterminal does with a value is worked out when a document first meets it and looked up afterwards. The walk
appends what a `Writing` gives for each stretch of symbols: token ids when encoding, segments when training. It keeps
its own stack, so depth costs nothing. Writing fails exactly where the grammar does not admit the value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from schemalm.documents.values import scalar_fault
from schemalm.errors import InvalidDocument
from schemalm.grammar.explanation import Explainer, Failure, Path
from schemalm.grammar.grammar import Grammar
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
from schemalm.tokenizer.segmentation import Writing, spelled

T = TypeVar("T")
Constants = dict[Any, tuple[str, int]]

# Texts and free keys that a nonterminal remembers.
MAX_REMEMBERED = 20_000
MAX_REMEMBERED_LENGTH = 200
# Members of an array are all told alike.
EACH_ITEM = ""

# What is left out although it is valid: see the departures in docs/support.md.
NOT_WRITTEN = (
    f"integers have at most {MAX_DIGITS} digits, and where a schema rules numbers or formats out, "
    "values are left out that validators may judge otherwise"
)


class RefusedError(Exception):
    """The grammar does not admit the value at hand."""


@dataclass(slots=True)
class Content:
    """How contents of one kind are written: the characters before, and what tells a text's verdict."""

    prefix: str
    verdicts: Mapping[str, int]


@dataclass(slots=True)
class Entry:
    """How a nonterminal for a value begins: constants by value, contents, and the rest of an object or array."""

    strings: Constants = field(default_factory=dict)
    literals: Constants = field(default_factory=dict)
    string: Content | None = None
    number: Content | None = None
    object: tuple[str, Rest] | None = None
    array: tuple[str, Rest] | None = None


@dataclass(slots=True)
class Member:
    """What a key or item opens: its characters, the free key's name, the child and the rest after it."""

    prefix: str
    free_key: str | None
    child: Entry
    rest: Rest


class Rest:
    """The rest of an object or array."""

    __slots__ = ("_end", "_linearizer", "_settled", "item", "members", "needs_verdict", "nonterminal", "ranks")

    def __init__(self, linearizer: Linearizer, nonterminal: int) -> None:
        grammar = linearizer.grammar
        state = grammar.nonterminals[nonterminal].state
        self.nonterminal = nonterminal
        self.ranks = Ranks(state.order.ranks) if isinstance(state, Object) else None
        self.members: Mapping[str, Member] = Remembered(lambda name: linearizer.member(nonterminal, name))
        self.needs_verdict = grammar.waits(nonterminal) or grammar.is_guarded(nonterminal)
        self._linearizer = linearizer
        self._end: tuple[str, int] | None = None
        self._settled: dict[int, Rest] = {}

    def settled(self, verdict: int) -> Rest:
        """The rest once its child has ended with a verdict."""
        if verdict not in self._settled:
            linearizer = self._linearizer
            self._settled[verdict] = linearizer.rest(linearizer.grammar.settle(self.nonterminal, verdict))
        return self._settled[verdict]

    def after_item(self, item: Any, seen: set[Hashable]) -> Rest:
        """The rest of an array once an item is whole; raises RefusedError where it may not repeat."""
        after = self._linearizer.grammar.after_item(self.nonterminal, item, seen)
        if after is None:
            raise RefusedError
        return self._linearizer.rest(after)

    def end(self) -> tuple[str, int]:
        """The character and the verdict of the end; raises RefusedError where it may not end yet."""
        if self._end is None:
            self._end = self._linearizer.closing(self.nonterminal, OBJECT_END if self.ranks is not None else ARRAY_END)
        return self._end


class Ranks(dict[str, int]):
    """The places of names in the canonical order; names that are not in it share the last."""

    def __missing__(self, name: str) -> int:
        return len(self)


class Remembered(dict[str, T], Generic[T]):
    """What a function gave for a name or short text, up to a number of them."""

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[str], T]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, text: str) -> T:
        found = self._find(text)
        if len(self) < MAX_REMEMBERED and len(text) <= MAX_REMEMBERED_LENGTH:
            self[text] = found
        return found


class Always(dict[str, int]):
    """The verdict of every text where all are admitted."""

    def __missing__(self, text: str) -> int:
        return 1


ALWAYS: Mapping[str, int] = Always()


@dataclass(slots=True)
class Frame:
    """An object or array under way: its members to come, the one at hand, and the rest after it."""

    members: Iterator[tuple[Any, Any]]
    rest: Rest
    name: Any = None
    item: Any = None
    seen: set[Hashable] = field(default_factory=set)

    def settle(self, verdict: int) -> None:
        """Takes in how the member at hand has ended."""
        self.rest = self.rest.settled(verdict)
        if self.rest.ranks is None:
            self.rest = self.rest.after_item(self.item, self.seen)


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
        frames = self._frames
        while True:
            verdict = self._begin(value, entry)
            while frames:
                frame = frames[-1]
                if verdict is not None and frame.rest.needs_verdict:
                    frame.settle(verdict)
                found = next(frame.members, None)
                if found is not None:
                    value, entry = self._open(frame, *found)
                    break
                frames.pop()
                verdict = self._close(*frame.rest.end())
            else:
                self._flush()
                return self._written

    def _begin(self, value: Any, entry: Entry) -> int | None:
        """Writes a scalar and gives its verdict, or puts an object or array under way."""
        kind = type(value)
        if kind is str:
            constant = entry.strings.get(value)
            return self._close(*constant) if constant else self._content(_required(entry.string), value)
        if kind is dict:
            prefix, rest = _required(entry.object)
            names = sorted(value, key=_required(rest.ranks).__getitem__)
            self._frames.append(Frame(zip(names, map(value.__getitem__, names), strict=True), rest))
        elif kind is list:
            prefix, rest = _required(entry.array)
            self._frames.append(Frame(enumerate(value), rest))
        elif kind is int or kind is float:
            return self._content(_required(entry.number), text_of_number(value))
        else:
            return self._close(*_required(entry.literals.get(value) if kind is bool or value is None else None))
        self._pending += prefix
        return None

    def _open(self, frame: Frame, name: Any, value: Any) -> tuple[Any, Entry]:
        """Writes what comes before a member; the member itself comes next."""
        frame.name, frame.item = name, value
        member = frame.rest.members[name if frame.rest.ranks is not None else EACH_ITEM]
        frame.rest = member.rest
        self._pending += member.prefix
        if member.free_key is not None:
            self._flush()
            self._written += self._keys[member.free_key]
        return value, member.child

    def _content(self, content: Content, text: str) -> int:
        verdict = content.verdicts[text]
        self._pending += content.prefix
        if self._joins_texts:
            self._pending += spelled(text) + self._end
        else:
            self._flush()
            self._written += self._texts[text]
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

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self._characters = grammar.symbols.characters
        self._ids = grammar.symbols.ids
        self._end = self._characters[self._ids[END]]
        self._keys = {symbol.text: number for symbol, number in self._ids.items() if symbol.label == "KEY"}
        self._explainer = Explainer(grammar.shapes, grammar.resolve)
        self._entries: dict[int, Entry] = {}
        self._rests: dict[int, Rest] = {}

    def write(self, value: Any, writing: Writing[T]) -> list[T]:
        """What `writing` gives for the value's derivation; raises InvalidDocument where the schema refuses it."""
        walk = _Walk(writing, self._end)
        try:
            return walk.run(value, self._entry(self.grammar.start))
        except (RefusedError, UnicodeEncodeError):
            raise self._explained(value, walk.path) from None
        except RecursionError:
            raise InvalidDocument("the value is nested too deeply", keyword="depth") from None

    def _explained(self, value: Any, path: Path) -> InvalidDocument:
        failure = _fault(value, path) or self._explainer.explain(self.grammar.shape, value)
        if failure is None:
            message = f"this value cannot be written: {NOT_WRITTEN}"
            failure = Failure(path, "type", message)
        return InvalidDocument(failure.message, pointer=failure.pointer, keyword=failure.keyword)

    def rest(self, nonterminal: int) -> Rest:
        """The rest of an object or array that a nonterminal is."""
        if nonterminal not in self._rests:
            self._rests[nonterminal] = Rest(self, nonterminal)
        return self._rests[nonterminal]

    def member(self, nonterminal: int, name: str) -> Member:
        """What a key of an object, or `EACH_ITEM` of an array, opens; raises RefusedError where it may not come."""
        state = self.grammar.nonterminals[nonterminal].state
        if isinstance(state, Array):
            return self._opened(nonterminal, self._ids[ITEM])
        assert isinstance(state, Object)
        if not isinstance(name, str):
            raise RefusedError
        if name not in state.order.ranks:
            return self._free_member(nonterminal, name)
        if name not in self._keys:
            raise RefusedError
        return self._opened(nonterminal, self._keys[name])

    def _opened(self, nonterminal: int, symbol: int) -> Member:
        step = self.grammar.step(nonterminal, symbol)
        if step is None:
            raise RefusedError
        child, after = step.opened
        return Member(self._characters[symbol], None, self._entry(child), self.rest(after))

    def _free_member(self, nonterminal: int, name: str) -> Member:
        key = self.grammar.step(nonterminal, self._ids[FREE_KEY])
        last = self._text_end(key.opened[0], name) if key is not None else None
        step = self.grammar.step(last, self._ids[KEY_END]) if last is not None else None
        if step is None:
            raise RefusedError
        child, after = step.opened
        return Member(self._characters[self._ids[FREE_KEY]], name, self._entry(child), self.rest(after))

    def closing(self, nonterminal: int, symbol: Symbol) -> tuple[str, int]:
        """The character and the verdict of the end of an object or array; raises RefusedError where it may not end."""
        step = self.grammar.step(nonterminal, self._ids[symbol])
        if step is None:
            raise RefusedError
        return self._characters[self._ids[symbol]], step.verdict

    def _verdict(self, nonterminal: int, text: str) -> int:
        """The verdict of a whole text; raises RefusedError where it is not admitted."""
        last = self._text_end(nonterminal, text)
        step = self.grammar.step(last, self._ids[END]) if last is not None else None
        if step is None:
            raise RefusedError
        return step.verdict

    def _text_end(self, nonterminal: int, text: str) -> int | None:
        """The nonterminal after the bytes of `text`."""
        node = self.grammar.nonterminals[nonterminal]
        assert isinstance(node.state, Text | Key)
        place = self.grammar.automaton.run(text.encode(), node.state.place)
        return self.grammar.at_place(nonterminal, place) if place >= 0 else None

    def _entry(self, nonterminal: int) -> Entry:
        if nonterminal not in self._entries:
            entry = self._entries[nonterminal] = Entry()
            self._fill(entry, nonterminal)
        return self._entries[nonterminal]

    def _fill(self, entry: Entry, nonterminal: int) -> None:
        grammar = self.grammar
        if isinstance(grammar.nonterminals[nonterminal].state, Text | Object | Array):
            self._add_content(entry, "", nonterminal)
            return
        for symbol in grammar.admitted(nonterminal):
            name, character = grammar.symbols.symbols[symbol], self._characters[symbol]
            step = grammar.step(nonterminal, symbol)
            assert step is not None
            if name.label == "AS":
                self._add_content(entry, character, step.opened[0])
            elif name in LITERALS:
                entry.literals[LITERALS[name]] = (character, step.verdict)
            else:
                entry.strings[name.text] = (character, step.verdict)

    def _add_content(self, entry: Entry, prefix: str, nonterminal: int) -> None:
        state = self.grammar.nonterminals[nonterminal].state
        if isinstance(state, Object):
            entry.object = (prefix, self.rest(nonterminal))
        elif isinstance(state, Array):
            entry.array = (prefix, self.rest(nonterminal))
        else:
            assert isinstance(state, Text)
            judged = Remembered(lambda text: self._verdict(nonterminal, text))
            content = Content(prefix, ALWAYS if self.grammar.admits_every_text(nonterminal) else judged)
            if state.kind == "string":
                entry.string = content
            else:
                entry.number = content


LITERALS: dict[Symbol, bool | None] = {NULL: None, TRUE_SYMBOL: True, FALSE_SYMBOL: False}


def _required(found: T | None) -> T:
    if found is None:
        raise RefusedError
    return found


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
