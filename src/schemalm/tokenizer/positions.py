"""Where a document stands while it is read: what each run of structure and each text leads to, and writes as JSON.

A position is what encloses it, down to the whole document, and what may come next. Equal ones are one object, so a
corpus has few, and each remembers what its fields did. Fields are those of `fields.py`.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import orjson

from schemalm.grammar.symbols import FREE_KEY, ITEM, KEY_END
from schemalm.regular.numbers import is_integer_text
from schemalm.tokenizer.expansions import ALWAYS, EACH_ITEM, Content, Entry, Expansions, RefusedError, Rest
from schemalm.tokenizer.fields import RUN, RUN_END

# Positions of a grammar and fields at them that are remembered, and the longest field.
MAX_REMEMBERED = 50_000
MAX_REMEMBERED_LENGTH = 200
# Integers that the JSON library reads as such.
INTEGERS = range(-(2**63), 2**64)

# Where a field leads, the JSON that it writes, and the free key that it ends with.
Reached: TypeAlias = "tuple[Position, bytes, FreeKey | None]"


class FreeKey(NamedTuple):
    """A free key of an object at a depth; `is_first`: of those that the object has."""

    depth: int
    text: bytes
    is_first: bool


class Positions:
    """The positions of a grammar, as far as documents have met them; `end`: after a whole document."""

    def __init__(self, expansions: Expansions) -> None:
        characters, ids = expansions.characters, expansions.ids
        self.expansions = expansions
        self.item, self.free_key, self.key_end = (characters[ids[symbol]] for symbol in (ITEM, FREE_KEY, KEY_END))
        self.num_remembered = 0
        self.end = Position(self, None)
        self.start = self.end.enter(expansions.start)

    @property
    def is_full(self) -> bool:
        """Whether so much is remembered that it is time to begin anew."""
        return self.num_remembered > MAX_REMEMBERED


class Position(dict[bytes, Reached]):
    """What each field leads to and writes; this class itself is the end of a document."""

    __slots__ = ("_nested", "above", "depth", "positions")

    def __init__(self, positions: Positions, above: Position | None) -> None:
        self.positions = positions
        self.above = self if above is None else above
        self.depth: int = 0 if above is None else above.depth + 1
        self._nested: dict[Any, Position] = {}

    def __missing__(self, field: bytes) -> Reached:
        """Reads a field for the first time; raises RefusedError, KeyError or ValueError where it may not come."""
        begin = field.rfind(RUN_END) + 1
        found = self._follow(field) if begin == len(field) else self._read(field[:begin], field[begin:])
        if len(field) <= MAX_REMEMBERED_LENGTH and not self.positions.is_full:
            self.positions.num_remembered += 1
            self[field] = found
        return found

    def _follow(self, runs: bytes) -> Reached:
        found = runs.split(RUN_END)[:-1]
        if len(found) == 1:
            return self._walk(found[0])
        position, pieces = self, []
        for run in found:
            position, piece, _ = position[run + RUN_END]
            pieces.append(piece)
        return position, b"".join(pieces), None

    def _walk(self, run: bytes) -> Reached:
        position, pieces = self, []
        # Where a text precedes the run, its bytes are steps that nothing admits.
        for character in run.removeprefix(RUN).decode():
            position, piece = position.step(character)
            pieces.append(piece)
        return position, b"".join(pieces), None

    def _read(self, runs: bytes, text: bytes) -> Reached:
        position, before, _ = self[runs] if runs else (self, b"", None)
        after, piece, key = position.read(text)
        return after, before + piece, key

    def step(self, character: str) -> tuple[Position, bytes]:
        """What one symbol of structure leads to and writes."""
        raise RefusedError

    def read(self, text: bytes) -> Reached:
        """What a text leads to and writes; a quotation mark ends it."""
        raise RefusedError

    def ended(self, outcome: int) -> Position:
        """The position after a whole value inside this one."""
        return self

    def nested(self, kind: type[Position], *content: Any) -> Position:
        """The position inside this one that has such content."""
        key = (kind, *content)
        if key not in self._nested:
            self.positions.num_remembered += 1
            self._nested[key] = kind(self.positions, self, *content)
        return self._nested[key]

    def enter(self, entry: Entry) -> tuple[Position, bytes]:
        """Begins a value inside this position."""
        content = entry.contents.get("")
        return (self.nested(_Value, entry), b"") if content is None else self.open(content)

    def open(self, content: Content | Rest) -> tuple[Position, bytes]:
        """Begins a text, an object or an array inside this position."""
        if isinstance(content, Content):
            return self.nested(_Text, content), b'"' if content.is_string else b""
        return self.nested(_Members, content, False, False), b"[" if content.ranks is None else b"{"


class _Value(Position):
    """Before a value whose first symbol says what it is."""

    __slots__ = ("_entry",)

    def __init__(self, positions: Positions, above: Position, entry: Entry) -> None:
        super().__init__(positions, above)
        self._entry = entry

    def step(self, character: str) -> tuple[Position, bytes]:
        constant = self._entry.constants.get(character)
        if constant is None:
            return self.above.open(self._entry.contents[character])
        value, outcome = constant
        return self.above.ended(outcome), orjson.dumps(value)


class _Text(Position):
    """Before the text of a string or number."""

    __slots__ = ("_content",)

    def __init__(self, positions: Positions, above: Position, content: Content) -> None:
        super().__init__(positions, above)
        self._content = content

    def read(self, text: bytes) -> Reached:
        outcomes = self._content.outcomes
        if outcomes is ALWAYS:
            # Whether this is UTF-8 turns out when the JSON is read.
            return self.above.ended(1), text, None
        if self._content.is_string:
            return self.above.ended(outcomes[_unescaped(text)]), text, None
        digits = text.removesuffix(b'"')
        number = digits.decode()
        outcome = outcomes[number]
        if digits == text or (is_integer_text(number) and int(number) not in INTEGERS):
            raise RefusedError
        return self.above.ended(outcome), digits, None


class _Members(Position):
    """Before the next member or the end of an object or array."""

    __slots__ = ("_has_free_keys", "_is_filled", "_rest")

    def __init__(self, positions: Positions, above: Position, rest: Rest, is_filled: bool, has_free_keys: bool) -> None:
        super().__init__(positions, above)
        self._rest = rest
        self._is_filled = is_filled
        self._has_free_keys = has_free_keys

    def step(self, character: str) -> tuple[Position, bytes]:
        positions = self.positions
        separator = b"," if self._is_filled else b""
        if character == positions.free_key:
            return self.nested(_Key, not self._has_free_keys), separator + b'"'
        name = EACH_ITEM if character == positions.item else positions.expansions.names.get(character)
        if name is None:
            return self._end(character)
        member = self._rest.members[name]
        if member.prefix != character:
            raise RefusedError
        position, piece = self.continued(member.rest, self._has_free_keys).enter(member.child)
        label = b"" if self._rest.ranks is None else orjson.dumps(name) + b":"
        return position, separator + label + piece

    def _end(self, character: str) -> tuple[Position, bytes]:
        end, outcome = self._rest.end()
        if end != character:
            raise RefusedError
        return self.above.ended(outcome), b"]" if self._rest.ranks is None else b"}"

    def ended(self, outcome: int) -> Position:
        return self.continued(self._rest.settled(outcome), self._has_free_keys) if self._rest.needs_outcome else self

    def continued(self, rest: Rest, has_free_keys: bool) -> Position:
        """The position after one more member, before `rest`."""
        return self.above.nested(_Members, rest, True, has_free_keys)

    def free_member(self, name: str) -> Position:
        """The position after the text of a free key."""
        member = self._rest.members[name]
        if member.free_key is None:
            raise RefusedError
        return self.continued(member.rest, True).nested(_KeyEnd, member.child)


class _Key(Position):
    """Before the text of a free key; `is_first`: of an object that has none yet."""

    __slots__ = ("_is_first",)

    above: _Members

    def __init__(self, positions: Positions, above: Position, is_first: bool) -> None:
        super().__init__(positions, above)
        self._is_first = is_first

    def read(self, text: bytes) -> Reached:
        return self.above.free_member(_unescaped(text)), text, FreeKey(self.depth, text, self._is_first)


class _KeyEnd(Position):
    """After the text of a free key."""

    __slots__ = ("_entry",)

    def __init__(self, positions: Positions, above: Position, entry: Entry) -> None:
        super().__init__(positions, above)
        self._entry = entry

    def step(self, character: str) -> tuple[Position, bytes]:
        if character != self.positions.key_end:
            raise RefusedError
        position, piece = self.above.enter(self._entry)
        return position, b":" + piece


def _unescaped(text: bytes) -> str:
    """The text that a field ends with; raises ValueError where it is none."""
    found: str = orjson.loads(b'"' + text)
    return found
