"""Steering: near its budget, a document begins nothing that it has no room for.

Where an object or list may end, it ends if less room is left than its reserve, which is largest for the outermost one.
So the last steps of a job still come where no further job does. The model goes on in texts and in what the schema
requires, until the cheapest completion just fits: then the document must be closed.

Room is what the budget leaves besides the completion. What a prompt states is no part of the budget.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.symbols import ARRAY_END, OBJECT_END
from schemalm.machine import Machine

# The outermost object or list reserves this part of the budget, those inside it a half, a third, ... of that.
RESERVED_PART = 4


class Steering:
    """Ends the parts of one document of at most `max_tokens` tokens, of which its prompt states `num_stated`.

    start: the number of tokens from which on the document may be steered.
    """

    def __init__(self, max_tokens: int, num_stated: int) -> None:
        self._max_tokens = max_tokens
        self._reserve = max(max_tokens - num_stated, 0) // RESERVED_PART
        self.start = max(max_tokens - num_stated - self._reserve, 0)
        # Of the last number of tokens that was asked about.
        self._num_tokens, self._room = -1, 0

    def must_close(self, num_tokens: int, num_ending: Callable[[], int]) -> bool:
        """Return whether the budget is used up but for the cheapest completion, whose length `num_ending` returns."""
        return num_tokens >= self._max_tokens or (num_tokens >= self.start and self._left(num_tokens, num_ending) <= 0)

    def end(
        self, machine: Machine, mask: NDArray[np.bool_], num_tokens: int, num_ending: Callable[[], int]
    ) -> int | None:
        """Return the token that ends the object or list on top, if it may end by the mask and has to; else None."""
        if num_tokens < self.start:
            return None
        found = next((token for token in _ends(machine) if mask[token]), None)
        is_needed = found is not None and self._left(num_tokens, num_ending) * machine.depth < self._reserve
        return found if is_needed else None

    def _left(self, num_tokens: int, num_ending: Callable[[], int]) -> int:
        if num_tokens != self._num_tokens:
            self._num_tokens, self._room = num_tokens, self._max_tokens - num_tokens - num_ending()
        return self._room


def _ends(machine: Machine) -> list[int]:
    """Return the tokens that end an object or a list."""
    vocabulary, ids = machine.tables.vocabulary, machine.grammar.symbols.ids
    return [vocabulary.symbol_token(ids[symbol]) for symbol in (OBJECT_END, ARRAY_END)]
