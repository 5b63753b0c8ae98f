"""Regular languages of byte strings, as expressions with derivatives.

Expressions are built from byte sets by concatenation, union, repetition, intersection and complement. The constructor
functions normalize (associativity, commutativity, idempotence), so that an expression has finitely many
derivatives. Source: Brzozowski, "Derivatives of regular expressions" (1964); byte classes after Owens, Reppy and
Turon, "Regular-expression derivatives re-examined" (2009). Code points become UTF-8 byte sequences here; text
patterns are parsed in `pattern.py`; automata are built in `automaton.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ALL_BYTES = (1 << 256) - 1
MAX_CODE_POINT = 0x10FFFF


class Language:
    """A node of an expression: class and `parts` are its identity; `nullable`: whether it holds the empty string."""

    __slots__ = ("_hash", "nullable", "parts")

    def __init__(self, nullable: bool, *parts: object) -> None:
        self.nullable = nullable
        self.parts: tuple[Any, ...] = parts
        self._hash = hash((type(self).__qualname__, parts))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and self._hash == other._hash and self.parts == other.parts


class ByteSet(Language):
    """One byte out of a set; parts: (bit mask of 256 bits,)."""

    __slots__ = ()


class Empty(Language):
    """The empty string alone."""

    __slots__ = ()


class Literal(Language):
    """Exactly these bytes, at least one; parts: (bytes,)."""

    __slots__ = ()


class Sequence(Language):
    """A concatenation; parts: (tuple of at least two languages,)."""

    __slots__ = ()


class Union(Language):
    """parts: (frozenset of languages,)."""

    __slots__ = ()


class Intersection(Language):
    """parts: (frozenset of languages,)."""

    __slots__ = ()


class Repetition(Language):
    """parts: (repeated, minimum, maximum or None)."""

    __slots__ = ()


class Complement(Language):
    """Every byte string that is not in its one part."""

    __slots__ = ()


NOTHING = ByteSet(False, 0)
EMPTY = Empty(True)
EVERYTHING = Complement(True, NOTHING)


def byte_set(mask: int) -> Language:
    """One byte out of the set bits of `mask`."""
    return ByteSet(False, mask)


def sequence(*parts: Language) -> Language:
    """The concatenation of `parts`."""
    flat: list[Language] = []
    for part in parts:
        if part == NOTHING:
            return NOTHING
        if part != EMPTY:
            flat.extend(part.parts[0] if isinstance(part, Sequence) else (part,))
    if not flat:
        return EMPTY
    return flat[0] if len(flat) == 1 else Sequence(all(part.nullable for part in flat), tuple(flat))


def union(parts: Iterable[Language]) -> Language:
    """The languages of `parts` together."""
    unique: set[Language] = set()
    mask = 0
    for part in parts:
        for leaf in part.parts[0] if isinstance(part, Union) else (part,):
            if leaf == EVERYTHING:
                return EVERYTHING
            if isinstance(leaf, ByteSet):
                mask |= leaf.parts[0]
            else:
                unique.add(leaf)
    if mask:
        unique.add(byte_set(mask))
    if not unique:
        return NOTHING
    if len(unique) == 1:
        return unique.pop()
    return Union(any(part.nullable for part in unique), frozenset(unique))


def intersection(parts: Iterable[Language]) -> Language:
    """What all of `parts` have in common."""
    unique: set[Language] = set()
    for part in parts:
        for leaf in part.parts[0] if isinstance(part, Intersection) else (part,):
            if leaf == NOTHING:
                return NOTHING
            if leaf != EVERYTHING:
                unique.add(leaf)
    if not unique:
        return EVERYTHING
    if len(unique) == 1:
        return unique.pop()
    return Intersection(all(part.nullable for part in unique), frozenset(unique))


def complement(part: Language) -> Language:
    """Every byte string that `part` does not hold."""
    if isinstance(part, Complement):
        inner: Language = part.parts[0]
        return inner
    return Complement(not part.nullable, part)


def repeat(part: Language, minimum: int, maximum: int | None) -> Language:
    """Between `minimum` and `maximum` repetitions; no upper bound where `maximum` is None."""
    if maximum == 0 or part in (EMPTY, NOTHING):
        return NOTHING if part == NOTHING and minimum > 0 else EMPTY
    if minimum == maximum == 1:
        return part
    minimum = 0 if part.nullable else minimum
    return Repetition(minimum == 0, part, minimum, maximum)


def literal(text: bytes) -> Language:
    """Exactly these bytes."""
    return Literal(False, text) if text else EMPTY


Derivatives = dict[tuple[Language, int], Language]


def derivative(language: Language, byte: int, memo: Derivatives) -> Language:
    """What may follow once `byte` has been read; `memo` keeps what was found before."""
    key = (language, byte)
    if key not in memo:
        memo[key] = _derivative(language, byte, memo)
    return memo[key]


def _derivative(language: Language, byte: int, memo: Derivatives) -> Language:
    parts = language.parts
    if isinstance(language, Sequence):
        return _sequence_derivative(parts[0], byte, memo)
    if isinstance(language, Repetition):
        part, minimum, maximum = parts
        rest = repeat(part, max(0, minimum - 1), None if maximum is None else maximum - 1)
        return sequence(derivative(part, byte, memo), rest)
    if isinstance(language, Union | Intersection):
        join = union if isinstance(language, Union) else intersection
        return join([derivative(part, byte, memo) for part in parts[0]])
    if isinstance(language, Complement):
        return complement(derivative(parts[0], byte, memo))
    if isinstance(language, Literal):
        return literal(parts[0][1:]) if parts[0][0] == byte else NOTHING
    return EMPTY if isinstance(language, ByteSet) and parts[0] >> byte & 1 else NOTHING


def _sequence_derivative(parts: tuple[Language, ...], byte: int, memo: Derivatives) -> Language:
    moved = []
    for index, part in enumerate(parts):
        moved.append(sequence(derivative(part, byte, memo), *parts[index + 1 :]))
        if not part.nullable:
            break
    return union(moved)


def size(language: Language, memo: dict[Language, int]) -> int:
    """How many nodes the expression has, written out as a tree."""
    if language not in memo:
        inner = language.parts[0] if isinstance(language, Sequence | Union | Intersection) else language.parts[:1]
        memo[language] = 1 + sum(size(part, memo) for part in inner if isinstance(part, Language))
    return memo[language]


Partition = tuple[int, ...]


def byte_classes(language: Language, memo: dict[Language, Partition]) -> Partition:
    """A partition of the bytes into sets with equal derivatives, as bit masks."""
    if language in memo:
        return memo[language]
    parts: tuple[Any, ...] = language.parts
    if isinstance(language, ByteSet):
        result = _split(parts[0])
    elif isinstance(language, Literal):
        result = _split(1 << parts[0][0])
    elif isinstance(language, Empty):
        result = (ALL_BYTES,)
    elif isinstance(language, Sequence):
        last = next((i for i, part in enumerate(parts[0]) if not part.nullable), len(parts[0]) - 1)
        result = meet([byte_classes(part, memo) for part in parts[0][: last + 1]])
    elif isinstance(language, Repetition | Complement):
        result = byte_classes(parts[0], memo)
    else:
        result = meet([byte_classes(part, memo) for part in parts[0]])
    memo[language] = result
    return result


def _split(mask: int) -> Partition:
    return tuple(part for part in (mask, ALL_BYTES & ~mask) if part)


def meet(partitions: Iterable[Partition]) -> Partition:
    """The coarsest partition that refines all of `partitions`."""
    result: Partition = (ALL_BYTES,)
    for partition in set(partitions):
        result = tuple(a & b for a in result for b in partition if a & b)
    return result


def code_points(ranges: Iterable[tuple[int, int]]) -> Language:
    """One character out of inclusive code point ranges, as its UTF-8 bytes; surrogates are left out."""
    return union(_utf8_range(low, high) for low, high in _without_surrogates(ranges) if low <= high)


def _without_surrogates(ranges: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    for low, high in ranges:
        yield low, min(high, 0xD7FF)
        yield max(low, 0xE000), high


def _utf8_range(low: int, high: int) -> Language:
    """UTF-8 sequences of the code points low..high, split so that every piece is a product of byte ranges."""
    for limit in (0x7F, 0x7FF, 0xFFFF):
        if low <= limit < high:
            return union([_utf8_range(low, limit), _utf8_range(limit + 1, high)])
    if high <= 0x7F:
        return byte_set(_mask(low, high))
    for bits in (6, 12, 18):
        block = (1 << bits) - 1
        if low & ~block == high & ~block:
            continue
        if low & block:
            return union([_utf8_range(low, low | block), _utf8_range((low | block) + 1, high)])
        if high & block != block:
            return union([_utf8_range(low, (high & ~block) - 1), _utf8_range(high & ~block, high)])
    first, last = chr(low).encode(), chr(high).encode()
    return sequence(*(byte_set(_mask(a, b)) for a, b in zip(first, last, strict=True)))


def _mask(low: int, high: int) -> int:
    return (1 << (high + 1)) - (1 << low)


ANY_CHARACTER = code_points([(0, MAX_CODE_POINT)])
ANY_TEXT = repeat(ANY_CHARACTER, 0, None)
