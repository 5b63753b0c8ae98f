"""The stack machine: which tokens may come next, and what each of them opens.

The top of the stack determines the mask. Tokens that would repeat a free key or an item are removed from it. Where
there are neither keys nor items to check, a mask is a look-up, and a step is a look-up, a pop and an extend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemalm.errors import LimitError
from schemalm.grammar.symbols import ARRAY_END, END, OBJECT_END
from schemalm.machine.completion import cheapest_completion
from schemalm.machine.finite_tables import StackEntry
from schemalm.machine.item_masks import tokens_forbidden_by_items
from schemalm.machine.name_masks import mask_of_names
from schemalm.machine.name_tokens import advance_key, advance_text
from schemalm.machine.stepper import replace_top
from schemalm.machine.symbol_machine import SymbolMachine, not_admitted
from schemalm.machine.tables import Tables


class Machine(SymbolMachine):
    """Derives one document token by token. `Tokenizer.machine()` makes one."""

    tables: Tables

    def __init__(self, tables: Tables, *, follows_names: bool = True) -> None:
        """follows_names: whether rules about names apply; documents that are known to keep them need no check."""
        super().__init__(tables)
        self._unpacked = tables.unpacked
        if tables.naming is not None and follows_names:
            tables.naming.begin(self)

    def mask(self) -> NDArray[np.bool_]:
        """Returns the tokens that may come next: bool [vocab_size], read-only; all False once the document is complete.

        Raises LimitError if this takes more work than the limits permit, as `advance` and `completion` do. The machine
        is unchanged then.
        """
        if not self.stack:
            return self.tables.empty_mask
        top = self.stack[-1]
        try:
            if top.place is not None and self.names is not None and self._touches_names(top):
                mask = mask_of_names(self)
            else:
                mask = self._unpacked(top.row)
            if not (top.has_dynamic_mask or self.items):
                return mask
            forbidden = self.forbidden_tokens()
        except LimitError as error:
            raise error.during("mask", top.path) from None
        if forbidden:
            mask = mask.copy()
            for token in forbidden:
                mask[token] = False
            mask.flags.writeable = False
        return mask

    def _touches_names(self, top: StackEntry) -> bool:
        if top.slot is not None:
            return True
        if top.place is None:
            return False
        if top.has_expressions:
            return bool(self.tables.slot_row(top).checked)
        return bool(self.tables.checked_tokens(top))

    def forbidden_tokens(self) -> list[int]:
        """Returns the tokens of the top's row that would break a rule on free keys or items, now or later."""
        if not self.stack or not (self.stack[-1].has_dynamic_mask or self.items):
            return []
        top = self.stack[-1]
        try:
            if not (self.items or self.tables.tokens_with_whole_items):
                return self._forbidden_keys(top)
            with self.grammar.budget.call("mask"):
                admitted = set(np.flatnonzero(self._unpacked(top.row)).tolist())
                return self._forbidden_keys(top) + tokens_forbidden_by_items(self, admitted)
        except LimitError as error:
            raise error.during(error.operation, top.path) from None

    def advance(self, token: int) -> None:
        """Consumes one token. If the mask forbids it, raises ValueError and leaves the machine unchanged."""
        stack = self.stack
        if not stack:
            raise not_admitted(token)
        top = stack[-1]
        try:
            if top.place is not None and self.names is not None and self._concerns_names(top, token):
                self._advance_named(token)
                return
            if top.has_dynamic_mask or self.items:
                self._advance_dynamic(token)
                return
            transition = self._transition(top, token)
            if transition is None:
                raise not_admitted(token)
            opened, outcome, opens_guarded_array, _ = transition
            if opens_guarded_array:
                self._advance_dynamic(token)
                return
            replace_top(stack, opened, outcome, self._settle)
            if not opened and self.keys:
                self.keys.pop(len(stack), None)
        except LimitError as error:
            raise error.during("advance", top.path) from None

    def _concerns_names(self, top: StackEntry, token: int) -> bool:
        """Whether a token writes a part of a name, or reaches a place with rules about names."""
        if top.watched is not None or top.slot is not None:
            return True
        transition = self._transition(top, token)
        if transition is None:
            return token in self.tables.checked_tokens(top)
        if transition.is_watched or (top.has_expressions and self.tables.contacts(top, token)):
            return True
        reached = transition.opened[-1] if transition.opened else self.stack[-2] if len(self.stack) > 1 else None
        return reached is not None and (reached.watched is not None or reached.slot is not None)

    def _advance_named(self, token: int) -> None:
        """Consumes one token, and records what it does to names."""
        mask = self.mask()
        if not 0 <= token < len(mask) or not mask[token]:
            raise not_admitted(token)
        naming, top = self.tables.naming, self.stack[-1]
        assert naming is not None
        if self.items or self.tables.tokens_with_whole_items:
            self._advance_guarded(token)
        elif top.is_key:
            advance_key(naming, self, token)
        elif top.is_text:
            advance_text(naming, self, token)
        else:
            for symbol in self.tables.vocabulary.symbols[token]:
                self.push(symbol)

    def admits(self, symbol: int) -> bool:
        """Whether a symbol may come next."""
        return bool(self.mask()[self.tables.vocabulary.symbol_token(symbol)])

    def push(self, symbol: int) -> None:
        """Consumes one symbol, and records what it does to names. Raises ValueError as in the base class."""
        if self.names is None or not self.stack:
            super().push(symbol)
            return
        assert self.tables.naming is not None
        self.tables.naming.push(self, symbol, super().push)

    def mask_in_order(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Returns the part of a machine's `mask` that uses no name before its declaration where documents rarely do.

        Rules call such references "mostly-earlier". If there is no other way to go on, it is the whole mask. Raises
        LimitError as `mask` does.
        """
        naming = self.tables.naming
        if not self.stack or naming is None or not naming.may_break_order(self):
            return mask
        other = self.copy()
        naming.keep_order(other)
        found = other.mask()
        return found if found.any() else mask

    def _advance_dynamic(self, token: int) -> None:
        """Consumes one token where earlier keys or items matter."""
        if self.items or self.tables.tokens_with_whole_items:
            self._advance_guarded(token)
            return
        transition = self._checked(token)
        if transition.opens_guarded_array:
            self._advance_guarded(token)
        else:
            self._apply(token, transition)

    def _advance_guarded(self, token: int) -> None:
        """Consumes one token where items are checked, or where it opens an array that checks them."""
        with self.grammar.budget.call("advance"):
            if tokens_forbidden_by_items(self, {token}):
                raise ValueError(f"token {token} is not admitted here: the array could no longer satisfy uniqueItems")
            self.take(token)

    def closing_tokens(self, last: int) -> list[int]:
        """Returns the tokens that close an object, a list, or a text after the `last` token if that ended a line."""
        vocabulary, ids = self.tables.vocabulary, self.grammar.symbols.ids
        symbols = (OBJECT_END, ARRAY_END, *([END] if vocabulary.spellings[last].endswith("\n") else []))
        return [vocabulary.symbol_token(ids[symbol]) for symbol in symbols]

    def completion(self) -> list[int]:
        """Returns the cheapest tokens, one symbol each, that end the document.

        Raises GuardError if no end was found that satisfies every guard. Raises LimitError if the search takes more
        work than the limits permit.
        """
        if not self.stack:
            return []
        try:
            with self.grammar.budget.call("completion"):
                return cheapest_completion(self)
        except LimitError as error:
            # The error may have been raised for another operation, such as compiling.
            raise error.during(error.operation, self.path) from None
