"""Nonterminals, and the effect of a symbol on one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from schemalm.grammar.states import State

Outcomes: TypeAlias = "tuple[int, ...]"
HOLDS: Outcomes = (1,)


@dataclass(frozen=True)
class Nonterminal:
    """What may still follow: a state, and the outcomes that it may end with.

    owner_accepts: if this is a key, the outcomes that its object may end with.
    """

    state: State
    accepts: Outcomes
    owner_accepts: Outcomes = ()


@dataclass(frozen=True)
class Step:
    """The effect of a symbol.

    It opens nonterminals, the next one first, or it ends the nonterminal with an outcome.
    """

    opened: tuple[int, ...]
    outcome: int = 0
