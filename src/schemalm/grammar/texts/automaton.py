"""One automaton for all texts of a grammar: it judges a byte string by several languages at once, as it is read.

A place is a tuple of languages: what may still come, and the languages to be judged besides. Places are numbered and
their transitions found on first use, by derivatives: nothing is unrolled, a count of a million costs no more than one
of two. The verdict of a place has bit 0 set where the text may end, and bit i + 1 where language i holds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from heapq import heappop, heappush

from schemalm.errors import SchemaError
from schemalm.grammar.texts.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    NOTHING,
    Derivatives,
    Language,
    Lengths,
    Partition,
    Repetition,
    Union,
    byte_classes,
    derivative,
    digest,
    meet,
    repeat,
    sequence,
    shortest,
)
from schemalm.grammar.texts.language import Sequence as SequenceOf

DEAD = -1
UNKNOWN = -2
Languages = tuple[Language, ...]
Verdicts = frozenset[int]
# A distance from the end, and bytes with the places after them that have it, readable ones first.
Siblings = tuple[int, list[tuple[int, int]]]

PREFERRED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./ "
BYTE_RANKS = {byte: rank for rank, byte in enumerate([*PREFERRED, *(b for b in range(256) if b not in PREFERRED)])}
# Labels and masks tell counts up to this apart: no token is longer.
MAX_TOLD_COUNT = 128
# Alternatives of one expression: nested counts multiply them.
MAX_ALTERNATIVES = 1_000
# Places of one search while a text is written.
MAX_SHORT_SEARCH = 2_000
# Languages to be judged of which every possible verdict is tried, one by one.
MAX_LISTED_LANGUAGES = 4


class Automaton:
    """Numbers places and steps between them; `max_states` bounds every single search."""

    def __init__(self, max_states: int) -> None:
        self._max_states = max_states
        self._places: list[Languages] = []
        self._numbers: dict[Languages, int] = {}
        self._classes: list[bytes] = []
        self._representatives: list[list[int]] = []
        self._targets: list[list[int]] = []
        self._distances: dict[Verdicts, dict[int, int]] = {}
        self._undecided: set[tuple[int, Verdicts]] = set()
        self._derivatives: Derivatives = {}
        self._partitions: dict[Language, Partition] = {}
        self._shortest: dict[Language, int] = {}
        self._digests: dict[Language, str] = {}

    def place(self, languages: Languages) -> int:
        """The number of a place; DEAD where nothing may come."""
        if languages[0] == NOTHING:
            return DEAD
        number = self._numbers.get(languages)
        if number is None:
            number = self._numbers[languages] = len(self._places)
            self._places.append(languages)
            self._classes.append(b"")
            self._representatives.append([])
            self._targets.append([])
        return number

    def step(self, place: int, byte: int) -> int:
        """The place after one byte; DEAD where no text goes on."""
        if not self._classes[place]:
            self._find_classes(place)
        index = self._classes[place][byte]
        target = self._targets[place][index]
        if target == UNKNOWN:
            target = self._targets[place][index] = self._after(place, self._representatives[place][index])
        return target

    def _find_classes(self, place: int) -> None:
        partition = meet([byte_classes(part, self._partitions) for part in self._places[place]])
        self._classes[place], self._representatives[place] = _class_table(partition)
        self._targets[place] = [UNKNOWN] * len(partition)

    def _after(self, place: int, byte: int) -> int:
        languages = tuple(derivative(part, byte, self._derivatives) for part in self._places[place])
        for before, after in zip(self._places[place], languages, strict=True):
            if MAX_ALTERNATIVES < _num_alternatives(after) > _num_alternatives(before):
                raise SchemaError(f"a pattern leaves more than {MAX_ALTERNATIVES} ways to go on", keyword="pattern")
        return self.place(languages)

    def steps(self, place: int) -> Iterator[tuple[int, int]]:
        """One byte of every class, the most readable one, with the place that it leads to."""
        if not self._classes[place]:
            self._find_classes(place)
        for byte in self._representatives[place]:
            after = self.step(place, byte)
            if after != DEAD:
                yield byte, after

    def targets(self, place: int) -> list[int]:
        """The place after each of the 256 bytes; DEAD where no text goes on."""
        if not self._classes[place]:
            self._find_classes(place)
        after = [self.step(place, byte) for byte in self._representatives[place]]
        return [after[index] for index in self._classes[place]]

    def run(self, text: bytes, place: int) -> int:
        """The place after `text`, DEAD where it leads nowhere."""
        if len(text) > MAX_TOLD_COUNT and (counted := self._run_counted(text, place)) is not None:
            return counted
        for byte in text:
            place = self.step(place, byte)
            if place == DEAD:
                return DEAD
        return place

    def admits_every_text(self, place: int) -> bool:
        """Whether every text may come at a place, with nothing to be judged."""
        return self._places[place] == (ANY_TEXT,)

    def _run_counted(self, text: bytes, place: int) -> int | None:
        """The place after valid UTF-8 where only the number of its characters matters; None for other places."""
        if self.admits_every_text(place):
            return place
        languages = self._places[place]
        if len(languages) > 1 or not _is_counter(languages[0]):
            return None
        _, minimum, maximum = languages[0].parts
        count = sum(byte & 0xC0 != 0x80 for byte in text)
        if maximum is not None and count > maximum:
            return DEAD
        return self.place(
            (repeat(ANY_CHARACTER, max(0, minimum - count), None if maximum is None else maximum - count),)
        )

    def verdict(self, place: int) -> int:
        """The verdict on a text that ends here; 0 where none may."""
        within, *judged = self._places[place]
        return 1 + sum(2 << index for index, part in enumerate(judged) if part.nullable) if within.nullable else 0

    def distance(self, place: int, verdicts: Verdicts, max_states: int | None = None) -> int:
        """The bytes of the shortest text from here that ends with one of `verdicts`; DEAD where there is none.

        Raises SchemaError where the search passes more than `max_states` places, by default those of the automaton.
        """
        languages = self._places[place]
        if len(languages) == 1 and languages[0].is_plain:
            return shortest(languages[0], self._shortest)
        known = self._distances.setdefault(verdicts, {})
        if place not in known:
            counted = _counted_distance(languages, verdicts)
            if counted is None:
                self._search(place, verdicts, known, max_states or self._max_states)
            else:
                known[place] = counted
        return known[place]

    def found_distance(self, place: int, verdicts: Verdicts) -> int:
        """The distance where a short search finds it, else DEAD.

        A place that can end has a known way there, so where what takes long to decide counts as DEAD, some byte still
        goes on.
        """
        key = (place, verdicts)
        if key in self._undecided:
            return DEAD
        try:
            return self.distance(place, verdicts, min(self._max_states, MAX_SHORT_SEARCH))
        except SchemaError:
            self._undecided.add(key)
            return DEAD

    def _search(self, start: int, verdicts: Verdicts, known: dict[int, int], max_states: int) -> None:
        """A* search for the nearest end; notes the distances along the way there, or that there is none."""
        came_from: dict[int, int] = {start: DEAD}
        depths = {start: 0}
        # Estimated length, then deeper places first, then whether the rest is an estimate no more.
        queue = [(self._least(start, verdicts), 0, start, False)]
        while queue:
            estimate, negative_depth, place, is_exact = heappop(queue)
            if is_exact:
                return self._note_way(place, estimate + negative_depth, came_from, known)
            depth = -negative_depth
            if depth > depths[place]:
                continue
            if place not in known and (counted := _counted_distance(self._places[place], verdicts)) is not None:
                known[place] = counted
            rest = 0 if self.verdict(place) in verdicts else known.get(place, UNKNOWN)
            if rest >= 0:
                heappush(queue, (depth + rest, negative_depth, place, True))
                continue
            if rest == DEAD or all(self._is_ruled_out(place, verdict) for verdict in verdicts):
                continue
            for _, after in self.steps(place):
                if depth + 1 < depths.get(after, depth + 2):
                    came_from[after], depths[after] = place, depth + 1
                    heappush(queue, (depth + 1 + self._least(after, verdicts), -depth - 1, after, False))
            if len(came_from) > max_states:
                raise SchemaError(f"the constraints on one string, number or key need over {max_states} states")
        known.update(dict.fromkeys(came_from, DEAD))
        return None

    def _least(self, place: int, verdicts: Verdicts) -> int:
        """No more than the bytes of the shortest text from here with one of the verdicts."""
        within, *judged = (shortest(part, self._shortest) for part in self._places[place])
        if not judged:
            return within
        asked = (
            (bytes_ for index, bytes_ in enumerate(judged, start=1) if verdict >> index & 1) for verdict in verdicts
        )
        return max(within, min(max(needed, default=0) for needed in asked))

    def _is_ruled_out(self, place: int, verdict: int) -> bool:
        """Whether a language plainly is not as the verdict asks: it holds nothing more, or all that is left."""
        within, *judged = self._places[place]
        return any(
            part == NOTHING if verdict >> index & 1 else part in (within, ANY_TEXT)
            for index, part in enumerate(judged, start=1)
        )

    def _note_way(self, place: int, rest: int, came_from: dict[int, int], known: dict[int, int]) -> None:
        while place != DEAD:
            known[place] = rest
            place, rest = came_from[place], rest + 1

    def reachable(self, place: int, candidates: Verdicts) -> Verdicts:
        """Those of `candidates` with which a text from here may end."""
        return frozenset(verdict for verdict in candidates if self.distance(place, frozenset([verdict])) >= 0)

    def verdicts(self, place: int) -> Verdicts:
        """Every verdict with which a text from here may end."""
        num_judged = len(self._places[place]) - 1
        if num_judged <= MAX_LISTED_LANGUAGES:
            return self.reachable(place, frozenset(range(1, 2 << num_judged, 2)))
        found: set[int] = set()
        seen = {place}
        queue = [place]
        for current in queue:
            found.add(self.verdict(current))
            fresh = {after for _, after in self.steps(current)} - seen
            seen |= fresh
            queue += sorted(fresh)
            if len(seen) > self._max_states:
                raise SchemaError(f"the constraints on one key need over {self._max_states} states")
        return frozenset(found - {0})

    def closest_byte(self, place: int, verdicts: Verdicts) -> int:
        """The most readable byte that comes one step closer to an end with one of `verdicts`."""
        distance = self.distance(place, verdicts)
        closer = (byte for byte, after in self.steps(place) if 0 <= self.found_distance(after, verdicts) < distance)
        return min(closer, key=lambda byte: BYTE_RANKS[byte])

    def texts(self, place: int, verdicts: Verdicts) -> Iterator[bytes]:
        """Every text from here that ends with one of `verdicts`, shortest first and readable ones before others."""
        groups: dict[int, list[Siblings]] = {}
        # Estimated length, then longer beginnings first, then readable ones: only the next sibling stands in the queue.
        queue: list[tuple[int, int, list[int], bytes, Siblings, int]] = []

        def add(ranks: list[int], text: bytes, siblings: Siblings, index: int) -> None:
            distance, steps = siblings
            longer = [*ranks, BYTE_RANKS[steps[index][0]]]
            heappush(queue, (len(longer) + distance, -len(longer), longer, text, siblings, index))

        def visit(ranks: list[int], text: bytes, place: int) -> None:
            if place not in groups:
                groups[place] = self._siblings(place, verdicts)
            for siblings in groups[place]:
                add(ranks, text, siblings, 0)

        if self.distance(place, verdicts) >= 0:
            if self.verdict(place) in verdicts:
                yield b""
            visit([], b"", place)
        while queue:
            estimate, _, ranks, before, siblings, index = heappop(queue)
            byte, after = siblings[1][index]
            if index + 1 < len(siblings[1]):
                add(ranks[:-1], before, siblings, index + 1)
            text = before + bytes([byte])
            if estimate == len(text) and self.verdict(after) in verdicts:
                yield text
            visit(ranks, text, after)

    def _siblings(self, place: int, verdicts: Verdicts) -> list[Siblings]:
        """The bytes that may come at a place, with the place after each, by the distance from there to an end."""
        found: dict[int, list[tuple[int, int]]] = {}
        for byte, after in sorted(enumerate(self.targets(place)), key=lambda step: BYTE_RANKS[step[0]]):
            distance = self.found_distance(after, verdicts) if after != DEAD else DEAD
            if distance >= 0:
                found.setdefault(distance, []).append((byte, after))
        return list(found.items())

    def all_texts(self, place: int, verdicts: Verdicts) -> list[bytes]:
        """Every text from here that ends with one of `verdicts`; there must be finitely many."""
        found: list[bytes] = []
        beginnings = [(b"", place)]
        while beginnings:
            text, place = beginnings.pop()
            if self.verdict(place) in verdicts:
                found.append(text)
            for byte, after in enumerate(self.targets(place)):
                if after != DEAD and self.found_distance(after, verdicts) >= 0:
                    beginnings.append((text + bytes([byte]), after))
        return found

    def has_more_texts(self, place: int, verdicts: Verdicts, count: int) -> bool:
        """Whether more than `count` texts lead from here to one of `verdicts`."""
        num_found = 0
        # How many beginnings of equal length lead to each place from which an end can be reached.
        beginnings = {place: 1} if self.distance(place, verdicts) >= 0 else {}
        while beginnings and num_found <= count:
            longer: dict[int, int] = {}
            for current, num_beginnings in beginnings.items():
                if self.verdict(current) in verdicts:
                    num_found += num_beginnings
                for byte, after in self.steps(current):
                    if self.found_distance(after, verdicts) >= 0:
                        num_bytes = self._classes[current].count(self._classes[current][byte])
                        longer[after] = longer.get(after, 0) + num_beginnings * num_bytes
            beginnings = longer
        return num_found > count

    def clipped(self, place: int) -> int:
        """A place that admits the same texts as long as these are shorter than MAX_TOLD_COUNT bytes."""
        languages = self._places[place]
        if len(languages) > 1:
            return place
        *head, last = languages[0].parts[0] if isinstance(languages[0], SequenceOf) else (languages[0],)
        if not _is_counter(last):
            return place
        _, minimum, maximum = last.parts
        told = None if maximum is None else min(maximum, MAX_TOLD_COUNT)
        if (minimum, maximum) == (min(minimum, MAX_TOLD_COUNT), told):
            return place
        return self.place((sequence(*head, repeat(ANY_CHARACTER, min(minimum, MAX_TOLD_COUNT), told)),))

    def name(self, place: int) -> str:
        """A name of the place that is the same in every process."""
        content = " ".join(digest(part, self._digests) for part in self._places[self.clipped(place)])
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def _counted_distance(languages: Languages, verdicts: Verdicts) -> int | None:
    """The bytes of the shortest text with one of `verdicts`, where only the number of its characters matters.

    DEAD where there is none, None where more than that number matters.
    """
    bounds = [_bounds(language) for language in languages]
    numbers = {0, *(bound[0] for bound in bounds if bound), *(bound[1] + 1 for bound in bounds if bound and bound[1])}
    for number in sorted(numbers) if None not in bounds else ():
        held = [bound[0] <= number and (bound[1] is None or number <= bound[1]) for bound in bounds if bound]
        if held[0] and 1 + sum(2 << index for index, holds in enumerate(held[1:]) if holds) in verdicts:
            return number
    return None if None in bounds else DEAD


def _bounds(language: Language) -> Lengths | None:
    """The numbers of characters that a language admits, where nothing else matters."""
    if language == NOTHING:
        return 1, 0
    if language == ANY_TEXT:
        return 0, None
    return language.parts[1:] if _is_counter(language) else None


def _num_alternatives(language: Language) -> int:
    return len(language.parts[0]) if isinstance(language, Union) else 1


def _is_counter(language: Language) -> bool:
    return isinstance(language, Repetition) and language.parts[0] == ANY_CHARACTER


@lru_cache(maxsize=4096)
def _class_table(partition: Partition) -> tuple[bytes, list[int]]:
    """The class of every byte, and the most readable byte of every class."""
    table = bytearray(256)
    representatives = []
    for index, mask in enumerate(partition):
        members = [byte for byte in range(256) if mask >> byte & 1]
        representatives.append(min(members, key=lambda byte: BYTE_RANKS[byte]))
        for byte in members:
            table[byte] = index
    return bytes(table), representatives
