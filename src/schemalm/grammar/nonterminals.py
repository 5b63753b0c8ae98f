"""Nonterminals, and what a symbol does to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from schemalm.grammar.states import State

Outcomes: TypeAlias = "tuple[int, ...]"
HOLDS: Outcomes = (1,)


@dataclass(frozen=True)
class Nonterminal:
    """What may still come: a state, and the outcomes that it may end with.

    owner_accepts: the outcomes that the object may end with whose key this is.
    """

    state: State
    accepts: Outcomes
    owner_accepts: Outcomes = ()


@dataclass(frozen=True)
class Step:
    """What a symbol does: it opens nonterminals, the next one first, or it closes one with an outcome."""

    opened: tuple[int, ...]
    outcome: int = 0
