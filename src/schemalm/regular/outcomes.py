"""The outcomes of texts: which of several predicates a text satisfies, and which texts have a given outcome.

In: a tuple of languages as in `lazy_dfa.py`: the domain of the texts, then the predicates, which are languages too. An
outcome has bit 0 set, and bit i + 1 if predicate i contains the text. Outcomes are found by reading. A predicate that
is certain to be true or false is settled and costs no more, so words and prefixes are cheap. If reading takes too
long, the domain is divided by one predicate after another, and the parts that contain a text are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from schemalm.regular.language import (
    ANY_TEXT,
    NOTHING,
    Language,
    complement,
    intersection,
    meet,
)
from schemalm.regular.search import GaveUpError, Memo, Search, class_table

Languages = tuple[Language, ...]
Outcomes = frozenset[int]
# Each predicate with its bit.
Predicates = tuple[tuple[int, Language], ...]

# Steps of predicates that are read before the domain is divided: the number for one predicate; each more doubles it.
SHORT_READ_STEPS = 100
MAX_DOUBLINGS = 11
# Steps that are read if dividing takes more than this fraction (1 / DIVISION_SHARE) of the work of a call.
LONG_READ_STEPS = 300_000
DIVISION_SHARE = 5
# Outcomes of one text; each of them is looked up often later.
MAX_OUTCOMES = 1_000


def outcome_of(languages: Languages, text: bytes, memo: Memo, known: int = 1) -> int:
    """The outcome of a text that the domain contains; `known`: bits that are known to be set."""
    bits = ((2 << index, predicate) for index, predicate in enumerate(languages[1:]))
    return known | sum(bit for bit, predicate in bits if not known & bit and memo.contains(predicate, text))


def conjunctions(languages: Languages, outcomes: Outcomes) -> list[Language]:
    """Languages that together contain the texts with one of `outcomes`; those that are visibly empty are left out."""
    domain, open_predicates, possible = _possible(languages, outcomes)
    if len(possible) == 1 << len(open_predicates):
        return [domain]
    parts = [
        [predicate if outcome & bit else complement(predicate) for bit, predicate in open_predicates]
        for outcome in possible
    ]
    return [intersection([domain, *predicates]) for predicates in parts]


def relaxations(languages: Languages, outcomes: Outcomes) -> dict[int, Language]:
    """For each outcome, the texts that satisfy its true predicates; they may satisfy others too."""
    domain, open_predicates, possible = _possible(languages, outcomes)
    parts = {outcome: [predicate for bit, predicate in open_predicates if outcome & bit] for outcome in possible}
    return {outcome: intersection([domain, *predicates]) for outcome, predicates in parts.items()}


def _possible(languages: Languages, outcomes: Outcomes) -> tuple[Language, Predicates, list[int]]:
    """The domain, the predicates that are not settled, and the outcomes that agree with the settled ones."""
    domain, *predicates = languages
    bits = [(2 << index, predicate) for index, predicate in enumerate(predicates)]
    open_predicates = tuple((bit, predicate) for bit, predicate in bits if predicate not in (NOTHING, ANY_TEXT, domain))
    held = sum(bit for bit, predicate in bits if predicate in (ANY_TEXT, domain))
    settled = ~sum(bit for bit, _ in open_predicates)
    return domain, open_predicates, [outcome for outcome in sorted(outcomes) if outcome & settled == 1 | held]


def reachable_outcomes(languages: Languages, search: Search, memo: Memo, max_states: int) -> Outcomes:
    """Every outcome that a text may have; raises GaveUpError if the search visits more than `max_states`."""
    domain, *predicates = languages
    start = (domain, tuple((2 << index, predicate) for index, predicate in enumerate(predicates)))
    reading = _OutcomeSearch(search, memo, max_states)
    for find in (
        partial(reading.read, max_steps=SHORT_READ_STEPS << min(len(predicates), MAX_DOUBLINGS)),
        reading.divided,
    ):
        with suppress(GaveUpError):
            return frozenset(find(*start))
    return frozenset(reading.read(*start, max_steps=LONG_READ_STEPS))


class _OutcomeSearch:
    """One search for outcomes."""

    def __init__(self, search: Search, memo: Memo, max_states: int) -> None:
        self._search = search
        self._memo = memo
        self._max_states = max_states

    def read(self, domain: Language, predicates: Predicates, max_steps: int) -> set[int]:
        """The outcomes, found by reading every text until all predicates are settled."""
        found: set[int] = set()
        start = self._settle(domain, predicates, 1)
        seen = {start}
        queue = [start]
        num_steps = 0
        for state in queue:
            text, waiting, settled = state
            if not waiting:
                if settled not in found and self._search.any([text], self._max_states) is not None:
                    found.add(settled)
                continue
            if text.nullable:
                found.add(settled | sum(bit for bit, predicate in waiting if predicate.nullable))
            for after in self._after(*state):
                num_steps += len(waiting)
                if after not in seen:
                    seen.add(after)
                    queue.append(after)
            if num_steps > max_steps or len(seen) > self._max_states:
                raise GaveUpError
        return found

    def _after(
        self, domain: Language, predicates: Predicates, settled: int
    ) -> Iterator[tuple[Language, Predicates, int]]:
        parts = [domain, *(predicate for _, predicate in predicates)]
        _, representatives = class_table(meet([self._memo.classes(part) for part in parts]))
        for byte in representatives:
            rest = self._memo.after(domain, byte)
            if rest != NOTHING:
                yield self._settle(
                    rest, tuple((bit, self._memo.after(predicate, byte)) for bit, predicate in predicates), settled
                )

    def _settle(self, domain: Language, predicates: Predicates, settled: int) -> tuple[Language, Predicates, int]:
        """Takes out the predicates whose result is certain."""
        held = sum(bit for bit, predicate in predicates if predicate in (ANY_TEXT, domain))
        left = tuple((bit, predicate) for bit, predicate in predicates if predicate not in (NOTHING, ANY_TEXT, domain))
        return domain, left, settled | held

    def divided(self, domain: Language, predicates: Predicates) -> set[int]:
        """The outcomes, found by dividing the domain by one predicate after another."""
        domain, predicates, settled = self._settle(domain, predicates, 1)
        parts = [(domain, settled)] if self._search.any([domain], self._max_states) is not None else []
        budget = self._memo.budget
        most_units = budget.num_units + budget.limits.call_work // DIVISION_SHARE
        for bit, predicate in predicates:
            divided: list[tuple[Language, int]] = []
            for part, outcome in parts:
                if budget.num_units > most_units:
                    raise GaveUpError
                inside, outside = intersection([part, predicate]), intersection([part, complement(predicate)])
                if self._search.any([inside], self._max_states) is None:
                    divided.append((part, outcome))
                elif self._search.any([outside], self._max_states) is None:
                    divided.append((part, outcome | bit))
                else:
                    divided += [(inside, outcome | bit), (outside, outcome)]
            parts = divided
            if len(parts) > MAX_OUTCOMES:
                raise GaveUpError
        return {outcome for _, outcome in parts}
