"""Drafts: a likely continuation of a document, which one forward pass of the model checks for many tokens.

In goes a document at a choice; out comes what it will be if every choice is what followed the same tokens before: in
the document itself, an echo, or in others, a recall. The model reads these tokens along with those that stand, and each
choice is drawn from its logits as without a draft. As long as the choices equal the draft, the next logits are at hand.
So drafts never change a document: they only save forward passes.

A draft ends where it does not pay. A further row of a forward pass costs `ROW_COST` of what the pass costs besides its
rows, and an accepted token saves its document's share of a pass. How likely a proposal is right is learned while
generating, from every choice: for an echo by the longest n-gram that has one, and how many of the shorter ones agree;
for a recall by the longest n-gram and its certainty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from schemalm.errors import LimitError
from schemalm.generation.in_progress import DocumentInProgress
from schemalm.generation.side_features import NUM_TOLD
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


class Proposal(NamedTuple):
    """A token that may come next, and a kind of proposals that are about as often right."""

    token: int
    kind: tuple[object, ...]


class ProposalRates:
    """How often a choice has been what was proposed, by the kind of proposal."""

    def __init__(self) -> None:
        self._rates: defaultdict[tuple[object, ...], float] = defaultdict(lambda: FIRST_RATE)
        self._weights: defaultdict[tuple[object, ...], int] = defaultdict(lambda: FIRST_WEIGHT)

    def best(self, told: tuple[int, ...]) -> tuple[float, int]:
        """Return how likely the likeliest proposal is right, given the side features, and its token; (0, `NEVER`)."""
        found = [(self._rates[kind], token) for token, kind in proposals(told)]
        return max(found, default=(0.0, NEVER))

    def observe(self, told: tuple[int, ...], chosen: int) -> None:
        """Learn from a choice."""
        for token, kind in proposals(told):
            self._weights[kind] = min(self._weights[kind] + 1, NUM_REMEMBERED)
            self._rates[kind] += ((token == chosen) - self._rates[kind]) / self._weights[kind]


def proposals(told: tuple[int, ...]) -> Iterator[Proposal]:
    """Yield the echo and the recall of the longest n-grams that have one; one proposal if they are the same."""
    echoes = [echo for echo in told[NUM_STATES:NUM_TOLD] if echo != NEVER]
    recalls = [told[place : place + 2] for place in range(NUM_TOLD, len(told), 2) if told[place] != NEVER]
    recall, certainty = recalls[-1] if recalls else (NEVER, 0)
    if echoes:
        yield Proposal(echoes[-1], ("echo", len(echoes), echoes.count(echoes[-1]), recall == echoes[-1]))
    if recalls and recall not in echoes[-1:]:
        yield Proposal(recall, ("recall", len(recalls), certainty))


def least_probability(num_rows: int, num_documents: int) -> float:
    """Return how likely a drafted token must be accepted to pay, in a pass of so many rows and documents."""
    return ROW_COST * num_documents / (1 + ROW_COST * num_rows)


def draft(document: DocumentInProgress, rates: ProposalRates, least: float) -> Draft:
    """Return a continuation of a document at a choice, as long as it is accepted with probability `least`.

    The document stays as it is.
    """
    if rates.best(document.side_features[-1])[0] < least:
        return NO_DRAFT
    drafting = _Drafting(document, rates, least)
    with suppress(LimitError):  # a draft may end anywhere
        while drafting.has_next():
            drafting.take_next()
    drafting.end()
    return drafting.draft


class _Drafting:
    """A draft in progress: copies of the document's machines read it, and the document's echoes until `end`."""

    def __init__(self, document: DocumentInProgress, rates: ProposalRates, least: float) -> None:
        self.draft = Draft([], [], [])
        self._machines = [machine.copy() for machine in document.machines]
        self._document, self._rates, self._least = document, rates, least
        self._room = min(document.room, MAX_DRAFTED)
        self._told = document.side_features[-1]
        self._probability = 1.0
        self._next = NEVER

    def has_next(self) -> bool:
        """Find the next token, the only one or the likeliest proposal; return whether the draft goes on with it."""
        machine = self._machines[-1]
        if machine.is_complete:
            return False
        mask = machine.mask()
        if np.count_nonzero(mask) == 1:
            self._next = int(mask.argmax())
        else:
            self.draft.choices.append(len(self.draft.tokens))
            probability, self._next = self._rates.best(self._told)
            self._probability *= probability
        is_likely = self._probability >= self._least and bool(mask[self._next])
        return is_likely and len(self.draft.tokens) < self._room

    def take_next(self) -> None:
        """Add the next token."""
        for machine in self._machines:
            machine.advance(self._next)
        self._document.echoes.add(self._next)
        self._told = self._document.side_features_of.before_next(self._machines[0], self._document.echoes)
        self.draft.tokens.append(self._next)
        self.draft.side_features.append(self._told)

    def end(self) -> None:
        """Make the document's echoes forget the draft."""
        for _ in self.draft.tokens:
            self._document.echoes.remove_last()
