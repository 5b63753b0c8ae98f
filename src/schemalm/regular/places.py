"""Places of texts: several languages at once, as a byte string is read.

A place is a tuple of languages: what may still come, and the languages to be judged besides. Places are numbered and
their transitions found on first use, by derivatives: nothing is unrolled, a count of a million costs no more than one
of two. The verdict of a place has bit 0 set where the text may end, and bit i + 1 where language i holds it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from schemalm.errors import LimitError
from schemalm.limits import Budget
from schemalm.regular.counting import is_counter
from schemalm.regular.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    NOTHING,
    Language,
    digest,
    meet,
    repeat,
    sequence,
)
from schemalm.regular.language import Sequence as SequenceOf
from schemalm.regular.search import MAX_REMEMBERED, Memo, class_table, width

DEAD = -1
UNKNOWN = -2
Languages = tuple[Language, ...]

# Labels and masks tell counts up to this apart: no token is longer.
MAX_TOLD_COUNT = 128
# A place follows at most one alternative for so many states that a search may pass.
STATES_PER_ALTERNATIVE = 20


class Places:
    """Numbers places and the steps between them; `budget` counts the work."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.memo = Memo(budget)
        self._languages: list[Languages] = []
        self._numbers: dict[Languages, int] = {}
        self._classes: list[bytes] = []
        self._representatives: list[list[int]] = []
        self._targets: list[list[int]] = []
        self._verdicts: list[int] = []
        self._digests: dict[Language, str] = {}

    def place(self, languages: Languages) -> int:
        """The number of a place; DEAD where nothing may come."""
        if languages[0] == NOTHING:
            return DEAD
        number = self._numbers.get(languages)
        if number is None:
            number = self._numbers[languages] = len(self._languages)
            self._languages.append(languages)
            self._classes.append(b"")
            self._representatives.append([])
            self._targets.append([])
            self._verdicts.append(_verdict(languages))
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
        partition = meet([self.memo.classes(part) for part in self._languages[place] if part != NOTHING])
        self._classes[place], self._representatives[place] = class_table(partition)
        self._targets[place] = [UNKNOWN] * len(partition)

    def _after(self, place: int, byte: int) -> int:
        before = self._languages[place]
        languages = tuple(NOTHING if part == NOTHING else self.memo.after(part, byte) for part in before)
        self.budget.work(len(languages))
        maximum = self.budget.limits.automaton_states
        most = maximum // STATES_PER_ALTERNATIVE
        for part, after in zip(before, languages, strict=True):
            if most < width(after) > width(part):
                message = f"a pattern leaves more than {most} ways to go on"
                raise LimitError(message, limit="automaton_states", maximum=maximum, keyword="pattern")
        return self.place(languages)

    def steps(self, place: int) -> Iterator[tuple[int, int]]:
        """One byte of every class, the most readable one, with the place that it leads to."""
        for byte in self._representatives_of(place):
            after = self.step(place, byte)
            if after != DEAD:
                yield byte, after

    def _representatives_of(self, place: int) -> list[int]:
        if not self._classes[place]:
            self._find_classes(place)
        return self._representatives[place]

    def targets(self, place: int) -> list[int]:
        """The place after each of the 256 bytes; DEAD where no text goes on."""
        after = [self.step(place, byte) for byte in self._representatives_of(place)]
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
        return self._languages[place] == (ANY_TEXT,)

    def _run_counted(self, text: bytes, place: int) -> int | None:
        """The place after valid UTF-8 where only the number of its characters matters; None for other places."""
        if self.admits_every_text(place):
            return place
        languages = self._languages[place]
        if len(languages) > 1 or not is_counter(languages[0]):
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
        return self._verdicts[place]

    def clipped(self, place: int) -> int:
        """A place that admits the same texts as long as these are shorter than MAX_TOLD_COUNT bytes."""
        languages = self._languages[place]
        if len(languages) > 1:
            return place
        *head, last = languages[0].parts[0] if isinstance(languages[0], SequenceOf) else (languages[0],)
        if not is_counter(last):
            return place
        _, minimum, maximum = last.parts
        told = None if maximum is None else min(maximum, MAX_TOLD_COUNT)
        if (minimum, maximum) == (min(minimum, MAX_TOLD_COUNT), told):
            return place
        return self.place((sequence(*head, repeat(ANY_CHARACTER, min(minimum, MAX_TOLD_COUNT), told)),))

    def name(self, place: int) -> str:
        """A name of the place that is the same in every process."""
        if len(self._digests) > MAX_REMEMBERED:
            self._digests.clear()
        content = " ".join(digest(part, self._digests) for part in self._languages[self.clipped(place)])
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def _verdict(languages: Languages) -> int:
    within, *judged = languages
    return 1 + sum(2 << index for index, part in enumerate(judged) if part.nullable) if within.nullable else 0
