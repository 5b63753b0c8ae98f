"""The stack entries that documents pass through: what a machine expects before each token.

In: the tokens of whole documents; out: the number of the stack entry on top before each of them. The tokens of a
document are known to be admitted, so nothing is checked: each token replaces the top by what its transition opens. Only
where the items of arrays have to differ a machine takes the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.finite_tables import StackEntry
from schemalm.machine.machine import Machine
from schemalm.machine.stepper import replace_top
from schemalm.machine.tables import Tables

# Transitions that are remembered, at all entries together.
MAX_REMEMBERED = 1 << 18


class Tracer:
    """Follows documents; `entries` holds each stack entry that one has met on top, in the order met."""

    def __init__(self, tables: Tables) -> None:
        self.entries: list[StackEntry] = []
        self.tables = tables
        self.num_remembered = 0
        self._followed: dict[tuple[int, str], _Followed] = {}

    def trace(self, tokens: Sequence[int]) -> NDArray[np.int64]:
        """The numbers of the entries on top before the tokens of a whole document, int64 [T]."""
        numbers = self._on_machine(tokens) if self.tables.grammar.has_guards else self._follow(tokens)
        return np.array(numbers, dtype=np.int64)

    def _follow(self, tokens: Sequence[int]) -> list[int]:
        numbers = []
        stack = [self.at(self.tables.start)]
        for token in tokens:
            top = stack[-1]
            numbers.append(top.number)
            opened, outcome = top[token]
            replace_top(stack, opened, outcome, _settled)
        return numbers

    def _on_machine(self, tokens: Sequence[int]) -> list[int]:
        machine, numbers = Machine(self.tables), []
        for token in tokens:
            numbers.append(self.at(machine.top).number)
            machine.advance(token)
        return numbers

    def at(self, entry: StackEntry) -> _Followed:
        """The entry with its number and what tokens do there."""
        key = entry.nonterminal, entry.path
        found = self._followed.get(key)
        if found is None:
            found = self._followed[key] = _Followed(self, entry)
        return found


class _Followed(dict[int, tuple[tuple["_Followed", ...], int]]):
    """A stack entry, with what each token opens there and the outcome that it ends with."""

    __slots__ = ("_entry", "_number", "_tracer")

    def __init__(self, tracer: Tracer, entry: StackEntry) -> None:
        self._tracer, self._entry = tracer, entry
        self._number = -1

    @property
    def number(self) -> int:
        """Its number; entries are numbered once they come to the top."""
        if self._number < 0:
            self._number = len(self._tracer.entries)
            self._tracer.entries.append(self._entry)
        return self._number

    def __missing__(self, token: int) -> tuple[tuple[_Followed, ...], int]:
        tracer = self._tracer
        transition = tracer.tables.transition(self._entry, token)
        assert transition is not None, "tokens of a document are admitted"
        found = tuple(map(tracer.at, transition.opened)), transition.outcome
        if tracer.num_remembered < MAX_REMEMBERED:
            tracer.num_remembered += 1
            self[token] = found
        return found

    def settled(self, outcome: int) -> _Followed:
        """The rest of an object or array after a whole member."""
        if not self._entry.needs_outcome:
            return self
        return self._tracer.at(self._tracer.tables.settle(self._entry, outcome))


_settled = _Followed.settled
