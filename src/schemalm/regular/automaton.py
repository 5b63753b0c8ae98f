"""One automaton for all texts of a grammar: where texts may end, with which outcomes, and how soon.

In: states of `lazy_dfa.py`, and outcomes. Out: whether a text leads from a state to one of the outcomes, the length of
a shortest such text, and the texts themselves. A state remembers the text that was found for it, and passes the rest
of the text to the state after its first byte. So a state with a known end always has a next byte with a known end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from heapq import heappop, heappush

from schemalm.limits import Budget
from schemalm.regular.language import BYTE_RANKS
from schemalm.regular.lazy_dfa import DEAD, UNKNOWN, Languages, LazyDfa
from schemalm.regular.outcomes import Outcomes, conjunctions, outcome_of, reachable_outcomes, relaxations
from schemalm.regular.search import GaveUpError, Search, too_many_states, width

__all__ = ["DEAD", "Automaton", "Outcomes"]

# A distance from the end, and the bytes with their next states at that distance, readable bytes first.
Siblings = tuple[int, list[tuple[int, int]]]

# Languages that one search may visit while a text is written.
MAX_SHORT_SEARCH = 2_000
# Languages that a search may visit for a more readable text or for a guess.
MAX_QUICK_SEARCH = 500
# Outcomes for which a text is guessed.
MAX_GUESSES = 8
# A byte that leaves more alternatives than this, and more than before, is used only as a last resort.
FEW_ALTERNATIVES = 4
# With more alternatives than this, the text that was found first is followed, and no more readable one is searched.
MANY_ALTERNATIVES = 16
# The cost of following all bytes of a state, in units of work.
STATE_UNITS = 20


class AcceptingPath:
    """A text that leads from a state to an end; its first `num_read` bytes have been read.

    is_shortest: whether no shorter text leads to the same outcomes.
    """

    __slots__ = ("is_shortest", "num_read", "text")

    def __init__(self, text: bytes, num_read: int, is_shortest: bool) -> None:
        self.text = text
        self.num_read = num_read
        self.is_shortest = is_shortest

    def __len__(self) -> int:
        return len(self.text) - self.num_read


class Automaton(LazyDfa):
    """Finds where the texts of numbered states may end.

    `Limits.automaton_states` bounds each search. A search over the limit raises LimitError; the automaton stays usable.
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self._max_states = budget.limits.automaton_states
        self._search = Search(self.memo, budget)
        self._paths: dict[int, dict[Outcomes, AcceptingPath]] = {}
        # Failed searches: the number of states after which a search was given up, 0 if there is no text at all.
        self._failed_searches: dict[tuple[int, Outcomes], int] = {}
        self._reachable: dict[int, Outcomes] = {}

    def _after(self, state: int, byte: int) -> int:
        target = super()._after(state, byte)
        for outcomes, path in list(self._paths.get(state, {}).items()):
            if path and path.text[path.num_read] in self.bytes_like(state, byte):
                self._propagate(target, outcomes, AcceptingPath(path.text, path.num_read + 1, path.is_shortest))
        return target

    def _propagate(self, state: int, outcomes: Outcomes, path: AcceptingPath) -> None:
        """Records a path at a state and at the known states after it."""
        while True:
            known = self._paths.setdefault(state, {})
            if outcomes not in known or path.is_shortest:
                known[outcomes] = path
            if not path or not self._classes[state]:
                return
            state = self._targets[state][self._classes[state][path.text[path.num_read]]]
            path = AcceptingPath(path.text, path.num_read + 1, path.is_shortest)
            if state == UNKNOWN or self._is_as_good(state, outcomes, path):
                return

    def _is_as_good(self, state: int, outcomes: Outcomes, path: AcceptingPath) -> bool:
        known = self._paths.get(state, {}).get(outcomes)
        return known is not None and (known.is_shortest or not path.is_shortest)

    def can_end(self, state: int, outcomes: Outcomes) -> bool:
        """Whether a text from `state` may end with one of `outcomes`.

        The answer is False if a short search cannot decide. A state that can end has a known path to an end, so some
        next state can end too.
        """
        languages = self._languages[state]
        if self._outcomes[state] in outcomes or (len(languages) == 1 and languages[0].is_plain):
            return True
        if outcomes in self._paths.get(state, ()):
            return True
        if (state, outcomes) in self._failed_searches:
            return False
        return self._find(state, outcomes, False, min(self._max_states, MAX_SHORT_SEARCH)) is not None

    def distance(self, state: int, outcomes: Outcomes) -> int:
        """The length in bytes of the shortest text from `state` with one of `outcomes`; DEAD if there is none.

        Raises LimitError if the search visits more states than the limit.
        """
        found = self._distance(state, outcomes, self._max_states)
        if found is None:
            raise too_many_states(self._max_states)
        return found

    def quick_distance(self, state: int, outcomes: Outcomes) -> int:
        """The distance if a short search finds it, else DEAD."""
        found = self._distance(state, outcomes, min(self._max_states, MAX_SHORT_SEARCH))
        return DEAD if found is None else found

    def _distance(self, state: int, outcomes: Outcomes, max_states: int) -> int | None:
        languages = self._languages[state]
        if self._outcomes[state] in outcomes:
            return 0
        if len(languages) == 1 and languages[0].is_plain:
            return self.memo.min_bytes(languages[0])
        path = self._paths.get(state, {}).get(outcomes)
        if path is not None and path.is_shortest:
            return len(path)
        key = (state, outcomes)
        if self._failed_searches.get(key, max_states - 1) < max_states and self._failed_searches.get(key) != 0:
            text = self._find(state, outcomes, True, max_states)
            if text is not None:
                return len(text)
        return None if self._failed_searches[key] else DEAD

    def _find(self, state: int, outcomes: Outcomes, want_shortest: bool, max_states: int) -> bytes | None:
        """A text from `state` to one of `outcomes`, which the state remembers; None if none was found."""
        find = self._search.shortest if want_shortest else self._search.any
        languages = self._languages[state]
        try:
            text = self._guess_text(languages, outcomes, want_shortest)
            if text is None:
                text = find(conjunctions(languages, outcomes), max_states)
        except GaveUpError:
            self._failed_searches[state, outcomes] = max_states
            return None
        if text is None:
            self._failed_searches[state, outcomes] = 0
        else:
            self._failed_searches.pop((state, outcomes), None)
            self._propagate(state, outcomes, AcceptingPath(text, 0, want_shortest))
        return text

    def _guess_text(self, languages: Languages, outcomes: Outcomes, want_shortest: bool) -> bytes | None:
        """A text with one of `outcomes`, found by a search that ignores the predicates that must be false."""
        if len(languages) == 1:
            return None
        relaxed = relaxations(languages, outcomes)
        with suppress(GaveUpError):
            if want_shortest:
                text = self._search.shortest(relaxed.values(), MAX_QUICK_SEARCH)
                is_found = text is not None and outcome_of(languages, text, self.memo) in outcomes
                return text if is_found else None
            for outcome, language in list(relaxed.items())[:MAX_GUESSES]:
                text = self._search.any([language], MAX_QUICK_SEARCH)
                if text is not None and outcome_of(languages, text, self.memo, outcome) in outcomes:
                    return text
        return None

    def _is_within(self, state: int, outcomes: Outcomes, most: int) -> bool:
        """Whether a short search finds a text of at most `most` bytes that ends with one of `outcomes`."""
        languages = self._languages[state]
        if self._outcomes[state] in outcomes:
            return True
        if len(languages) == 1 and languages[0].is_plain:
            return self.memo.min_bytes(languages[0]) <= most
        path = self._paths.get(state, {}).get(outcomes)
        if path is not None and (path.is_shortest or len(path) <= most):
            return len(path) <= most
        try:
            text = self._search.shortest(conjunctions(languages, outcomes), MAX_QUICK_SEARCH, most)
        except GaveUpError:
            return False
        if text is not None:
            self._propagate(state, outcomes, AcceptingPath(text, 0, True))
        return text is not None

    def outcomes(self, state: int) -> Outcomes:
        """Every outcome that a text from `state` may end with; raises LimitError if the search takes too long."""
        if state not in self._reachable:
            try:
                found = reachable_outcomes(self._languages[state], self._search, self.memo, self._max_states)
            except GaveUpError:
                raise too_many_states(self._max_states) from None
            self._reachable[state] = found
        return self._reachable[state]

    def closest_byte(self, state: int, outcomes: Outcomes) -> int:
        """The most readable byte that leads one step closer to an end with one of `outcomes`.

        Bytes that do not increase the number of alternatives come first, unless there are few alternatives anyway.
        """
        distance = self.distance(state, outcomes)
        num_alternatives = self._num_alternatives(state)
        path = self._paths.get(state, {}).get(outcomes)
        if path is not None and path.is_shortest and num_alternatives > MANY_ALTERNATIVES:
            return path.text[path.num_read]
        fallback = DEAD
        for byte in sorted(self._representatives_of(state), key=BYTE_RANKS.__getitem__):
            after = self.step(state, byte)
            if after == DEAD or not self._is_within(after, outcomes, distance - 1):
                continue
            if self._num_alternatives(after) <= max(FEW_ALTERNATIVES, num_alternatives):
                return byte
            fallback = byte if fallback == DEAD else fallback
        return fallback

    def _num_alternatives(self, state: int) -> int:
        return sum(map(width, self._languages[state]))

    def texts(self, state: int, outcomes: Outcomes) -> Iterator[bytes]:
        """Yield every text from `state` that ends with one of `outcomes`, shortest first, then most readable."""
        groups: dict[int, list[Siblings]] = {}
        # Ordered by estimated length, then longer prefixes, then readable ones; of siblings, only the next is queued.
        queue: list[tuple[int, int, list[int], bytes, Siblings, int]] = []

        def add(ranks: list[int], text: bytes, siblings: Siblings, index: int) -> None:
            distance, steps = siblings
            longer = [*ranks, BYTE_RANKS[steps[index][0]]]
            heappush(queue, (len(longer) + distance, -len(longer), longer, text, siblings, index))

        def visit(ranks: list[int], text: bytes, state: int) -> None:
            if state not in groups:
                groups[state] = self._siblings(state, outcomes)
            for siblings in groups[state]:
                add(ranks, text, siblings, 0)

        if self.distance(state, outcomes) >= 0:
            if self.outcome(state) in outcomes:
                yield b""
            visit([], b"", state)
        while queue:
            estimate, _, ranks, before, siblings, index = heappop(queue)
            byte, after = siblings[1][index]
            if index + 1 < len(siblings[1]):
                add(ranks[:-1], before, siblings, index + 1)
            text = before + bytes([byte])
            self.budget.work(len(text))
            if estimate == len(text) and self.outcome(after) in outcomes:
                yield text
            visit(ranks, text, after)

    def _siblings(self, state: int, outcomes: Outcomes) -> list[Siblings]:
        """The bytes that may come at a state with their next states, grouped by the distance from there to an end."""
        found: dict[int, list[tuple[int, int]]] = {}
        targets = self.targets(state)
        distances = {after: self.quick_distance(after, outcomes) for after in set(targets) - {DEAD}}
        for byte, after in sorted(enumerate(targets), key=lambda step: BYTE_RANKS[step[0]]):
            distance = distances.get(after, DEAD)
            if distance >= 0:
                found.setdefault(distance, []).append((byte, after))
        return list(found.items())

    def all_texts(self, state: int, outcomes: Outcomes) -> list[bytes]:
        """Every text from `state` that ends with one of `outcomes`; there must be finitely many."""
        found: list[bytes] = []
        beginnings = [(b"", state)]
        steps: dict[int, list[tuple[bytes, int]]] = {}
        while beginnings:
            text, state = beginnings.pop()
            if self.outcome(state) in outcomes:
                found.append(text)
            if state not in steps:
                self.budget.work(STATE_UNITS)
                targets = enumerate(self.targets(state))
                steps[state] = [
                    (bytes([byte]), after) for byte, after in targets if after != DEAD and self.can_end(after, outcomes)
                ]
            self.budget.work(len(steps[state]) + 1)
            beginnings += [(text + byte, after) for byte, after in steps[state]]
        return found

    def has_more_texts(self, state: int, outcomes: Outcomes, count: int) -> bool:
        """Whether more than `count` texts lead from `state` to one of `outcomes`."""
        num_found = 0
        # The number of prefixes of one length that lead to each state; from each state an end can be reached.
        beginnings = {state: 1} if self.can_end(state, outcomes) else {}
        while beginnings:
            longer: dict[int, int] = {}
            for current, num_beginnings in beginnings.items():
                if self.outcome(current) in outcomes:
                    num_found += num_beginnings
                for byte, after in self.steps(current):
                    self.budget.work()
                    if self.can_end(after, outcomes):
                        num_bytes = self._classes[current].count(self._classes[current][byte])
                        longer[after] = longer.get(after, 0) + num_beginnings * num_bytes
            # Each prefix has an end of its own.
            if num_found + sum(longer.values()) > count:
                return True
            beginnings = longer
        return False
