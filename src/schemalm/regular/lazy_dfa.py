"""A deterministic automaton that reads byte strings by several languages at once; its states are built on first use.

A state is a tuple of languages: what may still come, and predicates on the whole text. States are numbered, and their
transitions are derivatives. Nothing is unrolled: a count of a million costs no more than a count of two. The outcome
of a state has bit 0 set if the text may end there, and bit i + 1 if predicate i is true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from schemalm.errors import LimitError
from schemalm.limits import Budget
from schemalm.regular.counting import is_counter
from schemalm.regular.language import (
    ANY_CHARACTER,
    ANY_TEXT,
    NOTHING,
    Language,
    digest,
    intersection,
    meet,
    repeat,
    sequence,
)
from schemalm.regular.language import Sequence as SequenceOf
from schemalm.regular.search import MAX_MEMO_ENTRIES, Memo, class_table, width

DEAD = -1
UNKNOWN = -2
Languages = tuple[Language, ...]

# Labels and masks distinguish counts up to this; no token is longer.
MAX_DISTINCT_COUNT = 128
# A state may follow at most one alternative for this many states that a search may visit.
STATES_PER_ALTERNATIVE = 20


class LazyDfa:
    """Numbers states and their transitions; `budget` counts the work."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.memo = Memo(budget)
        self._languages: list[Languages] = []
        self._numbers: dict[Languages, int] = {}
        self._classes: list[bytes] = []
        self._representatives: list[list[int]] = []
        self._targets: list[list[int]] = []
        self._outcomes: list[int] = []
        self._has_cheap_steps: list[bool] = []
        self._alone: dict[int, int] = {}
        self._digests: dict[Language, str] = {}

    def state(self, languages: Languages) -> int:
        """The number of a state; DEAD if nothing may come."""
        if languages[0] == NOTHING:
            return DEAD
        number = self._numbers.get(languages)
        if number is None:
            number = self._numbers[languages] = len(self._languages)
            self._languages.append(languages)
            self._classes.append(b"")
            self._representatives.append([])
            self._targets.append([])
            self._outcomes.append(_outcome(languages))
            self._has_cheap_steps.append(any(language.has_cheap_steps for language in languages))
        return number

    def step(self, state: int, byte: int) -> int:
        """The state after one byte; DEAD if no text continues with it."""
        if not self._classes[state]:
            if self._has_cheap_steps[state]:
                return self._step_alone(state, byte)
            self._find_classes(state)
        index = self._classes[state][byte]
        target = self._targets[state][index]
        if target == UNKNOWN:
            target = self._targets[state][index] = self._after(state, self._representatives[state][index])
        return target

    def _step_alone(self, state: int, byte: int) -> int:
        """The state after one byte, without a look at the others."""
        key = state << 8 | byte
        target = self._alone.get(key)
        if target is None:
            target = self._alone[key] = self._after(state, byte)
        return target

    def _find_classes(self, state: int) -> None:
        partition = meet([self.memo.classes(part) for part in self._languages[state] if part != NOTHING])
        self._classes[state], self._representatives[state] = class_table(partition)
        self._targets[state] = [UNKNOWN] * len(partition)

    def _after(self, state: int, byte: int) -> int:
        before = self._languages[state]
        languages = tuple(NOTHING if part == NOTHING else self.memo.after(part, byte) for part in before)
        self.budget.work(len(languages))
        maximum = self.budget.limits.automaton_states
        most = maximum // STATES_PER_ALTERNATIVE
        for part, after in zip(before, languages, strict=True):
            if most < width(after) > width(part):
                message = f"a pattern leaves more than {most} alternatives to follow"
                raise LimitError(message, limit="automaton_states", maximum=maximum, keyword="pattern")
        return self.state(languages)

    def steps(self, state: int) -> Iterator[tuple[int, int]]:
        """Yield the most readable byte of each class with the state that it leads to."""
        for byte in self._representatives_of(state):
            after = self.step(state, byte)
            if after != DEAD:
                yield byte, after

    def _representatives_of(self, state: int) -> list[int]:
        if not self._classes[state]:
            self._find_classes(state)
        return self._representatives[state]

    def bytes_like(self, state: int, byte: int) -> list[int]:
        """Bytes that are known to lead to the same state as `byte`, including it."""
        classes = self._classes[state]
        return [byte] if not classes else [other for other in range(256) if classes[other] == classes[byte]]

    def targets(self, state: int) -> list[int]:
        """The state after each of the 256 bytes; DEAD if no text continues with the byte."""
        after = [self.step(state, byte) for byte in self._representatives_of(state)]
        return [after[index] for index in self._classes[state]]

    def run(self, text: bytes, state: int) -> int:
        """The state after `text`; DEAD if it leads nowhere."""
        if len(text) > MAX_DISTINCT_COUNT and (counted := self._run_counted(text, state)) is not None:
            return counted
        for byte in text:
            state = self.step(state, byte)
            if state == DEAD:
                return DEAD
        return state

    def admits_every_text(self, state: int) -> bool:
        """Whether any text may come at a state, without predicates."""
        return self._languages[state] == (ANY_TEXT,)

    def _run_counted(self, text: bytes, state: int) -> int | None:
        """The state after valid UTF-8 if only its number of characters matters; None for other states."""
        if self.admits_every_text(state):
            return state
        languages = self._languages[state]
        if len(languages) > 1 or not is_counter(languages[0]):
            return None
        _, minimum, maximum = languages[0].parts
        count = sum(byte & 0xC0 != 0x80 for byte in text)
        if maximum is not None and count > maximum:
            return DEAD
        return self.state(
            (repeat(ANY_CHARACTER, max(0, minimum - count), None if maximum is None else maximum - count),)
        )

    def outcome(self, state: int) -> int:
        """The outcome of a text that ends at a state; 0 if no text may end there."""
        return self._outcomes[state]

    def slot_needs(self, state: int) -> int:
        """A byte that every text has before it reaches a slot; 0 if none is known."""
        return self._languages[state][0].slot_needs

    def languages(self, state: int) -> Languages:
        """What may still come at a state, and the predicates on the whole text."""
        return self._languages[state]

    def language(self, state: int) -> Language | None:
        """The language at a state; None if there are predicates as well."""
        languages = self._languages[state]
        return languages[0] if len(languages) == 1 else None

    def restricted(self, state: int, other: int) -> int:
        """The state of the texts that may come at both states, with the predicates of the first; DEAD if none may."""
        if DEAD in (state, other):
            return DEAD
        domain, *predicates = self._languages[state]
        return self.state((intersection([domain, self._languages[other][0]]), *predicates))

    def slot(self, state: int) -> Any:
        """The slot of the language at a state; see `Language`."""
        return self._languages[state][0].slot

    def clipped(self, state: int) -> int:
        """A state that admits the same texts of fewer than MAX_DISTINCT_COUNT bytes."""
        languages = self._languages[state]
        if len(languages) > 1:
            return state
        *head, last = languages[0].parts[0] if isinstance(languages[0], SequenceOf) else (languages[0],)
        if not is_counter(last):
            return state
        _, minimum, maximum = last.parts
        told = None if maximum is None else min(maximum, MAX_DISTINCT_COUNT)
        if (minimum, maximum) == (min(minimum, MAX_DISTINCT_COUNT), told):
            return state
        return self.state((sequence(*head, repeat(ANY_CHARACTER, min(minimum, MAX_DISTINCT_COUNT), told)),))

    def name(self, state: int) -> str:
        """A name of the state that is the same in every process: 16 hexadecimal digits."""
        if len(self._digests) > MAX_MEMO_ENTRIES:
            self._digests.clear()
        content = " ".join(digest(part, self._digests) for part in self._languages[self.clipped(state)])
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def _outcome(languages: Languages) -> int:
    domain, *predicates = languages
    return 1 + sum(2 << index for index, part in enumerate(predicates) if part.nullable) if domain.nullable else 0
