"""Which texts a language holds: a shortest one, any one, or none, found without building an automaton of it.

In: languages, of which one has to hold the text. Out: the text. Expressions without intersection, complement and
arithmetic show what they hold. The others are searched by derivatives, best first: `shortest` bounds from below what is
still to come. Where an intersection has many alternatives to follow at once, they are searched one by one (Antimirov,
"Partial derivatives of regular expressions", 1996): a text that one of them holds is a text of the whole. What was
found is remembered for every language along the way. Not covered: which places of an automaton a text leads to.
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
    Complement,
    Derivatives,
    Intersection,
    Language,
    Lengths,
    Partition,
    Union,
    byte_classes,
    complement,
    derivative,
    intersection,
    lengths,
    shortest,
)

# Alternatives that are followed at once; more are searched one by one.
MAX_TOGETHER = 16
# Bytes of texts that are guessed.
MAX_GUESS = 400
# What is remembered between searches: parts of expressions, each some hundred bytes; then all is forgotten.
MAX_REMEMBERED = 100_000
# The work of one derivative.
UNITS_PER_STEP = 5
# Where any text will do, a byte that is still to come weighs as much as so many that were read.
HASTE = 3
# Stands for a way from a language to one of its alternatives, which reads no byte.
NO_BYTE = -1

# A text, and how many of its bytes have been read already.
Rest = tuple[bytes, int]


class Memo:
    """What has been found out about languages; it is forgotten now and then, so that it stays small."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._size = 0
        self._derivatives: Derivatives = {}
        self._partitions: dict[Language, Partition] = {}
        self._least: dict[Language, int] = {}
        self._lengths: dict[Language, Lengths] = {}

    def after(self, language: Language, byte: int) -> Language:
        """What may follow in a language once a byte has been read."""
        known = self._derivatives.get((language, byte))
        if known is not None:
            return known
        if isinstance(language, Intersection) and self._is_stopped(language, byte):
            return NOTHING
        num_known = len(self._derivatives)
        found = derivative(language, byte, self._derivatives)
        added = width(found) + len(self._derivatives) - num_known
        self.budget.work(UNITS_PER_STEP * added)
        self._size += added
        if self._size > MAX_REMEMBERED:
            self.forget()
        return found

    def _is_stopped(self, language: Intersection, byte: int) -> bool:
        """Whether a part of an intersection is known not to go on with a byte."""
        return any(self._derivatives.get((part, byte)) == NOTHING for part in language.parts[0])

    def classes(self, language: Language) -> Partition:
        """The bytes, in sets after which the same may follow."""
        return byte_classes(language, self._partitions)

    def least(self, language: Language) -> int:
        """No more than the bytes of its shortest text; just these for a plain language."""
        return shortest(language, self._least)

    def lengths(self, language: Language) -> Lengths:
        """The least and the largest number of characters in a text of a plain language; None for no bound."""
        return lengths(language, self._lengths)

    def example(self, language: Language) -> bytes | None:
        """A text that it holds, of a plain language a shortest one; None where none is seen."""
        return language.example(self._least)

    def holds(self, language: Language, text: bytes, max_width: float = math.inf) -> bool:
        """Whether a language holds a text, following no more than `max_width` alternatives at once."""
        for byte in text:
            language = self.after(language, byte)
            if language == NOTHING or width(language) > max_width:
                return False
        return language.nullable

    def forget(self) -> None:
        """Starts anew; nothing that is found depends on what is remembered."""
        self._size = 0
        self._derivatives.clear()
        self._partitions.clear()
        self._least.clear()
        self._lengths.clear()


class GaveUpError(Exception):
    """A search met more languages than it may; what it looked for may be there or not."""


class Search:
    """Finds texts of languages, and remembers them; `max_languages` bounds every single search.

    A text of more bytes than a completion may have counts as none.
    """

    def __init__(self, memo: Memo, budget: Budget) -> None:
        self._memo = memo
        self._budget = budget
        self._most = budget.limits.completion_symbols
        self._nearest: dict[Language, Rest] = {}
        self._found: dict[Language, Rest] = {}
        self._empty: set[Language] = set()

    def shortest(self, languages: Iterable[Language], max_languages: int, most: int | None = None) -> bytes | None:
        """A shortest text of all that some languages hold, of at most `most` bytes; None where there is none.

        Raises GaveUpError where the search meets more than `max_languages`.
        """
        return self._search(languages, max_languages, True, self._most if most is None else most)

    def any(self, languages: Iterable[Language], max_languages: int) -> bytes | None:
        """A text that one of some languages holds; None where they are empty. Raises GaveUpError as above."""
        return self._search(languages, max_languages, False, self._most)

    def _search(self, languages: Iterable[Language], max_languages: int, nearest: bool, most: int) -> bytes | None:
        front = _Front(most, nearest)
        for language in dict.fromkeys(languages):
            front.meet(language, 0, self._least(language, nearest))
        for num_looked_at in count(1):
            if not front.queue:
                break
            depth, language = front.next()
            # Guesses cost as much as their text is long: fewer and fewer are made.
            rest = self._rest(language, nearest, guesses=num_looked_at & (num_looked_at - 1) == 0)
            if rest is not None and depth + len(rest) <= most:
                return self._note_way(language, rest, front.came_from, nearest)
            for byte, after in self._moves(language):
                longer = depth + (byte != NO_BYTE)
                if longer < front.depths.get(after, longer + 1):
                    front.meet(after, longer, self._least(after, nearest), (language, byte))
            if len(front.depths) > max_languages:
                raise GaveUpError
        if not front.has_left_out:
            self._remember_empty(front.depths)
        return None

    def _least(self, language: Language, nearest: bool) -> int | None:
        """No more than the bytes that are still to come; None where no text is."""
        if language == NOTHING or language in self._empty:
            return None
        known = self._nearest.get(language) or (None if nearest else self._found.get(language))
        if known is not None:
            return len(known[0]) - known[1]
        if isinstance(language, Intersection):
            number = least_count(language)
            if number is not None:
                return number if number >= 0 else None
            if self._is_ruled_out(language):
                return None
        return self._memo.least(language)

    def _is_ruled_out(self, language: Intersection) -> bool:
        """Whether an intersection visibly holds nothing: it leaves out all texts, or no length suits all parts.

        Texts are those of UTF-8, so a part that says what they are holds nothing else.
        """
        least, most = 0, None
        for part in language.operands():
            if isinstance(part, Complement):
                left_out = part.parts[0]
                if ANY_TEXT in (left_out.operands() if isinstance(left_out, Union) else (left_out,)):
                    return True
            elif part.is_plain:
                low, high = self._memo.lengths(part)
                least = max(least, low)
                most = high if most is None or (high is not None and high < most) else most
        return most is not None and least > most

    def _rest(self, language: Language, nearest: bool, guesses: bool) -> bytes | None:
        """A text of a language where one is known, a shortest one if need be."""
        if language.nullable:
            return b""
        known = self._nearest.get(language) or self._found.get(language)
        if known is not None and (not nearest or len(known[0]) - known[1] == self._least(language, nearest)):
            return known[0][known[1] :]
        if (number := least_count(language)) is not None:
            return b"a" * number
        if language.is_plain:
            return self._memo.example(language)
        return self._guess(language, nearest) if guesses else None

    def _guess(self, language: Language, nearest: bool) -> bytes | None:
        """A text of one part of an intersection that all other parts hold too."""
        if not isinstance(language, Intersection):
            return self._memo.example(language)
        parts, least = language.operands(), self._memo.least(language)
        most = min(least, MAX_GUESS) if nearest else MAX_GUESS
        examples = (self._memo.example(part) for part in parts if not isinstance(part, Complement))
        for text in chain(examples, completions(language, least)):
            if text is None or len(text) > most:
                continue
            self._budget.work(len(text))
            if all(self._memo.holds(part, text, MAX_TOGETHER) for part in parts):
                return text
        return None

    def _moves(self, language: Language) -> Iterator[tuple[int, Language]]:
        """What may come next: one byte of each class, or one of too many alternatives."""
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

    def _note_way(
        self, language: Language, rest: bytes, came_from: dict[Language, tuple[Language, int]], nearest: bool
    ) -> bytes:
        """The whole text, of which every language on its way keeps the rest."""
        way = [(language, NO_BYTE)]
        while language in came_from:
            language, byte = came_from[language]
            way.append((language, byte))
        read = bytes(byte for _, byte in reversed(way) if byte != NO_BYTE)
        text = read + rest
        known = self._nearest if nearest else self._found
        if len(known) > MAX_REMEMBERED:
            known.clear()
        num_read = len(read)
        for passed, byte in way:
            num_read -= byte != NO_BYTE
            known[passed] = (text, num_read)
        return text

    def _remember_empty(self, languages: Iterable[Language]) -> None:
        if len(self._empty) > MAX_REMEMBERED:
            self._empty.clear()
        self._empty.update(languages)


class _Front:
    """The languages that a search has met, and those that it will look at, the most promising first."""

    def __init__(self, most: int, nearest: bool) -> None:
        self._most = most
        self._nearest = nearest
        self._turn = count()
        self.queue: list[tuple[int, int, int, Language]] = []
        self.depths: dict[Language, int] = {}
        self.came_from: dict[Language, tuple[Language, int]] = {}
        self.has_left_out = False

    def meet(
        self, language: Language, depth: int, least: int | None, origin: tuple[Language, int] | None = None
    ) -> None:
        """Takes up a language after `depth` bytes, of which at least `least` are still to come; None: there are none.

        Of those that promise alike the deepest goes first.
        """
        if least is None:
            return
        if depth + least > self._most:
            self.has_left_out = True
            return
        self.depths[language] = depth
        if origin is not None:
            self.came_from[language] = origin
        promise = depth + (least if self._nearest else HASTE * least)
        heappush(self.queue, (promise, -depth, next(self._turn), language))

    def next(self) -> tuple[int, Language]:
        """The bytes that lead to the next language, and the language."""
        _, negative_depth, _, language = heappop(self.queue)
        return -negative_depth, language


def width(language: Language) -> int:
    """How many alternatives a language follows at once."""
    if isinstance(language, Union):
        return len(language.parts[0])
    if isinstance(language, Intersection | Complement):
        return sum(map(width, language.operands()))
    return 1


def _alternatives(language: Language) -> list[Language]:
    """Languages that together hold what an intersection holds, where it has too many alternatives; else none."""
    # Remainders are few, however they are combined; apart, they would be looked at once for each alternative.
    if not isinstance(language, Intersection) or language.is_computed or width(language) <= MAX_TOGETHER:
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
    """The class of every byte, and the most readable byte of every class, in the order of these."""
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
