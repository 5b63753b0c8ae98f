"""The encoder: from values to their derivation, as token ids or as pieces, in linear time.

The walk visits each node of a value once. The output of a state and the state after it are computed when a document
first needs them, and then looked up (`EncodeCache`). They are computed from the grammar's `step` and `settle` through
`compiled_rules.py`, so the encoder is a cache on top of the stepper. `tests/laws/test_laws.py` compares the two: a
value is encoded if and only if it is valid, machines accept its tokens, and its symbols derive the value again.

In: a value. Out: the result of a function for each piece of the value's derivation, in order; InvalidDocument if and
only if the grammar does not derive the value. A piece is a run of structure, the content of a string or number with its
end, or a free key with its end. The walk has its own stack, so deep values need no recursion.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from schemalm.errors import InvalidDocument, LimitError
from schemalm.json_pointer import pointer_to
from schemalm.memo import Allowance, Memo
from schemalm.regular.numbers import text_of_number
from schemalm.rules.violations import NAMES
from schemalm.tokenizer.compiled_rules import (
    EACH_ITEM,
    CompiledRules,
    ContainerState,
    RefusedError,
    TextRule,
    ValueStart,
    required,
)
from schemalm.tokenizer.key_case import keys_alike
from schemalm.tokenizer.pretokenizer import MAX_SEGMENT_SYMBOLS, PieceKind

if TYPE_CHECKING:
    from schemalm.schema.explanation import Failure, Path
    from schemalm.tokenizer.refusals import Refusals

T = TypeVar("T")

# Encodes a piece, given its kind and text.
EncodePiece: TypeAlias = Callable[[PieceKind, str], tuple[T, ...]]
# An open object or array: its value; its name and state in its parent; the parent's remaining members; and the
# identities of the parent's items so far, if they must differ.
Frame: TypeAlias = "tuple[Any, str, EncodeState[T], Iterator[tuple[str, Any]], set[Hashable]]"

# Sizes of the caches, in characters: of states with their short texts, and of pieces.
MAX_REMEMBERED = 8_000_000
MAX_REMEMBERED_PIECES = 1 << 24
# Longer pieces are not cached: they rarely repeat.
MAX_PIECE_LENGTH = 4096
# The order of more keys is not cached.
MAX_ORDERED_KEYS = 32
EACH = repeat(EACH_ITEM)

# The limit also ends the walk through a value that contains itself.
MAX_DEPTH = 10_000
TOO_DEEP = f"the value is nested too deeply: expected at most {MAX_DEPTH:,} levels"


class _RefusedHereError(Exception):
    """The grammar does not admit the value; `path`: where the walk through it ended."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path = path


class Encoder(Generic[T]):
    """Encodes values of a grammar by applying `encode_piece` to each piece of their derivation."""

    def __init__(self, rules: CompiledRules, encode_piece: EncodePiece[T]) -> None:
        self._rules, self._pieces = rules, PieceEncoder(encode_piece)
        self._cache = EncodeCache(rules, self._pieces)

    @cached_property
    def _refusals(self) -> Refusals:
        """Most documents are valid, so it is imported when the first one is not."""
        from schemalm.tokenizer.refusals import Refusals  # noqa: PLC0415

        return Refusals(self._rules)

    def encode(self, value: Any) -> list[T]:
        """The encoded pieces of a value, in order; raises InvalidDocument if the schema refuses it.

        Raises LimitError, with a JSON pointer as its place, if that takes more work than the limits allow.
        """
        with self._rules.grammar.budget.call("encode"):
            try:
                encoded = self._encoded(value)
            except _RefusedHereError as refused:
                failure = self._refusals.first(value, refused.path)
                raise InvalidDocument(failure.message, pointer=failure.pointer, keyword=failure.keyword) from None
            for violation in self._rules.violations(value):
                raise InvalidDocument(violation.message, pointer=violation.pointer, keyword=NAMES)
            return encoded

    def failures(self, value: Any) -> list[Failure]:
        """The independent failures of a JSON value; empty if and only if it can be encoded. Names come last.

        Raises InvalidDocument for a value that is nested too deeply, and LimitError as `encode` does.
        """
        with self._rules.grammar.budget.call("encode"):
            try:
                self._encoded(value)
            except _RefusedHereError as refused:
                return self._refusals.all(value, refused.path)
            violations = self._rules.violations(value)
            return self._refusals.of_names(violations) if violations else []

    def _encoded(self, value: Any) -> list[T]:
        self._pieces.clear_if_full()
        if self._cache.allowance.is_spent:
            self._cache = EncodeCache(self._rules, self._pieces)
        try:
            return self._walk(value)
        except RecursionError:
            # Comparing items is recursive.
            raise InvalidDocument(TOO_DEEP, keyword="depth") from None

    def _walk(self, value: Any) -> list[T]:
        """Encodes a whole value in one loop: the hot path of encoding."""
        encoded: list[T] = []
        frames: list[Frame[T]] = []
        states, seen = self._cache.root, set[Hashable]()
        members: Iterator[tuple[str, Any]] = iter(((EACH_ITEM, value),))
        name: str | None
        try:
            while True:
                for name, child in members:
                    state = states[name]
                    kind = type(child)
                    if kind is str:
                        encoded += state.before_string
                        encoded += state.texts[child]
                    elif kind is dict or kind is list:
                        if len(frames) == MAX_DEPTH:
                            raise InvalidDocument(TOO_DEEP, keyword="depth")
                        states = state.inside[kind] if kind in state.inside else state.enter(kind)
                        encoded += state.before_value
                        following = zip(EACH, child, strict=False) if kind is list else states.in_order(child)
                        frames.append((child, name, state, members, seen))
                        members, seen = following, set()
                        break
                    else:
                        encoded += state.scalar(child)
                    states = (
                        state.after if state.after is not None else state.after_value(state.outcome(child), child, seen)
                    )
                else:
                    if not frames:
                        return encoded
                    name = None
                    closing, outcome = states.ending or states.end()
                    encoded += closing
                    child, name, state, members, seen = frames.pop()
                    states = state.after if state.after is not None else state.after_value(outcome, child, seen)
        except (RefusedError, UnicodeEncodeError):
            raise _RefusedHereError(_path(frames, name, members)) from None
        except LimitError as error:
            raise error.during("encode", pointer_to(_path(frames, name, members))) from None


class PieceEncoder(Generic[T]):
    """Caches of encoded pieces by kind; a look-up raises UnicodeEncodeError if the text is not valid Unicode."""

    def __init__(self, encode_piece: EncodePiece[T]) -> None:
        self._allowance = Allowance(MAX_REMEMBERED_PIECES)
        self.structure = Memo(partial(encode_piece, "structure"), self._allowance, MAX_PIECE_LENGTH)
        self.contents = Memo(partial(encode_piece, "content"), self._allowance, MAX_PIECE_LENGTH)
        self.keys = Memo(partial(encode_piece, "key"), self._allowance, MAX_PIECE_LENGTH)

    def clear_if_full(self) -> None:
        """Clears the caches if they are full; states keep their references to them."""
        if self._allowance.is_spent:
            for memo in (self.structure, self.contents, self.keys):
                memo.clear()
            self._allowance.restore()


class EncodeCache(Generic[T]):
    """The encoder's states of a grammar, created when a document first needs them.

    Equal states share one object, so a corpus needs few of them. `root` has one member, the whole document, under
    `EACH_ITEM`.
    """

    def __init__(self, rules: CompiledRules, pieces: PieceEncoder[T]) -> None:
        self.pieces, self.ignores_key_case = pieces, rules.grammar.shapes.ignores_key_case
        self.allowance = Allowance(MAX_REMEMBERED)
        self._members: dict[tuple[ContainerState, str], MemberStates[T]] = {}
        self.root: MemberStates[T] = MemberStates(self, None, "")
        self.root[EACH_ITEM] = EncodeState(self, (), "", rules.start, None)

    def members(self, rest: ContainerState, pending: str) -> MemberStates[T]:
        """The members that may follow in `rest`, with structure before them that is not encoded yet (`pending`)."""
        found = self._members.get((rest, pending))
        if found is None:
            found = self._members[rest, pending] = MemberStates(self, rest, pending)
            self.allowance.spend()
        return found


class MemberStates(Memo[str, "EncodeState[T]"], Generic[T]):
    """The states of the members that may follow: of an object by name, of an array under `EACH_ITEM`.

    `pending` is structure that is not encoded yet, because it forms one piece with the structure after it. `ending`
    caches the result of `end`.
    """

    __slots__ = ("_cache", "_orders", "_pending", "_rest", "ending")

    def __init__(self, cache: EncodeCache[T], rest: ContainerState | None, pending: str) -> None:
        super().__init__(self._member, cache.allowance)
        self._cache, self._rest, self._pending = cache, rest, pending
        self._orders = Memo(self._order, cache.allowance, MAX_ORDERED_KEYS)
        self.ending: tuple[tuple[T, ...], int] | None = None

    def _member(self, name: str) -> EncodeState[T]:
        """Computes the state of a member; raises RefusedError if the member is not admitted."""
        member, pieces = required(self._rest).members[name], self._cache.pieces
        before_value: tuple[T, ...] = ()
        pending = self._pending + member.prefix
        if member.free_key is not None:
            before_value, pending = (*pieces.structure[pending], *pieces.keys[member.free_key]), ""
        return EncodeState(self._cache, before_value, pending, member.child, member.rest)

    def in_order(self, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The members of an object by name, in canonical order."""
        order = self._orders[tuple(value)]
        return zip(order, map(value.__getitem__, order), strict=False) if order else iter(value.items())

    def _order(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names in canonical order, free keys last; the empty tuple if they already are in that order.

        Raises RefusedError if two names differ in case alone and rules forbid that.
        """
        if self._cache.ignores_key_case and any(keys_alike(names)):
            raise RefusedError
        ranks = required(self._rest).ranks
        found = tuple(sorted(names, key=lambda name: ranks.get(name, len(ranks))))
        return () if found == names else found

    def end(self) -> tuple[tuple[T, ...], int]:
        """The encoded end of the object or array, and the outcome; raises RefusedError if it may not end here."""
        character, outcome = required(self._rest).end()
        self.ending = self._cache.pieces.structure[self._pending + character], outcome
        return self.ending


class EncodeState(Generic[T]):
    """The state before a value.

    `before_value` and `before_string`: the encoded pieces before any value, and before a string. `texts`: each string.
    `inside`: the members of an object or array here, by its type (a cache of `enter`). `after`: the members that may
    follow the value; None if they depend on its outcome (`after_value`).
    """

    __slots__ = (
        *("_cache", "_literals", "_numbers", "_pending", "_rest", "_start"),
        *("after", "before_string", "before_value", "inside", "texts"),
    )

    def __init__(
        self,
        cache: EncodeCache[T],
        before_value: tuple[T, ...],
        pending: str,
        start: ValueStart,
        rest: ContainerState | None,
    ) -> None:
        """rest: the parent's rest after the value, None for the root; pending: structure after `before_value`."""
        while len(pending) >= MAX_SEGMENT_SYMBOLS:
            before_value = (*before_value, *cache.pieces.structure[pending[:MAX_SEGMENT_SYMBOLS]])
            pending = pending[MAX_SEGMENT_SYMBOLS:]
        self._cache, self._start, self._rest = cache, start, rest
        self.before_value, self._pending = before_value, pending
        self.before_string, self.texts = self._strings()
        self._numbers: Memo[str, tuple[T, ...]] = Memo(
            lambda text: self._text(required(start.number), text), cache.allowance
        )
        self._literals: dict[bool | None, tuple[T, ...]] = {}
        self.inside: dict[type, MemberStates[T]] = {}
        self.after = cache.root if rest is None else None if rest.needs_outcome else cache.members(rest, "")

    def _strings(self) -> tuple[tuple[T, ...], Mapping[str, tuple[T, ...]]]:
        """The pieces before every string, and those of each; a look-up raises RefusedError if it is not admitted."""
        rule = self._start.string
        if self._start.strings or rule is None:
            return (), Memo(self._constant_or_text, self._cache.allowance)
        texts = self._cache.pieces.contents if rule.common_outcome is not None else self._checked_texts(rule)
        return self._before_text(rule), texts

    def _before_text(self, rule: TextRule) -> tuple[T, ...]:
        """The pieces before a text."""
        return *self.before_value, *self._cache.pieces.structure[self._pending + rule.prefix]

    def _checked_texts(self, rule: TextRule) -> Memo[str, tuple[T, ...]]:
        """The pieces of each text that a rule admits."""
        return Memo(lambda text: self._content(rule, text), self._cache.allowance)

    def _content(self, rule: TextRule, text: str) -> tuple[T, ...]:
        rule.outcome(text)  # raises RefusedError if the text is not admitted
        return self._cache.pieces.contents[text]

    def _text(self, rule: TextRule, text: str) -> tuple[T, ...]:
        """A string or number with the pieces before it; raises RefusedError if it is not admitted."""
        return *self._before_text(rule), *self._content(rule, text)

    def _constant_or_text(self, text: str) -> tuple[T, ...]:
        constant = self._start.strings.get(text)
        return self._text(required(self._start.string), text) if constant is None else self._single_symbol(constant[0])

    def _single_symbol(self, character: str) -> tuple[T, ...]:
        """A value of one symbol with the pieces before it."""
        return *self.before_value, *self._cache.pieces.structure[self._pending + character]

    def scalar(self, value: Any) -> tuple[T, ...]:
        """A number or literal with the pieces before it; raises RefusedError if it is not admitted."""
        kind = type(value)
        if kind is bool or value is None:
            return self._literals.get(value) or self._literal(value)
        if kind is int or kind is float:
            return self._numbers[text_of_number(value)]
        raise RefusedError

    def _literal(self, value: bool | None) -> tuple[T, ...]:
        self._literals[value] = self._single_symbol(required(self._start.literals.get(value))[0])
        return self._literals[value]

    def outcome(self, value: Any) -> int:
        """The outcome of a scalar here; raises RefusedError if it is not admitted."""
        start, kind = self._start, type(value)
        if kind is str:
            constant = start.strings.get(value)
            return required(start.string).outcome(value) if constant is None else constant[1]
        if kind is int or kind is float:
            return required(start.number).outcome(text_of_number(value))
        return required(start.literals.get(value) if kind is bool or value is None else None)[1]

    def enter(self, kind: type) -> MemberStates[T]:
        """The members of an object (`dict`) or array (`list`) here; raises RefusedError if it is not admitted."""
        prefix, rest = required(self._start.object if kind is dict else self._start.array)
        self.inside[kind] = self._cache.members(rest, self._pending + prefix)
        return self.inside[kind]

    def after_value(self, outcome: int, value: Any, seen: set[Hashable]) -> MemberStates[T]:
        """The members that may follow a value; raises RefusedError for an item that repeats and must not."""
        return self._cache.members(required(self._rest).after_member(outcome, value, seen), "")


def _path(frames: Sequence[Frame[T]], name: str | None, members: Iterator[tuple[str, Any]]) -> Path:
    """The keys and indices that lead to a member, or to the innermost object or array if `name` is None.

    members: the members after it, which are consumed.
    """
    entered = [(frame[1], frame[3]) for frame in frames[1:]]
    if name is not None:
        entered.append((name, members))
    return tuple(
        name if type(value) is dict else len(value) - 1 - sum(1 for _ in following)
        for (value, *_), (name, following) in zip(frames, entered, strict=False)
    )
