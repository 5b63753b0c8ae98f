"""Searches for texts of languages: a shortest text, any text, or none, without building an automaton.

In: languages. Out: a text that one of them contains. A plain expression shows an example. Others are searched by
derivatives, best first, with `min_bytes` as the lower bound of the remaining length. An intersection with many
parallel alternatives is split, and the alternatives are searched one by one: a text of one alternative is a text of
the whole (Antimirov, "Partial derivatives of regular expressions", 1996). Each language on the path remembers the rest
of the text that was found. Not covered: which state of an automaton a text leads to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from heapq import heappop, heappush
from itertools import chain, count

from schemalm.errors import LimitError
from schemalm.limits import Budget
from schemalm.regular.congruences import completions
from schemalm.regular.counting import least_count
from schemalm.regular.language import (
    ANY_TEXT,
    BYTE_RANKS,
    NOTHING,
    Bounds,
    Complement,
    Derivatives,
    Intersection,
    Language,
    Partition,
    Union,
    byte_classes,
    character_bounds,
    complement,
    derivative,
    intersection,
    min_bytes,
)

# Alternatives that are followed in parallel; more are searched one by one.
MAX_PARALLEL = 16
# The length of guessed texts in bytes.
MAX_GUESS = 400
# Entries of a memo, each some hundred bytes; a fuller memo is cleared.
MAX_MEMO_ENTRIES = 100_000
# The work of one derivative, in units.
UNITS_PER_STEP = 5
# The weight of the remaining bytes against those that were read, if any text will do (weighted A*).
HEURISTIC_WEIGHT = 3
# Marks a step from a language to one of its alternatives, which reads no byte.
NO_BYTE = -1

# A text, and the number of its bytes that have been read.
Suffix = tuple[bytes, int]


class Memo:
    """Remembers facts about languages; it is cleared when it grows too large."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._size = 0
        self._derivatives: Derivatives = {}
        self._partitions: dict[Language, Partition] = {}
        self._min_bytes: dict[Language, int] = {}
        self._character_bounds: dict[Language, Bounds] = {}

    def after(self, language: Language, byte: int) -> Language:
        """The derivative of a language by a byte: what may follow."""
        known = self._derivatives.get((language, byte))
        if known is not None:
            return known
        if isinstance(language, Intersection) and self._is_dead(language, byte):
            return NOTHING
        num_known = len(self._derivatives)
        found = derivative(language, byte, self._derivatives)
        added = width(found) + len(self._derivatives) - num_known
        self.budget.work(UNITS_PER_STEP * added)
        self._size += added
        if self._size > MAX_MEMO_ENTRIES:
            self.clear()
        return found

    def _is_dead(self, language: Intersection, byte: int) -> bool:
        """Whether a part of an intersection is known to have no text that begins with `byte`."""
        return any(self._derivatives.get((part, byte)) == NOTHING for part in language.parts[0])

    def classes(self, language: Language) -> Partition:
        """The bytes in sets with equal derivatives, as bit masks."""
        return byte_classes(language, self._partitions)

    def min_bytes(self, language: Language) -> int:
        """The length in bytes of the shortest text of a plain language; a lower bound for others."""
        return min_bytes(language, self._min_bytes)

    def character_bounds(self, language: Language) -> Bounds:
        """The minimum and maximum number of characters in a text of a plain language; None: no maximum."""
        return character_bounds(language, self._character_bounds)

    def example(self, language: Language) -> bytes | None:
        """A text of the language, a shortest one if it is plain; None if none is found without a search."""
        return language.example(self._min_bytes)

    def contains(self, language: Language, text: bytes, max_width: float = math.inf) -> bool:
        """Whether a language contains a text; False also if more than `max_width` alternatives run in parallel."""
        for byte in text:
            language = self.after(language, byte)
            if language == NOTHING or width(language) > max_width:
                return False
        return language.nullable

    def clear(self) -> None:
        """Forgets everything; results do not depend on what is remembered."""
        self._size = 0
        self._derivatives.clear()
        self._partitions.clear()
        self._min_bytes.clear()
        self._character_bounds.clear()


class GaveUpError(Exception):
    """A search visited more languages than it may, so its result is not known."""


class Search:
    """Searches for texts of languages and remembers them; `max_languages` bounds each search.

    Texts longer than `Limits.completion_symbols` are not found.
    """

    def __init__(self, memo: Memo, budget: Budget) -> None:
        self._memo = memo
        self._budget = budget
        self._max_bytes = budget.limits.completion_symbols
        self._shortest_texts: dict[Language, Suffix] = {}
        self._known_texts: dict[Language, Suffix] = {}
        self._empty: set[Language] = set()

    def shortest(self, languages: Iterable[Language], max_languages: int, max_bytes: int | None = None) -> bytes | None:
        """A shortest text that one of the languages contains, of at most `max_bytes` bytes; None if there is none.

        Raises GaveUpError if the search visits more than `max_languages`.
        """
        return self._search(languages, max_languages, True, self._max_bytes if max_bytes is None else max_bytes)

    def any(self, languages: Iterable[Language], max_languages: int) -> bytes | None:
        """A text that one of the languages contains; None if all are empty. Raises GaveUpError as `shortest` does."""
        return self._search(languages, max_languages, False, self._max_bytes)

    def _search(
        self, languages: Iterable[Language], max_languages: int, want_shortest: bool, max_bytes: int
    ) -> bytes | None:
        frontier = _Frontier(max_bytes, want_shortest)
        for language in dict.fromkeys(languages):
            frontier.add(language, 0, self._lower_bound(language, want_shortest))
        for num_visited in count(1):
            if not frontier.queue:
                break
            depth, language = frontier.next()
            # A guess costs as much as its text is long, so guesses become rare as the search goes on.
            rest = self._rest(language, want_shortest, guesses=num_visited & (num_visited - 1) == 0)
            if rest is not None and depth + len(rest) <= max_bytes:
                return self._record_path(language, rest, frontier.parents, want_shortest)
            for byte, after in self._moves(language):
                longer = depth + (byte != NO_BYTE)
                if longer < frontier.depths.get(after, longer + 1):
                    frontier.add(after, longer, self._lower_bound(after, want_shortest), (language, byte))
            if len(frontier.depths) > max_languages:
                raise GaveUpError
        if not frontier.has_pruned:
            self._record_empty(frontier.depths)
        return None

    def _lower_bound(self, language: Language, want_shortest: bool) -> int | None:
        """A lower bound of the bytes that are still to come; None if the language is empty."""
        if language == NOTHING or language in self._empty:
            return None
        known = self._shortest_texts.get(language) or (None if want_shortest else self._known_texts.get(language))
        if known is not None:
            return len(known[0]) - known[1]
        if isinstance(language, Intersection):
            number = least_count(language)
            if number is not None:
                return number if number >= 0 else None
            if self._is_ruled_out(language):
                return None
        return self._memo.min_bytes(language)

    def _is_ruled_out(self, language: Intersection) -> bool:
        """Whether an intersection is visibly empty: it excludes all texts, or no length fits all parts.

        Texts are UTF-8, so an intersection with a plain part contains nothing else.
        """
        least, most = 0, None
        for part in language.operands():
            if isinstance(part, Complement):
                left_out = part.parts[0]
                if ANY_TEXT in (left_out.operands() if isinstance(left_out, Union) else (left_out,)):
                    return True
            elif part.is_plain:
                low, high = self._memo.character_bounds(part)
                least = max(least, low)
                most = high if most is None or (high is not None and high < most) else most
        return most is not None and least > most

    def _rest(self, language: Language, want_shortest: bool, guesses: bool) -> bytes | None:
        """A text of a language if one is known without a search, a shortest one if `want_shortest`."""
        if language.nullable:
            return b""
        known = self._shortest_texts.get(language) or self._known_texts.get(language)
        if known is not None and (
            not want_shortest or len(known[0]) - known[1] == self._lower_bound(language, want_shortest)
        ):
            return known[0][known[1] :]
        if (number := least_count(language)) is not None:
            return b"a" * number
        if language.is_plain:
            return self._memo.example(language)
        return self._guess(language, want_shortest) if guesses else None

    def _guess(self, language: Language, want_shortest: bool) -> bytes | None:
        """A text of one part of an intersection that all other parts contain too."""
        if not isinstance(language, Intersection):
            return self._memo.example(language)
        parts, least = language.operands(), self._memo.min_bytes(language)
        max_bytes = min(least, MAX_GUESS) if want_shortest else MAX_GUESS
        examples = (self._memo.example(part) for part in parts if not isinstance(part, Complement))
        for text in chain(examples, completions(language, least)):
            if text is None or len(text) > max_bytes:
                continue
            self._budget.work(len(text))
            if all(self._memo.contains(part, text, MAX_PARALLEL) for part in parts):
                return text
        return None

    def _moves(self, language: Language) -> Iterator[tuple[int, Language]]:
        """Yield the steps from a language: one byte of each class, or each alternative if there are too many."""
        self._budget.check_time()
        alternatives = _alternatives(language)
        if alternatives:
            self._budget.work(UNITS_PER_STEP * len(alternatives))
            yield from ((NO_BYTE, alternative) for alternative in alternatives)
            return
        _, representatives = class_table(self._memo.classes(language))
        self._budget.work(UNITS_PER_STEP * len(representatives))
        for byte in representatives:
            after = self._memo.after(language, byte)
            if after != NOTHING:
                yield byte, after

    def _record_path(
        self, language: Language, rest: bytes, parents: dict[Language, tuple[Language, int]], want_shortest: bool
    ) -> bytes:
        """The whole text; every language on its path remembers the rest of it."""
        path = [(language, NO_BYTE)]
        while language in parents:
            language, byte = parents[language]
            path.append((language, byte))
        read = bytes(byte for _, byte in reversed(path) if byte != NO_BYTE)
        text = read + rest
        known = self._shortest_texts if want_shortest else self._known_texts
        if len(known) > MAX_MEMO_ENTRIES:
            known.clear()
        num_read = len(read)
        for passed, byte in path:
            num_read -= byte != NO_BYTE
            known[passed] = (text, num_read)
        return text

    def _record_empty(self, languages: Iterable[Language]) -> None:
        if len(self._empty) > MAX_MEMO_ENTRIES:
            self._empty.clear()
        self._empty.update(languages)


class _Frontier:
    """The languages that a search has found, and a queue of those to visit, the most promising first."""

    def __init__(self, max_bytes: int, want_shortest: bool) -> None:
        self._max_bytes = max_bytes
        self._want_shortest = want_shortest
        self._turn = count()
        self.queue: list[tuple[int, int, int, Language]] = []
        self.depths: dict[Language, int] = {}
        self.parents: dict[Language, tuple[Language, int]] = {}
        self.has_pruned = False

    def add(
        self, language: Language, depth: int, least: int | None, origin: tuple[Language, int] | None = None
    ) -> None:
        """Adds a language after `depth` bytes; `least`: a lower bound of the bytes to come, None if there is no text.

        Among equally promising languages the deepest is visited first.
        """
        if least is None:
            return
        if depth + least > self._max_bytes:
            self.has_pruned = True
            return
        self.depths[language] = depth
        if origin is not None:
            self.parents[language] = origin
        promise = depth + (least if self._want_shortest else HEURISTIC_WEIGHT * least)
        heappush(self.queue, (promise, -depth, next(self._turn), language))

    def next(self) -> tuple[int, Language]:
        """The number of bytes that lead to the next language, and the language."""
        _, negative_depth, _, language = heappop(self.queue)
        return -negative_depth, language


def width(language: Language) -> int:
    """The number of alternatives that a language follows in parallel."""
    if isinstance(language, Union):
        return len(language.parts[0])
    if isinstance(language, Intersection | Complement):
        return sum(map(width, language.operands()))
    return 1


def _alternatives(language: Language) -> list[Language]:
    """Languages whose union is an intersection with too many parallel alternatives; empty for other languages."""
    # States of arithmetic are few in any combination; split, they would be visited once per alternative.
    if not isinstance(language, Intersection) or language.is_computed or width(language) <= MAX_PARALLEL:
        return []
    parts = language.operands()
    split = min((part for part in parts if len(_choices(part)) > 1), key=lambda part: len(_choices(part)), default=None)
    if split is None:
        return []
    others = [part for part in parts if part is not split]
    return [intersection([choice, *others]) for choice in _choices(split)]


def _choices(part: Language) -> tuple[Language, ...]:
    """The alternatives of a union, or of the complement of an intersection."""
    if isinstance(part, Complement) and isinstance(part.parts[0], Intersection):
        return tuple(map(complement, part.parts[0].operands()))
    return part.operands() if isinstance(part, Union) else ()


@lru_cache(maxsize=4096)
def class_table(partition: Partition) -> tuple[bytes, list[int]]:
    """The class of every byte, and the most readable byte of every class, in the order of the classes."""
    classes = [[byte for byte in range(256) if mask >> byte & 1] for mask in partition]
    classes.sort(key=lambda members: min(map(BYTE_RANKS.__getitem__, members)))
    table = bytearray(256)
    for index, members in enumerate(classes):
        for byte in members:
            table[byte] = index
    return bytes(table), [min(members, key=BYTE_RANKS.__getitem__) for members in classes]


def too_many_states(max_states: int, what: str = "string, number or key") -> LimitError:
    """The error of a search over the limit."""
    message = f"the constraints on one {what} need over {max_states} states"
    return LimitError(message, limit="automaton_states", maximum=max_states)
