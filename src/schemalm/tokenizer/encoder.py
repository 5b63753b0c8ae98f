"""The encoder: from values to their derivation, as token ids or as pieces, in time that grows with the value.

The walk visits each node of a value once. What a state writes, and what follows, is worked out when a document first
gets there (`EncodeCache`) and looked up afterwards. All that is worked out comes from the grammar's `step` and `settle`
by way of `compiled_rules.py`: this is a cache above the stepper. The laws hold it to that (`tests/laws/test_laws.py`):
a value is encoded exactly where it is valid, machines take the tokens, and symbols derived one by one give the value.

In: a value. Out: what a function gives for each piece of its derivation, in order, or InvalidDocument exactly where the
grammar does not derive the value. A piece is a run of structure, the content of a string or number with its end, or a
free key with its end. The walk keeps its own stack, so depth costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any, Generic, TypeAlias, TypeVar

from schemalm.documents.values import scalar_fault
from schemalm.errors import InvalidDocument, LimitError
from schemalm.json_pointer import pointer_to
from schemalm.regular.numbers import MAX_DIGITS, text_of_number
from schemalm.schema.explanation import Explainer, Failure, Path
from schemalm.tokenizer.compiled_rules import (
    EACH_ITEM,
    CompiledRules,
    ContainerState,
    RefusedError,
    TextRule,
    ValueStart,
    required,
)
from schemalm.tokenizer.memo import Allowance, Memo
from schemalm.tokenizer.pretokenizer import MAX_SEGMENT_SYMBOLS, PieceKind

T = TypeVar("T")

# What a piece is encoded as.
Find: TypeAlias = Callable[[PieceKind, str], tuple[T, ...]]
# An object or array under way: its value, its name and state in what encloses it, the members to come there, and the
# identities of the items there so far, where those of an array have to differ.
Frame: TypeAlias = "tuple[Any, str, EncodeState[T], Iterator[tuple[str, Any]], set[Hashable]]"

# States, with the short texts at them, and pieces that are remembered, in characters.
MAX_REMEMBERED = 8_000_000
MAX_REMEMBERED_PIECES = 1 << 24
# Longer pieces come once, shorter ones again and again.
MAX_PIECE_LENGTH = 4096
# Objects with more keys are put in order each time.
MAX_ORDERED_KEYS = 32
EACH = repeat(EACH_ITEM)

# A value that contains itself is nested deeper than any limit.
MAX_DEPTH = 10_000
TOO_DEEP = f"the value is nested too deeply; at most {MAX_DEPTH:,} levels are written"
# What is left out although it is valid: see the departures in docs/support.md.
NOT_WRITTEN = (
    f"integers have at most {MAX_DIGITS} digits, and where a schema rules numbers or formats out, "
    "values are left out that validators may judge otherwise"
)


class Encoder(Generic[T]):
    """Encodes values of a grammar as what `find` gives for each piece of their derivation."""

    def __init__(self, rules: CompiledRules, find: Find[T]) -> None:
        grammar = rules.grammar
        self._rules, self._pieces = rules, PieceEncoder(find)
        self._cache = EncodeCache(rules, self._pieces)
        self._shape = grammar.shape
        self._explainer = Explainer(grammar.shapes, grammar.resolve, grammar.budget)

    def encode(self, value: Any) -> list[T]:
        """The encoded pieces of a value, in order; raises InvalidDocument where the schema refuses it.

        Raises LimitError, whose place is a JSON pointer, where that takes more work than the limits admit.
        """
        self._pieces.limit()
        if self._cache.allowance.is_spent:
            self._cache = EncodeCache(self._rules, self._pieces)
        try:
            with self._rules.grammar.budget.call("encode"):
                return self._walk(value)
        except RecursionError:
            # Comparing items takes Python's stack.
            raise InvalidDocument(TOO_DEEP, keyword="depth") from None

    def _walk(self, value: Any) -> list[T]:
        """Encodes a whole value, in one loop: this is where encoding spends its time."""
        encoded: list[T] = []
        frames: list[Frame[T]] = []
        states, seen = self._cache.outside, set[Hashable]()
        members: Iterator[tuple[str, Any]] = iter(((EACH_ITEM, value),))
        name: str | None
        try:
            while True:
                for name, child in members:
                    state = states[name]
                    kind = type(child)
                    if kind is str:
                        encoded += state.before
                        encoded += state.texts[child]
                    elif kind is dict or kind is list:
                        if len(frames) == MAX_DEPTH:
                            raise InvalidDocument(TOO_DEEP, keyword="depth")
                        states = state.inside[kind] if kind in state.inside else state.enter(kind)
                        encoded += state.lead
                        frames.append((child, name, state, members, seen))
                        members = zip(EACH, child, strict=False) if kind is list else states.in_order(child)
                        seen = set()
                        break
                    else:
                        encoded += state.scalar(child)
                    states = (
                        state.after if state.after is not None else state.settled(state.outcome(child), child, seen)
                    )
                else:
                    if not frames:
                        return encoded
                    name = None
                    closing, outcome = states.closed or states.close()
                    encoded += closing
                    child, name, state, members, seen = frames.pop()
                    states = state.after if state.after is not None else state.settled(outcome, child, seen)
        except (RefusedError, UnicodeEncodeError):
            raise self._explained(value, _path(frames, name, members)) from None
        except LimitError as error:
            raise error.during("encode", pointer_to(_path(frames, name, members))) from None

    def _explained(self, value: Any, path: Path) -> InvalidDocument:
        failure = _fault(value, path) or self._explainer.explain(self._shape, value, path)
        if failure is None:
            failure = Failure(path, "type", f"this value cannot be written: {NOT_WRITTEN}")
        return InvalidDocument(failure.message, pointer=failure.pointer, keyword=failure.keyword)


class PieceEncoder(Generic[T]):
    """What pieces are encoded as, by kind; looking one up raises UnicodeEncodeError for what is no text."""

    def __init__(self, find: Find[T]) -> None:
        self._allowance = Allowance(MAX_REMEMBERED_PIECES)
        self.structure = Memo(partial(find, "structure"), self._allowance, MAX_PIECE_LENGTH)
        self.contents = Memo(partial(find, "content"), self._allowance, MAX_PIECE_LENGTH)
        self.keys = Memo(partial(find, "key"), self._allowance, MAX_PIECE_LENGTH)

    def limit(self) -> None:
        """Forgets all pieces where no more may be remembered; states go on with the same memos."""
        if self._allowance.is_spent:
            for memo in (self.structure, self.contents, self.keys):
                memo.clear()
            self._allowance.restore()


class EncodeCache(Generic[T]):
    """The states of a grammar, as far as documents have met them; equal ones are one object, so a corpus has few.

    `outside` has one member, the whole document, under `EACH_ITEM`.
    """

    def __init__(self, rules: CompiledRules, pieces: PieceEncoder[T]) -> None:
        self.pieces = pieces
        self.allowance = Allowance(MAX_REMEMBERED)
        self._members: dict[tuple[ContainerState, str], MemberStates[T]] = {}
        self.outside: MemberStates[T] = MemberStates(self, None, "")
        self.outside[EACH_ITEM] = EncodeState(self, (), "", rules.start, None)

    def members(self, rest: ContainerState, pending: str) -> MemberStates[T]:
        """The members that may come next in `rest`, after structure that is pending."""
        found = self._members.get((rest, pending))
        if found is None:
            found = self._members[rest, pending] = MemberStates(self, rest, pending)
            self.allowance.spend()
        return found


class MemberStates(Memo[str, "EncodeState[T]"], Generic[T]):
    """The states of the members that may come next in an object, by name, or in an array, under `EACH_ITEM`.

    `pending` is structure that is not encoded yet, for it is one piece with what follows. `closed`: what `close` gave.
    """

    __slots__ = ("_cache", "_orders", "_pending", "_rest", "closed")

    def __init__(self, cache: EncodeCache[T], rest: ContainerState | None, pending: str) -> None:
        super().__init__(self._member, cache.allowance)
        self._cache, self._rest, self._pending = cache, rest, pending
        self._orders = Memo(self._order, cache.allowance, MAX_ORDERED_KEYS)
        self.closed: tuple[tuple[T, ...], int] | None = None

    def _member(self, name: str) -> EncodeState[T]:
        """The state of a member that is met for the first time; raises RefusedError where none may come."""
        member, pieces = required(self._rest).members[name], self._cache.pieces
        lead: tuple[T, ...] = ()
        pending = self._pending + member.prefix
        if member.free_key is not None:
            lead, pending = (*pieces.structure[pending], *pieces.keys[member.free_key]), ""
        return EncodeState(self._cache, lead, pending, member.child, member.rest)

    def in_order(self, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The members of an object by name, in canonical order."""
        order = self._orders[tuple(value)]
        return zip(order, map(value.__getitem__, order), strict=False) if order else iter(value.items())

    def _order(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names in canonical order, free keys last; none where they are in that order."""
        ranks = required(self._rest).ranks
        found = tuple(sorted(names, key=lambda name: ranks.get(name, len(ranks))))
        return () if found == names else found

    def close(self) -> tuple[tuple[T, ...], int]:
        """What ends the object or array, and the outcome; raises RefusedError where it may not end."""
        character, outcome = required(self._rest).end()
        self.closed = self._cache.pieces.structure[self._pending + character], outcome
        return self.closed


class EncodeState(Generic[T]):
    """The state before a value: what comes before any (`lead`), before a string (`before`), and strings (`texts`).

    `inside`: the members that an object or array here may have, by its type, as far as values had them. `after`: the
    members that may follow, outside those of the document; None where the value's outcome decides that (`settled`).
    """

    __slots__ = (
        *("_cache", "_literals", "_numbers", "_pending", "_rest", "_start"),
        *("after", "before", "inside", "lead", "texts"),
    )

    def __init__(
        self,
        cache: EncodeCache[T],
        lead: tuple[T, ...],
        pending: str,
        start: ValueStart,
        rest: ContainerState | None,
    ) -> None:
        """lead: what comes before any value; pending: structure after it; rest: what follows, None for a document."""
        while len(pending) >= MAX_SEGMENT_SYMBOLS:
            lead = (*lead, *cache.pieces.structure[pending[:MAX_SEGMENT_SYMBOLS]])
            pending = pending[MAX_SEGMENT_SYMBOLS:]
        self._cache, self._start, self._rest = cache, start, rest
        self.lead, self._pending = lead, pending
        self.before, self.texts = self._strings()
        self._numbers: Memo[str, tuple[T, ...]] = Memo(
            lambda text: self._text(required(start.number), text), cache.allowance
        )
        self._literals: dict[bool | None, tuple[T, ...]] = {}
        self.inside: dict[type, MemberStates[T]] = {}
        self.after = cache.outside if rest is None else None if rest.needs_outcome else cache.members(rest, "")

    def _strings(self) -> tuple[tuple[T, ...], Mapping[str, tuple[T, ...]]]:
        """What comes before every string, and each string; RefusedError for one that is not admitted."""
        rule = self._start.string
        if self._start.strings or rule is None:
            return (), Memo(self._constant_or_text, self._cache.allowance)
        texts = self._cache.pieces.contents if rule.common is not None else self._judged(rule)
        return self._before(rule), texts

    def _before(self, rule: TextRule) -> tuple[T, ...]:
        """What comes before a text."""
        return *self.lead, *self._cache.pieces.structure[self._pending + rule.prefix]

    def _judged(self, rule: TextRule) -> Memo[str, tuple[T, ...]]:
        """Each text that a rule admits."""
        return Memo(lambda text: self._content(rule, text), self._cache.allowance)

    def _content(self, rule: TextRule, text: str) -> tuple[T, ...]:
        rule.outcome(text)  # raises RefusedError where the text is not admitted
        return self._cache.pieces.contents[text]

    def _text(self, rule: TextRule, text: str) -> tuple[T, ...]:
        """A string or number with what comes before it; raises RefusedError where it is not admitted."""
        return *self._before(rule), *self._content(rule, text)

    def _constant_or_text(self, text: str) -> tuple[T, ...]:
        constant = self._start.strings.get(text)
        return self._text(required(self._start.string), text) if constant is None else self._closed(constant[0])

    def _closed(self, character: str) -> tuple[T, ...]:
        """A value of one symbol with what comes before it."""
        return *self.lead, *self._cache.pieces.structure[self._pending + character]

    def scalar(self, value: Any) -> tuple[T, ...]:
        """A number or literal with what comes before it; raises RefusedError where it is not admitted."""
        kind = type(value)
        if kind is bool or value is None:
            return self._literals.get(value) or self._literal(value)
        if kind is int or kind is float:
            return self._numbers[text_of_number(value)]
        raise RefusedError

    def _literal(self, value: bool | None) -> tuple[T, ...]:
        self._literals[value] = self._closed(required(self._start.literals.get(value))[0])
        return self._literals[value]

    def outcome(self, value: Any) -> int:
        """The outcome of a scalar here; raises RefusedError where it is not admitted."""
        start, kind = self._start, type(value)
        if kind is str:
            constant = start.strings.get(value)
            return required(start.string).outcome(value) if constant is None else constant[1]
        if kind is int or kind is float:
            return required(start.number).outcome(text_of_number(value))
        return required(start.literals.get(value) if kind is bool or value is None else None)[1]

    def enter(self, kind: type) -> MemberStates[T]:
        """The members of an object (`dict`) or array (`list`) here; raises RefusedError where it may not come."""
        prefix, rest = required(self._start.object if kind is dict else self._start.array)
        self.inside[kind] = self._cache.members(rest, self._pending + prefix)
        return self.inside[kind]

    def settled(self, outcome: int, value: Any, seen: set[Hashable]) -> MemberStates[T]:
        """The members that may follow a value of this outcome; raises RefusedError for an item that may not repeat."""
        return self._cache.members(required(self._rest).after(outcome, value, seen), "")


def _path(frames: Sequence[Frame[T]], name: str | None, members: Iterator[tuple[str, Any]]) -> Path:
    """The keys and indices that lead to a member, of which `members` are those that would have followed.

    Where it has no name, those that lead to the innermost object or array.
    """
    entered = [(frame[1], frame[3]) for frame in frames[1:]]
    if name is not None:
        entered.append((name, members))
    return tuple(
        name if type(value) is dict else len(value) - 1 - sum(1 for _ in following)
        for (value, *_), (name, following) in zip(frames, entered, strict=False)
    )


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
