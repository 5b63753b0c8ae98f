"""The stack machine: which tokens may come next, and what each of them leaves to be done.

The top of the stack alone decides the mask; a free key or an item that would repeat is struck from it. Where neither
has a say, a mask is a look-up, and a step is a look-up, a pop and an extend.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemalm.errors import LimitError
from schemalm.machine.completion import cheapest_completion
from schemalm.machine.stepper import replace_top
from schemalm.machine.striking import struck_by_items
from schemalm.machine.symbol_machine import SymbolMachine, not_admitted
from schemalm.machine.tables import Tables


class Machine(SymbolMachine):
    """Derives one document token by token; made by `Tokenizer.machine()`."""

    tables: Tables

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self._unpacked = tables.unpacked

    def mask(self) -> npt.NDArray[np.bool_]:
        """Which tokens may come next: bool [vocab_size], read-only; none once the document is whole.

        Raises LimitError where that takes more work than the limits admit, as `advance` and `completion` do; the
        machine stays where it is.
        """
        if not self.stack:
            return self.tables.nothing
        top = self.stack[-1]
        try:
            mask = self._unpacked(top.row)
            if not (top.is_watched or self.items):
                return mask
            struck = self.struck()
        except LimitError as error:
            raise error.during("mask", top.path) from None
        if struck:
            mask = mask.copy()
            for token in struck:
                mask[token] = False
            mask.flags.writeable = False
        return mask

    def struck(self) -> list[int]:
        """The tokens that the top's row admits and that would repeat, or have to repeat, a free key or an item."""
        if not self.stack or not (self.stack[-1].is_watched or self.items):
            return []
        top = self.stack[-1]
        try:
            if not (self.items or self.tables.tokens_that_pass_items):
                return self._struck_keys(top)
            with self.grammar.budget.call("mask"):
                admitted = set(np.flatnonzero(self._unpacked(top.row)).tolist())
                return self._struck_keys(top) + struck_by_items(self, admitted)
        except LimitError as error:
            raise error.during(error.operation, top.path) from None

    def advance(self, token: int) -> None:
        """Consumes one token; raises ValueError where the mask forbids it, and leaves the machine as it was."""
        stack = self.stack
        if not stack:
            raise not_admitted(token)
        top = stack[-1]
        try:
            if top.is_watched or self.items:
                self._advance_watched(token)
                return
            transition = self._transition(top, token)
            if transition is None:
                raise not_admitted(token)
            opened, outcome, meets_guard = transition
            if meets_guard:
                self._advance_watched(token)
                return
            replace_top(stack, opened, outcome, self._settle)
            if not opened and self.keys:
                self.keys.pop(len(stack), None)
        except LimitError as error:
            raise error.during("advance", top.path) from None

    def _advance_watched(self, token: int) -> None:
        """Consumes one token where keys or items have a say."""
        if self.items or self.tables.tokens_that_pass_items:
            self._advance_guarded(token)
            return
        transition = self._checked(token)
        if transition.meets_guard:
            self._advance_guarded(token)
        else:
            self._apply(token, transition)

    def _advance_guarded(self, token: int) -> None:
        """Consumes one token where items have a say, or begin to."""
        with self.grammar.budget.call("advance"):
            if struck_by_items(self, {token}):
                raise ValueError(f"token {token} is not admitted here: items would have to repeat, or must not")
            self.take(token)

    def completion(self) -> list[int]:
        """The cheapest tokens, one symbol each, that end the document.

        Raises GuardError where no end was found that breaks no guard, LimitError where the search takes more work
        than the limits admit.
        """
        if not self.stack:
            return []
        try:
            with self.grammar.budget.call("completion"):
                return cheapest_completion(self)
        except LimitError as error:
            # A grammar that is being compiled asks as well, and is named then.
            raise error.during(error.operation, self.path) from None
