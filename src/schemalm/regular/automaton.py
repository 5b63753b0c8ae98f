"""One automaton for all texts of a grammar: where they may end, with which verdicts, and how soon.

In: places of `places.py`, and verdicts. Out: whether a text leads from a place to one of the verdicts, how long a
shortest one is, and the texts themselves. A place at which a text was found keeps it, and hands what is left of it on
to the place after its next byte: from where an end is known, some byte leads on to where one is known too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from heapq import heappop, heappush

from schemalm.limits import Budget
from schemalm.regular.judging import Verdicts, conjunctions, reachable_verdicts, relaxations, verdict_of
from schemalm.regular.language import BYTE_RANKS
from schemalm.regular.places import DEAD, UNKNOWN, Languages, Places
from schemalm.regular.search import GaveUpError, Search, too_many_states, width

__all__ = ["DEAD", "Automaton", "Verdicts"]

# A distance from the end, and bytes with the places after them that have it, readable ones first.
Siblings = tuple[int, list[tuple[int, int]]]

# Languages that one search meets while a text is written; a longer one is given up.
MAX_SHORT_SEARCH = 2_000
# Languages that a search for a more readable text meets, or one with luck.
MAX_GLANCE = 500
# Verdicts for which a text is tried with luck.
MAX_LUCKY = 8
# Alternatives of a place that cost little to follow: where more would be left, bytes that leave fewer go first.
FEW_ALTERNATIVES = 4
# Alternatives of a place from which a text goes on as it was found, without a look at more readable ones.
MANY_ALTERNATIVES = 16
# What it costs to look at all bytes at a place, units of work.
PLACE_UNITS = 20


class Way:
    """A text that leads from a place to an end, of which `num_read` bytes have been read; whether none is shorter."""

    __slots__ = ("is_shortest", "num_read", "text")

    def __init__(self, text: bytes, num_read: int, is_shortest: bool) -> None:
        self.text = text
        self.num_read = num_read
        self.is_shortest = is_shortest

    def __len__(self) -> int:
        return len(self.text) - self.num_read


class Automaton(Places):
    """Tells where the texts of numbered places may end.

    `Limits.automaton_states` bounds every single search; raises LimitError where it is passed, and goes on to serve.
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self._max_states = budget.limits.automaton_states
        self._search = Search(self.memo, budget)
        self._ways: dict[int, dict[Verdicts, Way]] = {}
        # Where no end was found: the states after which the search was given up, 0 where there is none.
        self._ended: dict[tuple[int, Verdicts], int] = {}
        self._reachable: dict[int, Verdicts] = {}

    def _after(self, place: int, byte: int) -> int:
        target = super()._after(place, byte)
        for verdicts, way in list(self._ways.get(place, {}).items()):
            if way and self._classes[place][way.text[way.num_read]] == self._classes[place][byte]:
                self._hand_on(target, verdicts, Way(way.text, way.num_read + 1, way.is_shortest))
        return target

    def _hand_on(self, place: int, verdicts: Verdicts, way: Way) -> None:
        """Notes a way, here and at the places after it that are there already."""
        while True:
            known = self._ways.setdefault(place, {})
            if verdicts not in known or way.is_shortest:
                known[verdicts] = way
            if not way or not self._classes[place]:
                return
            place = self._targets[place][self._classes[place][way.text[way.num_read]]]
            way = Way(way.text, way.num_read + 1, way.is_shortest)
            if place == UNKNOWN or self._is_as_good(place, verdicts, way):
                return

    def _is_as_good(self, place: int, verdicts: Verdicts, way: Way) -> bool:
        known = self._ways.get(place, {}).get(verdicts)
        return known is not None and (known.is_shortest or not way.is_shortest)

    def can_end(self, place: int, verdicts: Verdicts) -> bool:
        """Whether a text from here may end with one of `verdicts`.

        Where that takes long to decide it counts as impossible. A place that can end has a known way there, so some
        byte still goes on.
        """
        languages = self._languages[place]
        if self._verdicts[place] in verdicts or (len(languages) == 1 and languages[0].is_plain):
            return True
        if verdicts in self._ways.get(place, ()):
            return True
        if (place, verdicts) in self._ended:
            return False
        return self._find(place, verdicts, False, min(self._max_states, MAX_SHORT_SEARCH)) is not None

    def distance(self, place: int, verdicts: Verdicts) -> int:
        """The bytes of the shortest text from here that ends with one of `verdicts`; DEAD where there is none.

        Raises LimitError where the search passes more states than the limit.
        """
        found = self._distance(place, verdicts, self._max_states)
        if found is None:
            raise too_many_states(self._max_states)
        return found

    def found_distance(self, place: int, verdicts: Verdicts) -> int:
        """The distance where a short search finds it, else DEAD."""
        found = self._distance(place, verdicts, min(self._max_states, MAX_SHORT_SEARCH))
        return DEAD if found is None else found

    def _distance(self, place: int, verdicts: Verdicts, max_states: int) -> int | None:
        languages = self._languages[place]
        if self._verdicts[place] in verdicts:
            return 0
        if len(languages) == 1 and languages[0].is_plain:
            return self.memo.least(languages[0])
        way = self._ways.get(place, {}).get(verdicts)
        if way is not None and way.is_shortest:
            return len(way)
        key = (place, verdicts)
        if self._ended.get(key, max_states - 1) < max_states and self._ended.get(key) != 0:
            text = self._find(place, verdicts, True, max_states)
            if text is not None:
                return len(text)
        return None if self._ended[key] else DEAD

    def _find(self, place: int, verdicts: Verdicts, nearest: bool, max_states: int) -> bytes | None:
        """A text from here to one of `verdicts`, which the place keeps; None where none was found."""
        find = self._search.shortest if nearest else self._search.any
        languages = self._languages[place]
        try:
            text = self._lucky_text(languages, verdicts, nearest)
            if text is None:
                text = find(conjunctions(languages, verdicts), max_states)
        except GaveUpError:
            self._ended[place, verdicts] = max_states
            return None
        if text is None:
            self._ended[place, verdicts] = 0
        else:
            self._ended.pop((place, verdicts), None)
            self._hand_on(place, verdicts, Way(text, 0, nearest))
        return text

    def _lucky_text(self, languages: Languages, verdicts: Verdicts, nearest: bool) -> bytes | None:
        """A text that ends with one of `verdicts`, found without a look at the languages that must not hold it."""
        if len(languages) == 1:
            return None
        relaxed = relaxations(languages, verdicts)
        with suppress(GaveUpError):
            if nearest:
                text = self._search.shortest(relaxed.values(), MAX_GLANCE)
                is_found = text is not None and verdict_of(languages, text, self.memo) in verdicts
                return text if is_found else None
            for verdict, language in list(relaxed.items())[:MAX_LUCKY]:
                text = self._search.any([language], MAX_GLANCE)
                if text is not None and verdict_of(languages, text, self.memo, verdict) in verdicts:
                    return text
        return None

    def _comes_closer(self, place: int, verdicts: Verdicts, most: int) -> bool:
        """Whether a text of at most `most` bytes ends with one of `verdicts`, as far as a glance tells."""
        languages = self._languages[place]
        if self._verdicts[place] in verdicts:
            return True
        if len(languages) == 1 and languages[0].is_plain:
            return self.memo.least(languages[0]) <= most
        way = self._ways.get(place, {}).get(verdicts)
        if way is not None and (way.is_shortest or len(way) <= most):
            return len(way) <= most
        try:
            text = self._search.shortest(conjunctions(languages, verdicts), MAX_GLANCE, most)
        except GaveUpError:
            return False
        if text is not None:
            self._hand_on(place, verdicts, Way(text, 0, True))
        return text is not None

    def verdicts(self, place: int) -> Verdicts:
        """Every verdict with which a text from here may end; raises LimitError where finding them takes too long."""
        if place not in self._reachable:
            try:
                found = reachable_verdicts(self._languages[place], self._search, self.memo, self._max_states)
            except GaveUpError:
                raise too_many_states(self._max_states) from None
            self._reachable[place] = found
        return self._reachable[place]

    def closest_byte(self, place: int, verdicts: Verdicts) -> int:
        """The most readable byte that comes one step closer to an end with one of `verdicts`.

        Bytes that leave no more alternatives than before go first, where these are more than a few.
        """
        distance = self.distance(place, verdicts)
        num_alternatives = self._num_alternatives(place)
        way = self._ways.get(place, {}).get(verdicts)
        if way is not None and way.is_shortest and num_alternatives > MANY_ALTERNATIVES:
            return way.text[way.num_read]
        fallback = DEAD
        for byte in sorted(self._representatives_of(place), key=BYTE_RANKS.__getitem__):
            after = self.step(place, byte)
            if after == DEAD or not self._comes_closer(after, verdicts, distance - 1):
                continue
            if self._num_alternatives(after) <= max(FEW_ALTERNATIVES, num_alternatives):
                return byte
            fallback = byte if fallback == DEAD else fallback
        return fallback

    def _num_alternatives(self, place: int) -> int:
        return sum(map(width, self._languages[place]))

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
            self.budget.work(len(text))
            if estimate == len(text) and self.verdict(after) in verdicts:
                yield text
            visit(ranks, text, after)

    def _siblings(self, place: int, verdicts: Verdicts) -> list[Siblings]:
        """The bytes that may come at a place, with the place after each, by the distance from there to an end."""
        found: dict[int, list[tuple[int, int]]] = {}
        targets = self.targets(place)
        distances = {after: self.found_distance(after, verdicts) for after in set(targets) - {DEAD}}
        for byte, after in sorted(enumerate(targets), key=lambda step: BYTE_RANKS[step[0]]):
            distance = distances.get(after, DEAD)
            if distance >= 0:
                found.setdefault(distance, []).append((byte, after))
        return list(found.items())

    def all_texts(self, place: int, verdicts: Verdicts) -> list[bytes]:
        """Every text from here that ends with one of `verdicts`; there must be finitely many."""
        found: list[bytes] = []
        beginnings = [(b"", place)]
        steps: dict[int, list[tuple[bytes, int]]] = {}
        while beginnings:
            text, place = beginnings.pop()
            if self.verdict(place) in verdicts:
                found.append(text)
            if place not in steps:
                self.budget.work(PLACE_UNITS)
                targets = enumerate(self.targets(place))
                steps[place] = [
                    (bytes([byte]), after) for byte, after in targets if after != DEAD and self.can_end(after, verdicts)
                ]
            self.budget.work(len(steps[place]) + 1)
            beginnings += [(text + byte, after) for byte, after in steps[place]]
        return found

    def has_more_texts(self, place: int, verdicts: Verdicts, count: int) -> bool:
        """Whether more than `count` texts lead from here to one of `verdicts`."""
        num_found = 0
        # How many beginnings of equal length lead to each place from which an end can be reached.
        beginnings = {place: 1} if self.can_end(place, verdicts) else {}
        while beginnings:
            longer: dict[int, int] = {}
            for current, num_beginnings in beginnings.items():
                if self.verdict(current) in verdicts:
                    num_found += num_beginnings
                for byte, after in self.steps(current):
                    self.budget.work()
                    if self.can_end(after, verdicts):
                        num_bytes = self._classes[current].count(self._classes[current][byte])
                        longer[after] = longer.get(after, 0) + num_beginnings * num_bytes
            # Each beginning has an end of its own.
            if num_found + sum(longer.values()) > count:
                return True
            beginnings = longer
        return False
