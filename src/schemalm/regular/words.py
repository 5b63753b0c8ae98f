"""Finite languages: sets of byte strings as expressions.

In: byte strings. Out: the language of exactly these strings. The derivatives of a large set share one sorted table.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from schemalm.regular.language import (
    ALL_BYTES,
    CONTINUATIONS,
    EMPTY,
    NOTHING,
    Bounds,
    Derivatives,
    Language,
    Partition,
    byte_set,
    sequence,
    union,
)

# Sets larger than this are stored in a `WordTable`.
MAX_WORDS = 256


class Words(Language):
    """One of several byte strings, other than the empty string alone; parts: (sorted tuple,)."""

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the strings that begin with the byte."""
        return words(text[1:] for text in self.parts[0] if text and text[0] == byte)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """One class for each first byte of a string, and one for all other bytes."""
        first = [1 << byte for byte in sorted({text[0] for text in self.parts[0] if text})]
        others = ALL_BYTES & ~sum(first)
        return (*first, others) if others else tuple(first)

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The length of the shortest string."""
        return min(map(len, self.parts[0]))

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The shortest string."""
        text: bytes = min(self.parts[0], key=len)
        return text

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """The fewest and the most characters of a string."""
        return _characters_of(self.parts[0])


class WordList(Language):
    """A large set of `Words`; parts: (`WordTable`, first index, last index + 1, number of bytes that were read).

    Derivatives are found by binary search in the table.
    """

    __slots__ = ()

    def after(self, byte: int, memo: Derivatives) -> Language:
        """The rest of the strings whose next byte is `byte`."""
        table, first, last, num_read = self.parts
        prefix = table.texts[first][:num_read]
        begin = bisect_left(table.texts, prefix + bytes([byte]), first, last)
        end = bisect_left(table.texts, prefix + bytes([byte + 1]), begin, last) if byte < 0xFF else last
        return _word_list(table, begin, end, num_read + 1)

    def classes(self, memo: dict[Language, Partition]) -> Partition:
        """One class for each next byte of a string, and one for all other bytes."""
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
        """The strings without the bytes that were read."""
        table, first, last, num_read = self.parts
        return tuple(text[num_read:] for text in table.texts[first:last])

    def min_bytes(self, memo: dict[Language, int]) -> int:
        """The length of the shortest string."""
        table, first, last, num_read = self.parts
        return min(map(len, table.texts[first:last])) - int(num_read)

    def example(self, memo: dict[Language, int]) -> bytes | None:
        """The shortest string."""
        return min(self.rests(), key=len)

    def character_bounds(self, memo: dict[Language, Bounds]) -> Bounds:
        """The fewest and the most characters of a string."""
        return _characters_of(self.rests())

    def told(self) -> str:
        """The text of `Words` with the same strings, so both have one digest."""
        return f"{Words.__name__} {[self.rests()]}"


class WordTable:
    """Distinct byte strings in ascending order; two tables are equal only if they are one object."""

    __slots__ = ("texts",)

    def __init__(self, texts: tuple[bytes, ...]) -> None:
        self.texts = texts


def literal(text: bytes) -> Language:
    """Exactly these bytes."""
    return Words(False, (text,)) if text else EMPTY


def words(texts: Iterable[bytes]) -> Language:
    """Exactly these byte strings."""
    listed = tuple(sorted(set(texts)))
    return _word_list(WordTable(listed), 0, len(listed), 0)


def _word_list(table: WordTable, first: int, last: int, num_read: int) -> Language:
    """Strings `first` up to `last` (exclusive) of a table without their first `num_read` bytes."""
    if last - first > MAX_WORDS:
        return WordList(len(table.texts[first]) == num_read, table, first, last, num_read)
    rests = tuple(text[num_read:] for text in table.texts[first:last])
    if len(rests) < 2:
        return literal(rests[0]) if rests else NOTHING
    return Words(rests[0] == b"", rests)


def _characters_of(texts: Iterable[bytes]) -> Bounds:
    counts = [len(text) if text.isascii() else sum(not CONTINUATIONS >> byte & 1 for byte in text) for text in texts]
    return min(counts), max(counts)


def words_alike(texts: Iterable[bytes]) -> Language:
    """The strings that differ from one of some strings in the case of ASCII letters at most."""
    return union(sequence(*map(_either_case, text)) for text in dict.fromkeys(map(bytes.lower, texts)))


def _either_case(byte: int) -> Language:
    return byte_set(1 << byte | 1 << ord(chr(byte).upper()) if byte < 0x80 else 1 << byte)
