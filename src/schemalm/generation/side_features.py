"""What the model is told before each token of a document in progress, as numbers: the side features.

These are two rows of the grammar state, then the echoes, then the recalls if the model has any, each a token and its
certainty. Training gives the model the same (`dataset/windows.py`).
"""

from __future__ import annotations

from typing import Any, Protocol

from schemalm.dataset.echo import ORDERS, EchoMemory
from schemalm.dataset.recall import MAX_ORDER, RecallReader, RecallTable
from schemalm.machine import Machine
from schemalm.model.inference import NUM_STATES

# The side features before the recalls.
NUM_TOLD = NUM_STATES + len(ORDERS)


class StateReader(Protocol):
    """Finds the rows of the grammar state."""

    def rows(self, machine: Any) -> tuple[int, int]:
        """Return the rows for the nonterminal and for the path."""
        ...


class SideFeatures:
    """Finds the side features; `recall` is None for a model without recalls."""

    def __init__(self, states: StateReader, recall: RecallTable | None) -> None:
        self._states = states
        self._recall = None if recall is None else RecallReader(recall)

    def before_next(self, machine: Machine, echoes: EchoMemory) -> tuple[int, ...]:
        """Return what the model is told before the next token of a document, whose tokens `echoes` has read."""
        recalls = () if self._recall is None else self._recall.recall(echoes.last_tokens(MAX_ORDER))
        return *self._states.rows(machine), *echoes.echoes(), *recalls
