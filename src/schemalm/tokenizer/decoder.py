"""The decoder: from the token ids of a document back to its value.

The fast path writes JSON text. It splits a document into fields, translates each field to JSON in its state, and lets a
library parse the result. Each translation and the state after it are computed when a document first needs them, and
then looked up (`DecodeCache`). They are computed from the grammar's `step` and `settle` through `compiled_rules.py`, so
the fast path is a cache on top of the stepper. The law that compares the two is
`test_reading_a_document_at_once_equals_deriving_it_symbol_by_symbol` in `tests/laws/test_laws.py`.

The slow path derives symbol by symbol (`machine/derivation.py`). It takes what the fast path refuses: tokens that the
grammar does not derive, to report the position of the error; values that do not survive JSON text (integers beyond 64
bits, more than 1,024 levels); and arrays with repeated items if the schema may forbid them.

A field is a text with all structure before it; `FIELD_END` follows. Structure after the last text is a field as well.
The text is spelled as in JSON, with the closing quotation mark. Each token's run of structure is between `RUN` and
`RUN_END`, one character per symbol. JSON escapes these three bytes, so no text contains them.
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
from schemalm.memo import Allowance, Memo
from schemalm.regular.numbers import is_integer_text
from schemalm.tokenizer.compiled_rules import (
    EACH_ITEM,
    CompiledRules,
    ContainerState,
    RefusedError,
    TextRule,
    ValueStart,
)

FIELD_END = b"\x00"
RUN = b"\x01"
RUN_END = b"\x02"
TEXT_END = b'"' + FIELD_END

# Size of the cache for states and their fields, in bytes.
MAX_REMEMBERED = 4_000_000
# Integers that the JSON library parses exactly.
INTEGERS = range(-(2**63), 2**64)

# The state after a field, its JSON, and the free key that it ends with.
Transition: TypeAlias = "tuple[DecodeState, bytes, FreeKey | None]"


class Decoder:
    """Decodes whole documents of a grammar."""

    def __init__(self, rules: CompiledRules, vocabulary: Vocabulary) -> None:
        self._rules, self._vocabulary = rules, vocabulary
        self._cache = DecodeCache(rules)
        self._ignores_key_case = rules.grammar.shapes.ignores_key_case

    def decode(self, ids: Sequence[int]) -> Any:
        """The value of one complete document; raises DecodeError (position, message) for anything else.

        Raises LimitError if that takes more work than the limits allow.
        """
        with self._rules.grammar.budget.call("decode"):
            try:
                value = self.decode_fast(ids)
            except RefusedError:
                value = self._decode_slowly(ids)
            self._check_names(ids, value)
            return value

    def _check_names(self, ids: Sequence[int], value: Any) -> None:
        """Raises DecodeError if the document breaks a rule about names."""
        for violation in self._rules.violations(value):
            raise DecodeError(f"at {violation.pointer or '/'}: {violation.message}", position=len(ids))

    def decode_fast(self, ids: Sequence[int]) -> Any:
        """The value of a complete document by the fast path; raises RefusedError if that does not cover it."""
        if self._cache.allowance.is_spent:
            self._cache = DecodeCache(self._rules)
        try:
            value = orjson.loads(b"".join(self._json_fields(self._field_reader.fields(ids))))
        except (KeyError, OverflowError, ValueError):
            raise RefusedError from None
        if self._rules.grammar.has_guards and has_repetition(value):
            raise RefusedError
        return value

    @cached_property
    def _field_reader(self) -> FieldReader:
        return FieldReader(self._vocabulary)

    def _json_fields(self, fields: list[bytes]) -> list[bytes]:
        """The JSON of each field; raises RefusedError, KeyError or ValueError if the grammar does not derive it."""
        state, opening = self._cache.start
        output = [opening]
        # The free keys of each open object, by depth.
        keys: dict[int, set[bytes]] = {}
        for field in fields:
            state, written, key = state[field]
            output.append(written)
            if key is None:
                continue
            text = key.text.lower() if self._ignores_key_case else key.text
            if key.is_first:
                keys[key.depth] = {text}
            elif text in keys[key.depth]:
                raise RefusedError
            else:
                keys[key.depth].add(text)
        if state is not self._cache.end:
            raise RefusedError
        return output

    def _decode_slowly(self, ids: Sequence[int]) -> Any:
        """The value of a complete document by the slow path."""
        derivation = Derivation(self._rules.grammar)
        for position, token in enumerate(ids):
            if not FIRST_SYMBOL_ID <= token < len(self._vocabulary):
                raise DecodeError(f"token id {token} cannot occur in a document", position=position)
            try:
                for symbol in self._vocabulary.symbols[token]:
                    derivation.push(symbol)
            except NotDerivableError as error:
                raise DecodeError(f"after {position} of {len(ids)} tokens: {error}", position=position) from None
        if not derivation.is_complete:
            raise DecodeError(f"the document is incomplete after {len(ids)} tokens", position=len(ids))
        return derivation.value


class FieldReader:
    """Reads token ids as fields; the library `tiktoken` joins the bytes of the tokens."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        symbols = vocabulary.grammar.symbols
        end, self._key_end = (symbols.characters[symbols.ids[symbol]] for symbol in (END, KEY_END))
        self._bytes_of = {chr(byte): orjson.dumps(chr(byte))[1:-1] for byte in range(0x80)}
        self._bytes_of |= {chr(byte): bytes([byte]) for byte in range(0x80, NUM_BYTES)}
        self._bytes_of[end] = TEXT_END
        # A run of structure may begin with the end of a key, but does not contain one elsewhere.
        parts = re.compile(rf"[\x00-\xff{end}]|[^\x00-\xff{end}][^\x00-\xff{end}{self._key_end}]*")
        ranks = {
            b"".join(map(self._part, parts.findall(spelling))): token
            for token, spelling in enumerate(vocabulary.spellings)
            if spelling
        }
        self._engine = tiktoken.Encoding("fields", pat_str=".", mergeable_ranks=ranks, special_tokens={})

    def _part(self, characters: str) -> bytes:
        """The bytes of one text byte, of the end of a text, or of a run of structure."""
        if characters in self._bytes_of:
            return self._bytes_of[characters]
        run = RUN + characters.encode() + RUN_END
        return TEXT_END + run if characters[0] == self._key_end else run

    def fields(self, ids: Sequence[int]) -> list[bytes]:
        """The fields of token ids; raises KeyError or OverflowError for an id that cannot occur in a document."""
        found = self._engine.decode_bytes(ids).split(FIELD_END)
        if not found[-1]:
            found.pop()
        return found


class DecodeCache:
    """The decoder's states of a grammar, created when a document first needs them; `end` follows a complete document.

    Equal states share one object, so a corpus needs few of them.
    """

    def __init__(self, rules: CompiledRules) -> None:
        characters, ids = rules.characters, rules.ids
        self.rules, self.allowance = rules, Allowance(MAX_REMEMBERED)
        self.item, self.free_key, self.key_end = (characters[ids[symbol]] for symbol in (ITEM, FREE_KEY, KEY_END))
        self.end = DecodeState(self, None)
        self.start = self.end.enter_value(rules.start)


class FreeKey(NamedTuple):
    """A free key with the depth of its object; `is_first`: whether it is the object's first free key."""

    depth: int
    text: bytes
    is_first: bool


class DecodeState(Memo[bytes, Transition]):
    """A state of the decoder inside the state `parent`: a mapping of each field that may follow to its transition.

    This class itself is the state after a complete document.
    """

    __slots__ = ("_nested", "cache", "depth", "parent")

    def __init__(self, cache: DecodeCache, parent: DecodeState | None) -> None:
        super().__init__(self._read_field, cache.allowance)
        self.cache = cache
        self.parent = self if parent is None else parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self._nested: dict[Any, DecodeState] = {}

    def _read_field(self, field: bytes) -> Transition:
        """Computes the transition of a field; raises RefusedError, KeyError or ValueError if it is not admitted."""
        begin = field.rfind(RUN_END) + 1
        if begin == len(field):
            return self._read_runs(field)
        state, before, _ = self[field[:begin]] if begin else (self, b"", None)
        after, text, key = state.read_text(field[begin:])
        return after, before + text, key

    def _read_runs(self, runs: bytes) -> Transition:
        found = runs.split(RUN_END)[:-1]
        if len(found) == 1:
            return self._read_run(found[0])
        state, output = self, []
        for run in found:
            state, text, _ = state[run + RUN_END]
            output.append(text)
        return state, b"".join(output), None

    def _read_run(self, run: bytes) -> Transition:
        state, output = self, []
        # If text precedes the run, no state admits its bytes as structure.
        for character in run.removeprefix(RUN).decode():
            state, text = state.read_symbol(character)
            output.append(text)
        return state, b"".join(output), None

    def read_symbol(self, character: str) -> tuple[DecodeState, bytes]:
        """The state after one symbol of structure, and its JSON; raises RefusedError or KeyError if not admitted."""
        raise RefusedError

    def read_text(self, text: bytes) -> Transition:
        """The transition of a text with its quotation mark; raises RefusedError or ValueError if it is not admitted."""
        raise RefusedError

    def after_value(self, outcome: int) -> DecodeState:
        """The state after a complete value inside this one."""
        return self

    def nested(self, kind: type[DecodeState], *content: Any) -> DecodeState:
        """The state of a class and content inside this one; equal arguments return the same object."""
        key = (kind, *content)
        if key not in self._nested:
            self.cache.allowance.spend()
            self._nested[key] = kind(self.cache, self, *content)
        return self._nested[key]

    def enter_value(self, start: ValueStart) -> tuple[DecodeState, bytes]:
        """The state at the beginning of a value inside this one, and the JSON that opens it."""
        content = start.contents.get("")
        return (self.nested(_ValueState, start), b"") if content is None else self.enter_content(content)

    def enter_content(self, content: TextRule | ContainerState) -> tuple[DecodeState, bytes]:
        """The state at the beginning of a text, object or array inside this one, and the JSON that opens it."""
        if isinstance(content, TextRule):
            return self.nested(_TextState, content), b'"' if content.is_string else b""
        return self.nested(_MembersState, content, False, False), b"{" if content.is_object else b"["


class _ValueState(DecodeState):
    """Before a value whose first symbol is a constant or announces its kind."""

    __slots__ = ("_start",)

    def __init__(self, cache: DecodeCache, parent: DecodeState, start: ValueStart) -> None:
        super().__init__(cache, parent)
        self._start = start

    def read_symbol(self, character: str) -> tuple[DecodeState, bytes]:
        constant = self._start.constants.get(character)
        if constant is None:
            return self.parent.enter_content(self._start.contents[character])
        value, outcome = constant
        return self.parent.after_value(outcome), orjson.dumps(value)


class _TextState(DecodeState):
    """Before the text of a string or number."""

    __slots__ = ("_rule",)

    def __init__(self, cache: DecodeCache, parent: DecodeState, rule: TextRule) -> None:
        super().__init__(cache, parent)
        self._rule = rule

    def read_text(self, text: bytes) -> Transition:
        rule = self._rule
        if rule.common_outcome is not None:
            # The JSON library checks that this is UTF-8.
            return self.parent.after_value(rule.common_outcome), text, None
        if rule.is_string:
            return self.parent.after_value(rule.outcome(_unescaped(text))), text, None
        digits = text.removesuffix(b'"')
        number = digits.decode()
        outcome = rule.outcome(number)
        if digits == text or (is_integer_text(number) and int(number) not in INTEGERS):
            raise RefusedError
        return self.parent.after_value(outcome), digits, None


class _MembersState(DecodeState):
    """Before the next member or the end of an object or array."""

    __slots__ = ("_has_free_keys", "_has_members", "_rest")

    def __init__(
        self, cache: DecodeCache, parent: DecodeState, rest: ContainerState, has_members: bool, has_free_keys: bool
    ) -> None:
        super().__init__(cache, parent)
        self._rest, self._has_members, self._has_free_keys = rest, has_members, has_free_keys

    def read_symbol(self, character: str) -> tuple[DecodeState, bytes]:
        cache = self.cache
        separator = b"," if self._has_members else b""
        if character == cache.free_key:
            return self.nested(_KeyState, not self._has_free_keys), separator + b'"'
        name = EACH_ITEM if character == cache.item else cache.rules.names.get(character)
        if name is None:
            return self._end(character)
        member = self._rest.members[name]
        if member.prefix != character:
            raise RefusedError
        state, opening = self._after_member(member.rest, self._has_free_keys).enter_value(member.child)
        label = orjson.dumps(name) + b":" if self._rest.is_object else b""
        return state, separator + label + opening

    def _end(self, character: str) -> tuple[DecodeState, bytes]:
        end, outcome = self._rest.end()
        if end != character:
            raise RefusedError
        return self.parent.after_value(outcome), b"}" if self._rest.is_object else b"]"

    def after_value(self, outcome: int) -> DecodeState:
        if not self._rest.needs_outcome:
            return self
        return self._after_member(self._rest.with_outcome(outcome), self._has_free_keys)

    def _after_member(self, rest: ContainerState, has_free_keys: bool) -> DecodeState:
        """The state before `rest`, after at least one member."""
        return self.parent.nested(_MembersState, rest, True, has_free_keys)

    def after_free_key(self, name: str) -> DecodeState:
        """The state after the text of a free key."""
        member = self._rest.members[name]
        if member.free_key is None:
            raise RefusedError
        return self._after_member(member.rest, True).nested(_KeyEndState, member.child)


class _KeyState(DecodeState):
    """Before the text of a free key; `is_first`: whether it is the object's first free key."""

    __slots__ = ("_is_first",)

    parent: _MembersState

    def __init__(self, cache: DecodeCache, parent: DecodeState, is_first: bool) -> None:
        super().__init__(cache, parent)
        self._is_first = is_first

    def read_text(self, text: bytes) -> Transition:
        return self.parent.after_free_key(_unescaped(text)), text, FreeKey(self.depth, text, self._is_first)


class _KeyEndState(DecodeState):
    """After the text of a free key."""

    __slots__ = ("_start",)

    def __init__(self, cache: DecodeCache, parent: DecodeState, start: ValueStart) -> None:
        super().__init__(cache, parent)
        self._start = start

    def read_symbol(self, character: str) -> tuple[DecodeState, bytes]:
        if character != self.cache.key_end:
            raise RefusedError
        state, opening = self.parent.enter_value(self._start)
        return state, b":" + opening


def _unescaped(text: bytes) -> str:
    """The text of JSON bytes that a quotation mark ends; raises ValueError if they are not JSON."""
    found: str = orjson.loads(b'"' + text)
    return found
