"""Drafts: the echoed continuation of a document, which one forward pass of the model checks for many tokens.

In goes a document at a choice; out comes what it will be if every choice is the echo. The model reads these tokens
along with those that stand, and each choice is drawn from its logits as without a draft. As long as the choices equal
the draft, the next logits are at hand. So drafts never change a document: they only save forward passes.

A draft ends where it does not pay. A further row of a forward pass costs `ROW_COST` of what the pass costs besides its
rows, and an accepted token saves its document's share of a pass. How likely a choice equals its echo is learned while
generating, from every choice: by the longest n-gram that has an echo, and how many of the shorter ones agree.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from schemalm.errors import LimitError
from schemalm.generation.in_progress import DocumentInProgress, side_features
from schemalm.model.inference import NUM_STATES
from schemalm.model.inputs import NEVER

# What a further token costs, as a share of what a forward pass costs besides its tokens.
ROW_COST = 0.15
# Rates begin here, which counts as so many choices, and are averages over about the last hundred.
FIRST_RATE, FIRST_WEIGHT, NUM_REMEMBERED = 0.5, 4, 100
MAX_DRAFTED = 16


@dataclass(frozen=True)
class Draft:
    """Tokens that may come next, with the side features after each.

    choices: for each choice, the number of drafted tokens before it; the first is 0, the choice at hand.
    """

    tokens: list[int]
    side_features: list[tuple[int, ...]]
    choices: list[int]


NO_DRAFT = Draft([], [], [0])


class EchoRates:
    """How often a choice has been the longest echo, by the kind of echo."""

    def __init__(self) -> None:
        self._rates: defaultdict[tuple[int, int], float] = defaultdict(lambda: FIRST_RATE)
        self._weights: defaultdict[tuple[int, int], int] = defaultdict(lambda: FIRST_WEIGHT)

    def rate(self, told: tuple[int, ...]) -> float:
        """Return how likely the next token is the longest echo, given the side features before it."""
        return self._rates[_kind(told)]

    def observe(self, told: tuple[int, ...], token: int) -> None:
        """Learn from a choice."""
        kind, is_echo = _kind(told), token == longest_echo(told)
        self._weights[kind] = min(self._weights[kind] + 1, NUM_REMEMBERED)
        self._rates[kind] += (is_echo - self._rates[kind]) / self._weights[kind]


def longest_echo(told: tuple[int, ...]) -> int:
    """Return the echo of the longest n-gram that has one, given side features; `NEVER` if there is none."""
    return next((echo for echo in reversed(told[NUM_STATES:]) if echo != NEVER), NEVER)


def _kind(told: tuple[int, ...]) -> tuple[int, int]:
    """Return how many n-grams have an echo, and how many of these echoes agree with the longest one's."""
    echoes = [echo for echo in told[NUM_STATES:] if echo != NEVER]
    return len(echoes), echoes.count(echoes[-1]) if echoes else 0


def least_probability(num_rows: int, num_documents: int) -> float:
    """Return how likely a drafted token must be accepted to pay, in a pass of so many rows and documents."""
    return ROW_COST * num_documents / (1 + ROW_COST * num_rows)


def draft(document: DocumentInProgress, rates: EchoRates, least: float) -> Draft:
    """Return the continuation of a document at a choice by echoes, as long as it is accepted with probability `least`.

    The document stays as it is.
    """
    if rates.rate(document.side_features[-1]) < least:
        return NO_DRAFT
    drafting = _Drafting(document, rates, least)
    with suppress(LimitError):  # a draft may end anywhere
        while drafting.has_next():
            drafting.take_next()
    drafting.end()
    return drafting.draft


class _Drafting:
    """A draft in progress: copies of the document's machines read it, and the document's echoes until `end`."""

    def __init__(self, document: DocumentInProgress, rates: EchoRates, least: float) -> None:
        self.draft = Draft([], [], [])
        self._machines = [machine.copy() for machine in document.machines]
        self._document, self._rates, self._least = document, rates, least
        self._room = min(document.room, MAX_DRAFTED)
        self._told = document.side_features[-1]
        self._probability = 1.0
        self._next = NEVER

    def has_next(self) -> bool:
        """Find the next token, the only one or the echo; return whether the draft goes on with it."""
        machine = self._machines[-1]
        if machine.is_complete:
            return False
        mask = machine.mask()
        if np.count_nonzero(mask) == 1:
            self._next = int(mask.argmax())
        else:
            self.draft.choices.append(len(self.draft.tokens))
            self._next = longest_echo(self._told)
            self._probability *= self._rates.rate(self._told)
        is_likely = self._probability >= self._least and bool(mask[self._next])
        return is_likely and len(self.draft.tokens) < self._room

    def take_next(self) -> None:
        """Add the next token."""
        for machine in self._machines:
            machine.advance(self._next)
        self._document.echoes.add(self._next)
        self._told = side_features(self._document.reader, self._machines, self._document.echoes)
        self.draft.tokens.append(self._next)
        self.draft.side_features.append(self._told)

    def end(self) -> None:
        """Make the document's echoes forget the draft."""
        for _ in self.draft.tokens:
            self._document.echoes.remove_last()
