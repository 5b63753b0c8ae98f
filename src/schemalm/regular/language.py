"""Regular languages of byte strings, as expressions with derivatives.

Expressions are built from byte sets by concatenation, union, repetition, intersection and complement. The constructor
functions normalize (associativity, commutativity, idempotence), so that an expression has finitely many derivatives;
each class says what its derivatives and its shortest texts are. Source: Brzozowski, "Derivatives of regular
expressions" (1964); byte classes after Owens, Reppy and Turon, "Regular-expression derivatives re-examined" (2009).
Ranges of characters become UTF-8 in `utf8.py`; text patterns are parsed in `pattern.py`; `automaton.py` reads texts.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

ALL_BYTES = (1 << 256) - 1
PREFERRED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ "
BYTE_RANKS = {byte: rank for rank, byte in enumerate([*PREFERRED, *(b for b in range(256) if b not in PREFERRED)])}
# More words than these are kept in one table.
MAX_WORDS = 256
# The bytes that continue a character of UTF-8, and those that begin one.
CONTINUATIONS = (1 << 0xC0) - (1 << 0x80)
# Bit masks of disjoint byte sets that together are all bytes.
Partition = tuple[int, ...]
# A modulus, a remainder, and a least number of digits.
Congruence = tuple[int, int, int]
# Least and largest number of something; None for no bound.
Lengths = tuple[int, int | None]


class Language:
    """A node of an expression: class and `parts` are its identity.

    nullable: whether it holds the empty string; is_plain: whether it is free of intersections, complements and
    arithmetic, and so holds something unless it is `NOTHING`; is_computed: whether there is arithmetic in it.
    """

    __slots__ = ("_hash", "is_computed", "is_plain", "nullable", "parts")
    # Whether the class itself allows an expression to be plain.
    plain = True
    # Whether the class is arithmetic.
    computed = False
    is_plain: bool
    is_computed: bool

    def __init__(self, nullable: bool, *parts: object) -> None:
        self.nullable = nullable
        self.parts: tuple[Any, ...] = parts
        self.is_plain = self.plain and all(part.is_plain for part in self.operands())
        self.is_computed = self.computed or any(part.is_computed for part in self.operands())
        self._hash = hash((type(self).__qualname__, parts))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and self._hash == other._hash and self.parts == other.parts

    def operands(self) -> tuple[Language, ...]:
        """The expressions that this one is made of."""
        return ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """What may follow once `byte` has been read; `memo` as for `derivative`."""
        return NOTHING

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """A partition of the bytes into sets with equal derivatives; `memo` as for `byte_classes`."""
        return (ALL_BYTES,)

    def least(self, memo: dict[Language, int]) -> int:
        """The bytes of the shortest text, where it is not empty, or no more than these; `memo` as for `shortest`."""
        return 0

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """A text that it holds, of a plain expression a shortest one; None where none is seen; `memo` as above."""
        return b"" if self.nullable else None

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """How many characters the texts have; `memo` as for `lengths`."""
        return 0, None

    def told(self) -> str:
        """What tells it apart from other expressions, its operands aside."""
        if self.operands():
            return f"{type(self).__name__} {self.parts[1:]}"
        return f"{type(self).__name__} {[part for part in self.parts if not isinstance(part, Language)]}"


# What derivatives and equal expressions have been found, by expression and byte.
Derivatives = dict[tuple[Language, int], Language]
# Stands in the place of a byte for an expression itself.
SAME = -1


class ByteSet(Language):
    """One byte out of a set; parts: (bit mask of 256 bits,)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The empty string, after a byte of the set."""
        return EMPTY if self.parts[0] >> byte & 1 else NOTHING

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The set and all other bytes."""
        return _split(self.parts[0])

    def least(self, memo: dict[Language, int]) -> int:
        """One byte."""
        return 1

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The most readable byte."""
        mask = self.parts[0]
        return bytes([min((byte for byte in range(256) if mask >> byte & 1), key=BYTE_RANKS.__getitem__)])

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """One where the bytes begin a character."""
        count = 1 if self.parts[0] & ~CONTINUATIONS else 0
        return count, count


class Empty(Language):
    """The empty string alone."""

    __slots__ = ()

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """None."""
        return 0, 0


class Words(Language):
    """One of several byte strings, not the empty one alone; parts: (sorted tuple,)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the strings that begin with the byte."""
        return words(text[1:] for text in self.parts[0] if text and text[0] == byte)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Every byte that a string begins with, and all others."""
        first = [1 << byte for byte in sorted({text[0] for text in self.parts[0] if text})]
        others = ALL_BYTES & ~sum(first)
        return (*first, others) if others else tuple(first)

    def least(self, memo: dict[Language, int]) -> int:
        """Of the shortest string."""
        return min(map(len, self.parts[0]))

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The shortest string."""
        text: bytes = min(self.parts[0], key=len)
        return text

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """Of the strings with the fewest and with the most."""
        return _characters_of(self.parts[0])


class WordList(Language):
    """Like `Words`, for many of them; parts: (the table that they are in, first, last + 1, bytes that were read).

    What may follow is found by halving the table, which lists all strings in order.
    """

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the strings that go on with the byte."""
        table, first, last, num_read = self.parts
        prefix = table.texts[first][:num_read]
        begin = bisect_left(table.texts, prefix + bytes([byte]), first, last)
        end = bisect_left(table.texts, prefix + bytes([byte + 1]), begin, last) if byte < 0xFF else last
        return _word_list(table, begin, end, num_read + 1)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Every byte that a string goes on with, and all others."""
        table, first, last, num_read = self.parts
        prefix, found = table.texts[first][:num_read], []
        first += len(table.texts[first]) == num_read
        while first < last:
            byte = table.texts[first][num_read]
            found.append(1 << byte)
            first = bisect_left(table.texts, prefix + bytes([byte + 1]), first, last) if byte < 0xFF else last
        others = ALL_BYTES & ~sum(found)
        return (*found, others) if others else tuple(found)

    def rests(self) -> tuple[bytes, ...]:
        """What is left of the strings."""
        table, first, last, num_read = self.parts
        return tuple(text[num_read:] for text in table.texts[first:last])

    def least(self, memo: dict[Language, int]) -> int:
        """Of the shortest string."""
        table, first, last, num_read = self.parts
        return min(map(len, table.texts[first:last])) - int(num_read)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The shortest string."""
        return min(self.rests(), key=len)

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """Of the strings with the fewest and with the most."""
        return _characters_of(self.rests())

    def told(self) -> str:
        """What tells `Words` of the same strings apart."""
        return f"{Words.__name__} {[self.rests()]}"


class WordTable:
    """Byte strings in ascending order, each once; equal to itself alone."""

    __slots__ = ("texts",)

    def __init__(self, texts: tuple[bytes, ...]) -> None:
        self.texts = texts


class AnyText(Language):
    """Every text of valid UTF-8; parts: (one character,)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the character, and any text after it."""
        return sequence(derivative(self.parts[0], byte, memo), self)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Those of one character."""
        return byte_classes(self.parts[0], memo)


class Sequence(Language):
    """A concatenation; parts: (tuple of at least two languages,)."""

    __slots__ = ()

    def operands(self) -> tuple[Language, ...]:
        """What comes one after the other."""
        parts: tuple[Language, ...] = self.parts[0]
        return parts

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the first part and all others; or of a later one, where those before may be empty."""
        parts = self.operands()
        moved = []
        for index, part in enumerate(parts):
            moved.append(sequence(derivative(part, byte, memo), *parts[index + 1 :]))
            if not part.nullable:
                break
        return union(moved)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Those of every part that a text may begin with."""
        parts = self.operands()
        last = next((index for index, part in enumerate(parts) if not part.nullable), len(parts) - 1)
        return meet([byte_classes(part, memo) for part in parts[: last + 1]])

    def least(self, memo: dict[Language, int]) -> int:
        """Of all parts together."""
        return sum(shortest(part, memo) for part in self.operands())

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """One of each part."""
        texts = [b"" if part.nullable else part.example(memo) for part in self.operands()]
        return None if None in texts else b"".join(text for text in texts if text)

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """Of all parts together."""
        bounds = [lengths(part, memo) for part in self.operands()]
        highs = [high for _, high in bounds if high is not None]
        return sum(low for low, _ in bounds), sum(highs) if len(highs) == len(bounds) else None


class Connective(Language):
    """A union or intersection; parts: (frozenset of languages,), whose order is that in which they were met."""

    __slots__ = ("_ordered",)

    def __init__(self, nullable: bool, ordered: Iterable[Language]) -> None:
        self._ordered = tuple(ordered)
        super().__init__(nullable, frozenset(self._ordered))

    def operands(self) -> tuple[Language, ...]:
        """The languages, in an order that is the same in every process."""
        return self._ordered


class Union(Connective):
    """All texts of some languages."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """Those of the alternatives."""
        return union(derivative(part, byte, memo) for part in self._ordered)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Those of all alternatives."""
        return meet([byte_classes(part, memo) for part in self._ordered])

    def least(self, memo: dict[Language, int]) -> int:
        """Of the shortest alternative."""
        return min(shortest(part, memo) for part in self._ordered)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """Of the first alternative that shows one, the shorter ones first."""
        ordered = sorted(self._ordered, key=lambda part: shortest(part, memo))
        return next((text for part in ordered if (text := part.example(memo)) is not None), None)

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """Of the alternatives with the fewest and with the most."""
        bounds = [lengths(part, memo) for part in self._ordered]
        highs = [high for _, high in bounds if high is not None]
        return min(low for low, _ in bounds), max(highs) if len(highs) == len(bounds) else None


class Intersection(Connective):
    """The texts that some languages have in common; those that say what it is stand before those that say what not."""

    __slots__ = ()
    plain = False

    def __init__(self, nullable: bool, ordered: Iterable[Language]) -> None:
        super().__init__(nullable, sorted(ordered, key=_is_complement))

    def after(self, byte: int, memo: Derivatives) -> Language:
        """Those of all languages together."""
        return intersection(derivative(part, byte, memo) for part in self.operands())

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Those of all languages."""
        return meet([byte_classes(part, memo) for part in self._ordered])

    def least(self, memo: dict[Language, int]) -> int:
        """No less than any of the languages asks for."""
        return max(shortest(part, memo) for part in self._ordered)


class Repetition(Language):
    """parts: (repeated, minimum, maximum or None)."""

    __slots__ = ()

    def operands(self) -> tuple[Language, ...]:
        """What is repeated."""
        return self.parts[:1]

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of one repetition, and one repetition fewer."""
        part, minimum, maximum = self.parts
        rest = repeat(part, max(0, minimum - 1), None if maximum is None else maximum - 1)
        return sequence(derivative(part, byte, memo), rest)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Those of what is repeated."""
        return byte_classes(self.parts[0], memo)

    def least(self, memo: dict[Language, int]) -> int:
        """As many times as must be."""
        part, minimum, _ = self.parts
        return shortest(part, memo) * int(minimum)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The same one as many times as must be."""
        part, minimum, _ = self.parts
        text = part.example(memo) if minimum else b""
        return None if text is None else text * int(minimum)

    def characters(self, memo: dict[Language, Lengths]) -> Lengths:
        """As many times as must be, and as may be."""
        part, minimum, maximum = self.parts
        low, high = lengths(part, memo)
        return low * minimum, None if high is None or maximum is None else high * maximum


class Complement(Language):
    """Every byte string that is not in its one part."""

    __slots__ = ()
    plain = False

    def operands(self) -> tuple[Language, ...]:
        """What is left out."""
        return self.parts

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The complement of what may follow in the part."""
        return complement(derivative(self.parts[0], byte, memo))

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """Those of the part."""
        return byte_classes(self.parts[0], memo)


def _is_complement(language: Language) -> bool:
    return isinstance(language, Complement)


class Computed(Language):
    """A language that arithmetic decides: `parts` are its state, all numbers, and subclasses say what may follow."""

    __slots__ = ()
    plain = False
    computed = True

    def congruence(self) -> Congruence | None:
        """A modulus m, a remainder r and a least n: n digits d or more end a text if m divides r * 10 ** n + d."""
        return None


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
    # Before any text, a text that may be empty says nothing.
    while len(flat) > 1 and isinstance(flat[-1], AnyText) and flat[-2].nullable and flat[-2].is_plain:
        del flat[-2]
    if not flat:
        return EMPTY
    return flat[0] if len(flat) == 1 else Sequence(all(part.nullable for part in flat), tuple(flat))


def union(parts: Iterable[Language]) -> Language:
    """The languages of `parts` together."""
    unique: dict[Language, None] = {}
    mask = 0
    for part in parts:
        for leaf in part.operands() if isinstance(part, Union) else (part,):
            if leaf == EVERYTHING:
                return EVERYTHING
            if isinstance(leaf, ByteSet):
                mask |= leaf.parts[0]
            else:
                unique[leaf] = None
    if mask:
        unique[byte_set(mask)] = None
    if any(isinstance(part, AnyText) for part in unique):
        unique = {part: None for part in unique if isinstance(part, AnyText) or not part.is_plain}
    if len(unique) < 2:
        return next(iter(unique), NOTHING)
    return Union(any(part.nullable for part in unique), unique)


def intersection(parts: Iterable[Language]) -> Language:
    """What all of `parts` have in common."""
    unique: dict[Language, None] = {}
    excluded: list[Language] = []
    for part in parts:
        if part == NOTHING:
            return NOTHING
        for leaf in part.operands() if isinstance(part, Intersection) else (part,):
            if isinstance(leaf, Complement):
                excluded.append(leaf.parts[0])
            else:
                unique[leaf] = None
    if excluded:
        ruled_out = union(excluded)
        alternatives = ruled_out.operands() if isinstance(ruled_out, Union) else ()
        if not unique.keys().isdisjoint([ruled_out, *excluded, *alternatives]):
            return NOTHING
        unique[complement(ruled_out)] = None
        unique.pop(EVERYTHING, None)
    if any(part.is_plain and not isinstance(part, AnyText) for part in unique):
        unique = {part: None for part in unique if not isinstance(part, AnyText)}
    if EMPTY in unique:
        return EMPTY if all(part.nullable for part in unique) else NOTHING
    if len(unique) < 2:
        return next(iter(unique), EVERYTHING)
    return Intersection(all(part.nullable for part in unique), unique)


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
    if minimum == 0 and maximum is None and part == ANY_CHARACTER:
        return ANY_TEXT
    return Repetition(minimum == 0, part, minimum, maximum)


def literal(text: bytes) -> Language:
    """Exactly these bytes."""
    return Words(False, (text,)) if text else EMPTY


def words(texts: Iterable[bytes]) -> Language:
    """Exactly these byte strings."""
    listed = tuple(sorted(set(texts)))
    return _word_list(WordTable(listed), 0, len(listed), 0)


def _word_list(table: WordTable, first: int, last: int, num_read: int) -> Language:
    """The rests of strings `first` up to `last` of a table, of which as many bytes have been read."""
    if last - first > MAX_WORDS:
        return WordList(len(table.texts[first]) == num_read, table, first, last, num_read)
    rests = tuple(text[num_read:] for text in table.texts[first:last])
    if len(rests) < 2:
        return literal(rests[0]) if rests else NOTHING
    return Words(rests[0] == b"", rests)


def _characters_of(texts: Iterable[bytes]) -> Lengths:
    counts = [len(text) if text.isascii() else sum(not CONTINUATIONS >> byte & 1 for byte in text) for text in texts]
    return min(counts), max(counts)


def byte_range(low: int, high: int) -> Language:
    """One byte from `low` to `high`."""
    return ByteSet(False, (1 << (high + 1)) - (1 << low))


def _any_character() -> Language:
    """UTF-8, by the first byte (RFC 3629, section 4)."""
    tail = byte_range(0x80, 0xBF)
    beginnings = (
        (byte_range(0x00, 0x7F),),
        (byte_range(0xC2, 0xDF), tail),
        (byte_range(0xE0, 0xE0), byte_range(0xA0, 0xBF), tail),
        (byte_range(0xE1, 0xEC), tail, tail),
        (byte_range(0xED, 0xED), byte_range(0x80, 0x9F), tail),
        (byte_range(0xEE, 0xEF), tail, tail),
        (byte_range(0xF0, 0xF0), byte_range(0x90, 0xBF), tail, tail),
        (byte_range(0xF1, 0xF3), tail, tail, tail),
        (byte_range(0xF4, 0xF4), byte_range(0x80, 0x8F), tail, tail),
    )
    return union(sequence(*parts) for parts in beginnings)


ANY_CHARACTER = _any_character()
ANY_TEXT = AnyText(True, ANY_CHARACTER)


def derivative(language: Language, byte: int, memo: Derivatives) -> Language:
    """What may follow once `byte` has been read; `memo` keeps what was found before."""
    key = (language, byte)
    if key not in memo:
        result = language.after(byte, memo)
        # Equal results become one object, so that comparing expressions made of them is quick.
        memo[key] = memo.setdefault((result, SAME), result)
    return memo[key]


def shortest(language: Language, memo: dict[Language, int]) -> int:
    """The bytes of the shortest text of a plain expression other than `NOTHING`; of others, no more than these."""
    if language.nullable:
        return 0
    if language not in memo:
        memo[language] = language.least(memo)
    return memo[language]


def lengths(language: Language, memo: dict[Language, Lengths]) -> Lengths:
    """The least and the largest number of characters in a text of a plain expression; None for no bound."""
    if language not in memo:
        memo[language] = language.characters(memo)
    return memo[language]


def byte_classes(language: Language, memo: dict[Language, Partition]) -> Partition:
    """A partition of the bytes into sets with equal derivatives, as bit masks; `memo` keeps what was found before."""
    if language not in memo:
        memo[language] = language.classes(memo)
    return memo[language]


def _split(mask: int) -> Partition:
    return tuple(part for part in (mask, ALL_BYTES & ~mask) if part)


def meet(partitions: Iterable[Partition]) -> Partition:
    """The coarsest partition that refines all of `partitions`."""
    return _meet(frozenset(partitions))


@lru_cache(maxsize=4096)
def _meet(partitions: frozenset[Partition]) -> Partition:
    result: Partition = (ALL_BYTES,)
    for partition in partitions:
        result = tuple(a & b for a in result for b in partition if a & b)
    return result


def digest(language: Language, memo: dict[Language, str]) -> str:
    """A name of the expression that is the same in every process: 16 hexadecimal digits."""
    if language not in memo:
        inner = [digest(part, memo) for part in language.operands()]
        names = sorted(inner) if isinstance(language, Union | Intersection) else inner
        content = f"{language.told()} {names}"
        memo[language] = hashlib.sha256(content.encode()).hexdigest()[:16]
    return memo[language]
