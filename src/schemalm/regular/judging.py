"""Several languages judge one text: which verdicts there can be, and which texts come to one of them.

In: a tuple of languages, as in `places.py`: what a text may be, and the languages that judge it. A verdict has bit 0
set, and bit i + 1 where language i holds the text. Verdicts are found by reading: languages that hold nothing more, or
everything, are settled and cost no more, so words and beginnings of words are as cheap as they are long. Where that
takes long, the text's language is divided by one judge after the other, and parts are kept that hold a text.
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
Verdicts = frozenset[int]
# Judges, each with its bit.
Judges = tuple[tuple[int, Language], ...]

# Steps of judges that are read through before the text's language is divided: for one judge, doubled for each more.
SHORT_READ = 100
MAX_DOUBLINGS = 11
# Those that are read where dividing takes too much of the work of a call, and which part of it that is.
LONG_READ = 300_000
PART_TO_DIVIDE = 5
# Verdicts of one text; each is asked about again and again later.
MAX_VERDICTS = 1_000


def verdict_of(languages: Languages, text: bytes, memo: Memo, known: int = 1) -> int:
    """The verdict on a text that the first language holds; `known`: bits that it is known to have."""
    bits = ((2 << index, judge) for index, judge in enumerate(languages[1:]))
    return known | sum(bit for bit, judge in bits if not known & bit and memo.holds(judge, text))


def conjunctions(languages: Languages, verdicts: Verdicts) -> list[Language]:
    """Languages that together hold the texts that end with one of `verdicts`; visibly empty ones are left out."""
    within, open_judges, possible = _possible(languages, verdicts)
    if len(possible) == 1 << len(open_judges):
        return [within]
    parts = [[judge if verdict & bit else complement(judge) for bit, judge in open_judges] for verdict in possible]
    return [intersection([within, *judged]) for judged in parts]


def relaxations(languages: Languages, verdicts: Verdicts) -> dict[int, Language]:
    """Of each verdict the texts that are held by all who should; others may hold them too."""
    within, open_judges, possible = _possible(languages, verdicts)
    parts = {verdict: [judge for bit, judge in open_judges if verdict & bit] for verdict in possible}
    return {verdict: intersection([within, *judged]) for verdict, judged in parts.items()}


def _possible(languages: Languages, verdicts: Verdicts) -> tuple[Language, Judges, list[int]]:
    """What a text may be, the judges of which it is not plain what they will say, and verdicts that suit the others."""
    within, *judges = languages
    bits = [(2 << index, judge) for index, judge in enumerate(judges)]
    open_judges = tuple((bit, judge) for bit, judge in bits if judge not in (NOTHING, ANY_TEXT, within))
    held = sum(bit for bit, judge in bits if judge in (ANY_TEXT, within))
    settled = ~sum(bit for bit, _ in open_judges)
    return within, open_judges, [verdict for verdict in sorted(verdicts) if verdict & settled == 1 | held]


def reachable_verdicts(languages: Languages, search: Search, memo: Memo, max_states: int) -> Verdicts:
    """Every verdict with which a text may end; raises GaveUpError where that needs more than `max_states`."""
    within, *judges = languages
    start = (within, tuple((2 << index, judge) for index, judge in enumerate(judges)))
    reading = _Reading(search, memo, max_states)
    for find in (
        partial(reading.read, max_steps=SHORT_READ << min(len(judges), MAX_DOUBLINGS)),
        reading.divided,
    ):
        with suppress(GaveUpError):
            return frozenset(find(*start))
    return frozenset(reading.read(*start, max_steps=LONG_READ))


class _Reading:
    """One search for verdicts."""

    def __init__(self, search: Search, memo: Memo, max_states: int) -> None:
        self._search = search
        self._memo = memo
        self._max_states = max_states

    def read(self, within: Language, judges: Judges, max_steps: int) -> set[int]:
        """The verdicts, found by reading every text as far as judges are not settled."""
        found: set[int] = set()
        start = self._settle(within, judges, 1)
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
                found.add(settled | sum(bit for bit, judge in waiting if judge.nullable))
            for after in self._after(*state):
                num_steps += len(waiting)
                if after not in seen:
                    seen.add(after)
                    queue.append(after)
            if num_steps > max_steps or len(seen) > self._max_states:
                raise GaveUpError
        return found

    def _after(self, within: Language, judges: Judges, settled: int) -> Iterator[tuple[Language, Judges, int]]:
        parts = [within, *(judge for _, judge in judges)]
        _, representatives = class_table(meet([self._memo.classes(part) for part in parts]))
        for byte in representatives:
            rest = self._memo.after(within, byte)
            if rest != NOTHING:
                yield self._settle(rest, tuple((bit, self._memo.after(judge, byte)) for bit, judge in judges), settled)

    def _settle(self, within: Language, judges: Judges, settled: int) -> tuple[Language, Judges, int]:
        """Takes out the judges of which it is plain what they will say."""
        held = sum(bit for bit, judge in judges if judge in (ANY_TEXT, within))
        left = tuple((bit, judge) for bit, judge in judges if judge not in (NOTHING, ANY_TEXT, within))
        return within, left, settled | held

    def divided(self, within: Language, judges: Judges) -> set[int]:
        """The verdicts, found by dividing a language by one judge after the other."""
        within, judges, settled = self._settle(within, judges, 1)
        parts = [(within, settled)] if self._search.any([within], self._max_states) is not None else []
        budget = self._memo.budget
        most_units = budget.num_units + budget.limits.call_work // PART_TO_DIVIDE
        for bit, judge in judges:
            divided: list[tuple[Language, int]] = []
            for part, verdict in parts:
                if budget.num_units > most_units:
                    raise GaveUpError
                inside, outside = intersection([part, judge]), intersection([part, complement(judge)])
                if self._search.any([inside], self._max_states) is None:
                    divided.append((part, verdict))
                elif self._search.any([outside], self._max_states) is None:
                    divided.append((part, verdict | bit))
                else:
                    divided += [(inside, verdict | bit), (outside, verdict)]
            parts = divided
            if len(parts) > MAX_VERDICTS:
                raise GaveUpError
        return {verdict for _, verdict in parts}
