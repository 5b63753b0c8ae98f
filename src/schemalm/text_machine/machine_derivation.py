"""A derivation by a machine: exact, since the machine also knows free keys and items."""

from __future__ import annotations

from collections.abc import Sequence

from schemalm.machine import Machine


class MachineDerivation:
    """Derives with a machine, which also knows free keys and items."""

    __slots__ = ("machine",)

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    @property
    def nonterminal(self) -> int:
        """What the next symbol expands."""
        return self.machine.stack[-1].nonterminal

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to expand."""
        return not self.machine.stack

    def admits(self, symbol: int) -> bool:
        """Whether a symbol may come next."""
        return self.machine.admits(symbol)

    def admits_any(self, symbols: Sequence[int]) -> bool:
        """Whether one of some symbols may come next, all of which the nonterminal admits by itself."""
        return bool(symbols) if not self.machine.items else any(map(self.machine.admits, symbols))

    def push(self, symbol: int) -> bool:
        """Consumes a symbol; returns whether it was admitted."""
        machine = self.machine
        try:
            machine.advance(machine.tables.vocabulary.symbol_token(symbol))
        except ValueError:
            return False
        return True

    def copy(self) -> MachineDerivation:
        """Returns an independent copy."""
        return MachineDerivation(self.machine.copy())
