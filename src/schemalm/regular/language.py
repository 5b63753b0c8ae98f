"""Regular languages of byte strings, as expressions with derivatives.

Expressions are built from byte sets by concatenation, union, repetition, intersection and complement. The constructor
functions normalize (associativity, commutativity, idempotence), so an expression has finitely many derivatives. Each
class defines its derivatives and its shortest texts. Sources: Brzozowski, "Derivatives of regular expressions" (1964);
for byte classes, Owens, Reppy and Turon, "Regular-expression derivatives re-examined" (2009).
`words.py` adds finite sets of strings, `utf8.py` ranges of characters, `pattern.py` regular expressions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

ALL_BYTES = (1 << 256) - 1
PREFERRED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ "
BYTE_RANKS = {byte: rank for rank, byte in enumerate([*PREFERRED, *(b for b in range(256) if b not in PREFERRED)])}
# Bytes that continue a UTF-8 character, as a bit mask.
CONTINUATIONS = (1 << 0xC0) - (1 << 0x80)
# Disjoint byte sets that together cover all bytes, as bit masks.
Partition = tuple[int, ...]
# A modulus, a remainder and a minimum number of digits.
Congruence = tuple[int, int, int]
# A minimum and a maximum; None: no maximum.
Bounds = tuple[int, int | None]


class Language:
    """A node of an expression; its class and `parts` are its identity.

    nullable: whether the language contains the empty string. is_plain: whether the expression has no intersection, no
    complement and no arithmetic; a plain language is not empty unless it is `NOTHING`. is_computed: whether the
    expression has arithmetic.
    """

    __slots__ = ("_hash", "is_computed", "is_plain", "nullable", "parts")
    # Whether an expression of this class can be plain.
    plain = True
    # Whether this class is arithmetic.
    computed = False
    # Whether a derivative costs less than the classes of bytes.
    has_cheap_steps = False
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

    @property
    def slot(self) -> Any:
        """What a text writes next, if that has to be compared with other parts of a document, else None."""
        return None

    @property
    def slot_needs(self) -> int:
        """A byte that every text has before it reaches a slot; 0 if none is known."""
        return 0

    def operands(self) -> tuple[Language, ...]:
        """The expressions that this one is built from."""
        return ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The derivative by `byte`: what may follow that byte; `memo` as for `derivative`."""
        return NOTHING

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """A partition of the bytes into sets with equal derivatives; `memo` as for `byte_classes`."""
        return (ALL_BYTES,)

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The length of the shortest text in bytes, or a lower bound, if the language is not nullable."""
        return 0

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """Return a text of the language, a shortest one if it is plain; None if none is found without a search."""
        return b"" if self.nullable else None

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """The minimum and maximum number of characters in a text; `memo` as for the function `character_bounds`."""
        return 0, None

    def told(self) -> str:
        """The text that `digest` hashes for this node; it leaves out the operands.

        Labels in tokenizer files contain digests, so renaming a class changes them.
        """
        if self.operands():
            return f"{type(self).__name__} {self.parts[1:]}"
        return f"{type(self).__name__} {[part for part in self.parts if not isinstance(part, Language)]}"


# Known derivatives by expression and byte; under `SAME`, the one object for each group of equal expressions.
Derivatives = dict[tuple[Language, int], Language]
# Stands in place of a byte for the expression itself.
SAME = -1


class ByteSet(Language):
    """One byte of a set; parts: (bit mask of 256 bits,)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The empty string after a byte of the set."""
        return EMPTY if self.parts[0] >> byte & 1 else NOTHING

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The set and all other bytes."""
        return _split(self.parts[0])

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """One byte is the shortest text."""
        return 1

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The most readable byte."""
        mask = self.parts[0]
        return bytes([min((byte for byte in range(256) if mask >> byte & 1), key=BYTE_RANKS.__getitem__)])

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """One character if the bytes begin a character, else none."""
        count = 1 if self.parts[0] & ~CONTINUATIONS else 0
        return count, count


class Empty(Language):
    """The empty string alone."""

    __slots__ = ()

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """No characters."""
        return 0, 0


class AnyText(Language):
    """Every text of valid UTF-8; parts: (one character,)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the character, then any text."""
        return sequence(derivative(self.parts[0], byte, memo), self)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The classes of one character."""
        return byte_classes(self.parts[0], memo)


class Sequence(Language):
    """A concatenation; parts: (tuple of at least two languages,)."""

    __slots__ = ()

    def operands(self) -> tuple[Language, ...]:
        """The parts in order."""
        parts: tuple[Language, ...] = self.parts[0]
        return parts

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the first part and all later parts; also of a later part if all parts before it are nullable."""
        parts = self.operands()
        moved = []
        for index, part in enumerate(parts):
            moved.append(sequence(derivative(part, byte, memo), *parts[index + 1 :]))
            if not part.nullable:
                break
        return union(moved)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The classes of every part that a text may begin in."""
        parts = self.operands()
        last = next((index for index, part in enumerate(parts) if not part.nullable), len(parts) - 1)
        return meet([byte_classes(part, memo) for part in parts[: last + 1]])

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The sum over all parts."""
        return sum(min_bytes(part, memo) for part in self.operands())

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """An example of each part, joined."""
        texts = [b"" if part.nullable else part.example(memo) for part in self.operands()]
        return None if None in texts else b"".join(text for text in texts if text)

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """The sum over all parts."""
        bounds = [character_bounds(part, memo) for part in self.operands()]
        highs = [high for _, high in bounds if high is not None]
        return sum(low for low, _ in bounds), sum(highs) if len(highs) == len(bounds) else None


class Connective(Language):
    """A union or intersection; parts: (frozenset of languages,). The order of the operands is that of construction."""

    __slots__ = ("_ordered",)

    def __init__(self, nullable: bool, ordered: Iterable[Language]) -> None:
        self._ordered = tuple(ordered)
        super().__init__(nullable, frozenset(self._ordered))

    def operands(self) -> tuple[Language, ...]:
        """The languages, in an order that is the same in every process."""
        return self._ordered


class Union(Connective):
    """All texts of several languages."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The union of the derivatives."""
        return union(derivative(part, byte, memo) for part in self._ordered)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The common refinement of the operands' classes."""
        return meet([byte_classes(part, memo) for part in self._ordered])

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The minimum over the alternatives."""
        return min(min_bytes(part, memo) for part in self._ordered)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """An example of the shortest alternative that has one."""
        ordered = sorted(self._ordered, key=lambda part: min_bytes(part, memo))
        return next((text for part in ordered if (text := part.example(memo)) is not None), None)

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """The smallest minimum and the largest maximum of the alternatives."""
        bounds = [character_bounds(part, memo) for part in self._ordered]
        highs = [high for _, high in bounds if high is not None]
        return min(low for low, _ in bounds), max(highs) if len(highs) == len(bounds) else None


class Intersection(Connective):
    """The texts that several languages have in common; complements come last in the order of the operands."""

    __slots__ = ()
    plain = False

    def __init__(self, nullable: bool, ordered: Iterable[Language]) -> None:
        super().__init__(nullable, sorted(ordered, key=_is_complement))

    @property
    def has_cheap_steps(self) -> bool:  # type: ignore[override]
        """Whether a part has."""
        return any(part.has_cheap_steps for part in self._ordered)

    @property
    def slot(self) -> Any:
        """The slot of the first part that has one."""
        return next((part.slot for part in self._ordered if part.slot is not None), None)

    @property
    def slot_needs(self) -> int:
        """The byte that the first part needs that needs one."""
        return next((part.slot_needs for part in self._ordered if part.slot_needs), 0)

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The intersection of the derivatives."""
        return intersection(derivative(part, byte, memo) for part in self.operands())

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The common refinement of the operands' classes."""
        return meet([byte_classes(part, memo) for part in self._ordered])

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """A lower bound: the maximum over the operands."""
        return max(min_bytes(part, memo) for part in self._ordered)


class Repetition(Language):
    """A repeated language; parts: (repeated, minimum, maximum or None)."""

    __slots__ = ()

    def operands(self) -> tuple[Language, ...]:
        """The repeated expression."""
        return self.parts[:1]

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of one repetition, then one repetition fewer."""
        part, minimum, maximum = self.parts
        rest = repeat(part, max(0, minimum - 1), None if maximum is None else maximum - 1)
        return sequence(derivative(part, byte, memo), rest)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The classes of the repeated expression."""
        return byte_classes(self.parts[0], memo)

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The minimum number of repetitions of the shortest text."""
        part, minimum, _ = self.parts
        return min_bytes(part, memo) * int(minimum)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The minimum number of repetitions of one example."""
        part, minimum, _ = self.parts
        text = part.example(memo) if minimum else b""
        return None if text is None else text * int(minimum)

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """The bounds of the repeated expression times the bounds of the count."""
        part, minimum, maximum = self.parts
        low, high = character_bounds(part, memo)
        return low * minimum, None if high is None or maximum is None else high * maximum


class Complement(Language):
    """Every byte string that is not in its one part."""

    __slots__ = ()
    plain = False

    def operands(self) -> tuple[Language, ...]:
        """The complemented expression."""
        return self.parts

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The complement of the derivative."""
        return complement(derivative(self.parts[0], byte, memo))

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """The classes of the complemented expression."""
        return byte_classes(self.parts[0], memo)


def _is_complement(language: Language) -> bool:
    return isinstance(language, Complement)


class Computed(Language):
    """A language defined by arithmetic; `parts` are its state, all numbers, and subclasses define the derivatives."""

    __slots__ = ()
    plain = False
    computed = True

    def congruence(self) -> Congruence | None:
        """A modulus m, a remainder r and a minimum: n more digits of value d end a text if m divides r * 10 ** n + d.

        n is at least the minimum. None if the state has no such rule.
        """
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
    # A nullable language right before any text adds nothing.
    while len(flat) > 1 and isinstance(flat[-1], AnyText) and flat[-2].nullable and flat[-2].is_plain:
        del flat[-2]
    if not flat:
        return EMPTY
    return flat[0] if len(flat) == 1 else Sequence(all(part.nullable for part in flat), tuple(flat))


def union(parts: Iterable[Language]) -> Language:
    """All texts of `parts`."""
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
    """The texts that are in all of `parts`."""
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
    """Every byte string that is not in `part`."""
    if isinstance(part, Complement):
        inner: Language = part.parts[0]
        return inner
    return Complement(not part.nullable, part)


def repeat(part: Language, minimum: int, maximum: int | None) -> Language:
    """Between `minimum` and `maximum` repetitions of `part`; `maximum` None: no upper bound."""
    if maximum == 0 or part in (EMPTY, NOTHING):
        return NOTHING if part == NOTHING and minimum > 0 else EMPTY
    if minimum == maximum == 1:
        return part
    minimum = 0 if part.nullable else minimum
    if minimum == 0 and maximum is None and part == ANY_CHARACTER:
        return ANY_TEXT
    return Repetition(minimum == 0, part, minimum, maximum)


def byte_range(low: int, high: int) -> Language:
    """One byte from `low` to `high`."""
    return ByteSet(False, (1 << (high + 1)) - (1 << low))


def _any_character() -> Language:
    """One UTF-8 character, by its first byte (RFC 3629, section 4)."""
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
    """What may follow once `byte` has been read; `memo` keeps known derivatives."""
    key = (language, byte)
    if key not in memo:
        result = language.after(byte, memo)
        # Equal results become one object, so comparing expressions built from them is quick.
        memo[key] = memo.setdefault((result, SAME), result)
    return memo[key]


def min_bytes(language: Language, memo: dict[Language, int]) -> int:
    """The length of the shortest text in bytes if the expression is plain and not `NOTHING`, else a lower bound."""
    if language.nullable:
        return 0
    if language not in memo:
        memo[language] = language.min_bytes(memo)
    return memo[language]


def character_bounds(language: Language, memo: dict[Language, Bounds]) -> Bounds:
    """The minimum and maximum number of characters in a text of a plain expression; None: no maximum."""
    if language not in memo:
        memo[language] = language.character_bounds(memo)
    return memo[language]


def byte_classes(language: Language, memo: dict[Language, Partition]) -> Partition:
    """A partition of the bytes into sets with equal derivatives, as bit masks; `memo` keeps known partitions."""
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
