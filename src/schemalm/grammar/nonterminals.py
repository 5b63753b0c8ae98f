"""Nonterminals, and what a symbol does to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from schemalm.grammar.states import State

Verdicts: TypeAlias = "tuple[int, ...]"
HOLDS: Verdicts = (1,)


@dataclass(frozen=True)
class Nonterminal:
    """What may still come: a state, and the verdicts that it may end with.

    owner_accepts: the verdicts that the object may end with whose key this is.
    """

    state: State
    accepts: Verdicts
    owner_accepts: Verdicts = ()


@dataclass(frozen=True)
class Step:
    """What a symbol does: it opens nonterminals, the next one first, or it closes one with a verdict."""

    opened: tuple[int, ...]
    verdict: int = 0
