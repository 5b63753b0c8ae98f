"""Steering: near its budget, a document begins nothing that it has no room for.

Where an object, a list or a text after a whole line may end, it ends if less room is left than its reserve, which is
largest for the outermost one. So the last steps of a job still come where no further job does. The model goes on in
other texts and in what the schema requires, until the cheapest completion just fits: then the document must be closed.

Room is what the budget leaves besides the completion. What a prompt states is no part of the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from schemalm.machine import Machine

# The outermost object or list reserves this part of the budget, those inside it a half, a third, ... of that.
RESERVED_PART = 4


class Steering:
    """Ends the parts of one document of at most `max_tokens` tokens, of which its prompt states `num_stated`.

    start: the number of tokens from which on the document may be steered. Tokens that the prompt states come on top.
    """

    def __init__(self, max_tokens: int, num_stated: int) -> None:
        self._max_tokens = max_tokens
        self._reserve = max(max_tokens - num_stated, 0) // RESERVED_PART
        self.start = max(max_tokens - num_stated - self._reserve, 0)
        # The length of the completion, which hardly changes while the depth of the stack stays.
        self._depth, self._least = -1, 0

    def must_close(self, machine: Machine, num_tokens: int, num_ending: Callable[[], int]) -> bool:
        """Return whether the budget is used up but for the cheapest completion, whose length `num_ending` returns."""
        if num_tokens >= self._max_tokens:
            return True
        return num_tokens >= self.start and self._room(machine, num_tokens, num_ending) <= 0

    def end(
        self, machine: Machine, mask: NDArray[np.bool_], tokens: Sequence[int], num_ending: Callable[[], int]
    ) -> int | None:
        """Return the token that ends the object, list or text on top, if it may end by the mask and has to; else None.

        tokens: of the document so far.
        """
        if len(tokens) < self.start or not tokens:
            return None
        found = next((token for token in machine.closing_tokens(tokens[-1]) if mask[token]), None)
        is_needed = found is not None and self._room(machine, len(tokens), num_ending) * machine.depth < self._reserve
        return found if is_needed else None

    def _room(self, machine: Machine, num_tokens: int, num_ending: Callable[[], int]) -> int:
        if machine.depth != self._depth:
            self._depth, self._least = machine.depth, num_ending()
        return self._max_tokens - num_tokens - self._least
