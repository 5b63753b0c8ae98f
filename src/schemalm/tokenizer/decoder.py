"""The decoder: from the token ids of a document back to its value.

The short way goes by JSON text. A document is cut into fields, each field is written as the JSON that it stands for in
its state, and a library reads the whole. What a field writes and where it leads is worked out when a document first has
it there (`DecodeCache`) and looked up afterwards. All that is worked out comes from the grammar's `step` and `settle`
by way of `compiled_rules.py`: this is a cache above the stepper. The law that holds it to the stepper is
`test_reading_a_document_at_once_equals_deriving_it_symbol_by_symbol` in `tests/laws/test_laws.py`.

The long way derives symbol by symbol (`machine/derivation.py`). It is for what the short way refuses: what the grammar
does not derive, to say where it goes wrong, and what JSON text would not give back or what hangs on the value of an
item (integers beyond 64 bits, more than 1,024 levels, items that repeat where a schema may forbid that).

A field is a text with all the structure before it, and `FIELD_END` follows it; what comes after the last text is a
field too. The text stands as in JSON, with the quotation mark that ends it. Structure stands between `RUN` and
`RUN_END`, a character for each symbol, once for each token that it was cut into. JSON escapes the bytes of all these
marks, so fields say what the symbols are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import orjson
import tiktoken

from schemalm.documents.identity import has_repetition
from schemalm.errors import DecodeError
from schemalm.grammar.symbols import END, FREE_KEY, ITEM, KEY_END, NUM_BYTES
from schemalm.machine.derivation import Derivation, NotDerivableError
from schemalm.machine.vocabulary import FIRST_SYMBOL_ID, Vocabulary
from schemalm.regular.numbers import is_integer_text
from schemalm.tokenizer.compiled_rules import (
    EACH_ITEM,
    CompiledRules,
    ContainerState,
    RefusedError,
    TextRule,
    ValueStart,
)
from schemalm.tokenizer.memo import Allowance, Memo

FIELD_END = b"\x00"
RUN = b"\x01"
RUN_END = b"\x02"
TEXT_END = b'"' + FIELD_END

# States and fields at them that are remembered, in bytes.
MAX_REMEMBERED = 4_000_000
# Integers that the JSON library reads as such.
INTEGERS = range(-(2**63), 2**64)

# The state that a field leads to, the JSON that it writes, and the free key that it ends with.
Reached: TypeAlias = "tuple[DecodeState, bytes, FreeKey | None]"


class Decoder:
    """Decodes whole documents of a grammar."""

    def __init__(self, rules: CompiledRules, vocabulary: Vocabulary) -> None:
        self._rules, self._vocabulary = rules, vocabulary
        self._cache = DecodeCache(rules)

    def decode(self, ids: Sequence[int]) -> Any:
        """The value of one whole document; raises DecodeError (position, message) for anything else.

        Raises LimitError where that takes more work than the limits admit.
        """
        with self._rules.grammar.budget.call("decode"):
            try:
                return self.read(ids)
            except RefusedError:
                return self._derived(ids)

    def read(self, ids: Sequence[int]) -> Any:
        """The value of a whole document, the short way; raises RefusedError for anything else and what is left out."""
        if self._cache.allowance.is_spent:
            self._cache = DecodeCache(self._rules)
        try:
            value = orjson.loads(b"".join(self._written(self._fields.of(ids))))
        except (KeyError, OverflowError, ValueError):
            raise RefusedError from None
        if self._rules.grammar.has_guards and has_repetition(value):
            raise RefusedError
        return value

    @cached_property
    def _fields(self) -> Fields:
        return Fields(self._vocabulary)

    def _written(self, fields: list[bytes]) -> list[bytes]:
        """The JSON of each field; raises RefusedError, KeyError or ValueError where the grammar does not derive it."""
        state, opening = self._cache.start
        written = [opening]
        # The free keys of the objects at hand, by depth.
        keys: dict[int, set[bytes]] = {}
        for field in fields:
            state, text, key = state[field]
            written.append(text)
            if key is None:
                continue
            if key.is_first:
                keys[key.depth] = {key.text}
            elif key.text in keys[key.depth]:
                raise RefusedError
            else:
                keys[key.depth].add(key.text)
        if state is not self._cache.end:
            raise RefusedError
        return written

    def _derived(self, ids: Sequence[int]) -> Any:
        """The value of a whole document, the long way."""
        derivation = Derivation(self._rules.grammar)
        for position, token in enumerate(ids):
            if not FIRST_SYMBOL_ID <= token < len(self._vocabulary):
                raise DecodeError(f"{token} is no token of a document", position=position)
            try:
                for symbol in self._vocabulary.symbols[token]:
                    derivation.push(symbol)
            except NotDerivableError as error:
                raise DecodeError(f"after {position} of {len(ids)} tokens: {error}", position=position) from None
        if not derivation.is_complete:
            raise DecodeError(f"the document is not whole after {len(ids)} tokens", position=len(ids))
        return derivation.value


class Fields:
    """Writes tokens as fields; the library `tiktoken` puts their bytes together."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        symbols = vocabulary.grammar.symbols
        end, self._key_end = (symbols.characters[symbols.ids[symbol]] for symbol in (END, KEY_END))
        self._written = {chr(byte): orjson.dumps(chr(byte))[1:-1] for byte in range(0x80)}
        self._written |= {chr(byte): bytes([byte]) for byte in range(0x80, NUM_BYTES)}
        self._written[end] = TEXT_END
        # The end of a key begins a run.
        parts = re.compile(rf"[\x00-\xff{end}]|[^\x00-\xff{end}][^\x00-\xff{end}{self._key_end}]*")
        ranks = {
            b"".join(map(self._part, parts.findall(spelling))): token
            for token, spelling in enumerate(vocabulary.spellings)
            if spelling
        }
        self._engine = tiktoken.Encoding("fields", pat_str=".", mergeable_ranks=ranks, special_tokens={})

    def _part(self, characters: str) -> bytes:
        """What a byte, the end of a text, or a run of other structure writes."""
        if characters in self._written:
            return self._written[characters]
        run = RUN + characters.encode() + RUN_END
        return TEXT_END + run if characters[0] == self._key_end else run

    def of(self, ids: Sequence[int]) -> list[bytes]:
        """The fields of some tokens; raises KeyError or OverflowError for an id that is no token of a document."""
        found = self._engine.decode_bytes(ids).split(FIELD_END)
        if not found[-1]:
            found.pop()
        return found


class DecodeCache:
    """The states of a grammar, as far as documents have met them; `end`: after a whole document.

    Equal states are one object, so a corpus has few.
    """

    def __init__(self, rules: CompiledRules) -> None:
        characters, ids = rules.characters, rules.ids
        self.rules, self.allowance = rules, Allowance(MAX_REMEMBERED)
        self.item, self.free_key, self.key_end = (characters[ids[symbol]] for symbol in (ITEM, FREE_KEY, KEY_END))
        self.end = DecodeState(self, None)
        self.start = self.end.enter(rules.start)


class FreeKey(NamedTuple):
    """A free key of an object at a depth; `is_first`: of those that the object has."""

    depth: int
    text: bytes
    is_first: bool


class DecodeState(Memo[bytes, Reached]):
    """What each field leads to and writes; a state says what may come next inside the state `above`.

    This class itself is the state after a whole document.
    """

    __slots__ = ("_nested", "above", "cache", "depth")

    def __init__(self, cache: DecodeCache, above: DecodeState | None) -> None:
        super().__init__(self._field, cache.allowance)
        self.cache = cache
        self.above = self if above is None else above
        self.depth: int = 0 if above is None else above.depth + 1
        self._nested: dict[Any, DecodeState] = {}

    def _field(self, field: bytes) -> Reached:
        """Reads a field for the first time; raises RefusedError, KeyError or ValueError where it may not come."""
        begin = field.rfind(RUN_END) + 1
        if begin == len(field):
            return self._runs(field)
        state, before, _ = self[field[:begin]] if begin else (self, b"", None)
        after, text, key = state.read(field[begin:])
        return after, before + text, key

    def _runs(self, runs: bytes) -> Reached:
        found = runs.split(RUN_END)[:-1]
        if len(found) == 1:
            return self._run(found[0])
        state, written = self, []
        for run in found:
            state, text, _ = state[run + RUN_END]
            written.append(text)
        return state, b"".join(written), None

    def _run(self, run: bytes) -> Reached:
        state, written = self, []
        # Where a text precedes the run, its bytes are steps that nothing admits.
        for character in run.removeprefix(RUN).decode():
            state, text = state.step(character)
            written.append(text)
        return state, b"".join(written), None

    def step(self, character: str) -> tuple[DecodeState, bytes]:
        """What one symbol of structure leads to and writes."""
        raise RefusedError

    def read(self, text: bytes) -> Reached:
        """What a text leads to and writes; a quotation mark ends it."""
        raise RefusedError

    def ended(self, outcome: int) -> DecodeState:
        """The state after a whole value inside this one."""
        return self

    def nested(self, kind: type[DecodeState], *content: Any) -> DecodeState:
        """The state inside this one that has such content."""
        key = (kind, *content)
        if key not in self._nested:
            self.cache.allowance.spend()
            self._nested[key] = kind(self.cache, self, *content)
        return self._nested[key]

    def enter(self, start: ValueStart) -> tuple[DecodeState, bytes]:
        """Begins a value inside this state."""
        content = start.contents.get("")
        return (self.nested(_ValueState, start), b"") if content is None else self.open(content)

    def open(self, content: TextRule | ContainerState) -> tuple[DecodeState, bytes]:
        """Begins a text, an object or an array inside this state."""
        if isinstance(content, TextRule):
            return self.nested(_TextState, content), b'"' if content.is_string else b""
        return self.nested(_MembersState, content, False, False), b"{" if content.is_object else b"["


class _ValueState(DecodeState):
    """Before a value whose first symbol says what it is."""

    __slots__ = ("_start",)

    def __init__(self, cache: DecodeCache, above: DecodeState, start: ValueStart) -> None:
        super().__init__(cache, above)
        self._start = start

    def step(self, character: str) -> tuple[DecodeState, bytes]:
        constant = self._start.constants.get(character)
        if constant is None:
            return self.above.open(self._start.contents[character])
        value, outcome = constant
        return self.above.ended(outcome), orjson.dumps(value)


class _TextState(DecodeState):
    """Before the text of a string or number."""

    __slots__ = ("_rule",)

    def __init__(self, cache: DecodeCache, above: DecodeState, rule: TextRule) -> None:
        super().__init__(cache, above)
        self._rule = rule

    def read(self, text: bytes) -> Reached:
        rule = self._rule
        if rule.common is not None:
            # Whether this is UTF-8 turns out when the JSON is read.
            return self.above.ended(rule.common), text, None
        if rule.is_string:
            return self.above.ended(rule.outcome(_unescaped(text))), text, None
        digits = text.removesuffix(b'"')
        number = digits.decode()
        outcome = rule.outcome(number)
        if digits == text or (is_integer_text(number) and int(number) not in INTEGERS):
            raise RefusedError
        return self.above.ended(outcome), digits, None


class _MembersState(DecodeState):
    """Before the next member or the end of an object or array."""

    __slots__ = ("_has_free_keys", "_is_filled", "_rest")

    def __init__(
        self, cache: DecodeCache, above: DecodeState, rest: ContainerState, is_filled: bool, has_free_keys: bool
    ) -> None:
        super().__init__(cache, above)
        self._rest, self._is_filled, self._has_free_keys = rest, is_filled, has_free_keys

    def step(self, character: str) -> tuple[DecodeState, bytes]:
        cache = self.cache
        separator = b"," if self._is_filled else b""
        if character == cache.free_key:
            return self.nested(_KeyState, not self._has_free_keys), separator + b'"'
        name = EACH_ITEM if character == cache.item else cache.rules.names.get(character)
        if name is None:
            return self._end(character)
        member = self._rest.members[name]
        if member.prefix != character:
            raise RefusedError
        state, opening = self._after_member(member.rest, self._has_free_keys).enter(member.child)
        label = orjson.dumps(name) + b":" if self._rest.is_object else b""
        return state, separator + label + opening

    def _end(self, character: str) -> tuple[DecodeState, bytes]:
        end, outcome = self._rest.end()
        if end != character:
            raise RefusedError
        return self.above.ended(outcome), b"}" if self._rest.is_object else b"]"

    def ended(self, outcome: int) -> DecodeState:
        if not self._rest.needs_outcome:
            return self
        return self._after_member(self._rest.settled(outcome), self._has_free_keys)

    def _after_member(self, rest: ContainerState, has_free_keys: bool) -> DecodeState:
        """The state after one more member, before `rest`."""
        return self.above.nested(_MembersState, rest, True, has_free_keys)

    def free_member(self, name: str) -> DecodeState:
        """The state after the text of a free key."""
        member = self._rest.members[name]
        if member.free_key is None:
            raise RefusedError
        return self._after_member(member.rest, True).nested(_KeyEndState, member.child)


class _KeyState(DecodeState):
    """Before the text of a free key; `is_first`: of an object that has none yet."""

    __slots__ = ("_is_first",)

    above: _MembersState

    def __init__(self, cache: DecodeCache, above: DecodeState, is_first: bool) -> None:
        super().__init__(cache, above)
        self._is_first = is_first

    def read(self, text: bytes) -> Reached:
        return self.above.free_member(_unescaped(text)), text, FreeKey(self.depth, text, self._is_first)


class _KeyEndState(DecodeState):
    """After the text of a free key."""

    __slots__ = ("_start",)

    def __init__(self, cache: DecodeCache, above: DecodeState, start: ValueStart) -> None:
        super().__init__(cache, above)
        self._start = start

    def step(self, character: str) -> tuple[DecodeState, bytes]:
        if character != self.cache.key_end:
            raise RefusedError
        state, opening = self.above.enter(self._start)
        return state, b":" + opening


def _unescaped(text: bytes) -> str:
    """The text that a field ends with; raises ValueError where it is none."""
    found: str = orjson.loads(b'"' + text)
    return found
