"""A machine that derives a document symbol by symbol, with the state that does not fit into a nonterminal.

Its state is a stack of entries and, by height in that stack, the free keys of each open object and the items of each
open guarded array (an array whose items may have to differ, `uniqueItems`). Searches for the end of an item copy such
machines and push symbols into the copies. `machine.py` adds tokens, masks and completions.
"""

from __future__ import annotations

import copy
from typing import Self

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.seen_items import SeenItems
from schemalm.grammar.states import Text
from schemalm.machine.finite_tables import NO_NONTERMINAL, FiniteTables, StackEntry, Transition
from schemalm.machine.free_keys import FreeKeys, exhausted_tokens, is_exhausted
from schemalm.machine.guards import ArrayItems, Stack, SymbolHistory
from schemalm.machine.item_choices import ItemStart
from schemalm.machine.name_state import NameState
from schemalm.machine.stepper import replace_top


class SymbolMachine:
    """Derives one document symbol by symbol.

    stack: what is still to be expanded, the next entry last. keys, items: by height in the stack, the keys or items of
    the object or array whose rest is there. The values of both dictionaries are immutable; everything else belongs to
    this machine alone.
    """

    def __init__(self, tables: FiniteTables) -> None:
        self.tables = tables
        self.stack: list[StackEntry] = [tables.start]
        self.keys: dict[int, FreeKeys] = {}
        self.items: dict[int, ArrayItems] = {}
        # The newest symbol, linked to the symbols before it. None if no guarded array is open.
        self.history: SymbolHistory | None = None
        # What is known about names, if there are rules about them.
        self.names: NameState | None = None
        self._transition, self._settle = tables.transition, tables.settle
        self._record_items()

    @classmethod
    def at(cls, tables: FiniteTables, nonterminal: int) -> Self:
        """Returns a machine that has one nonterminal to expand and has read nothing of it. It follows no names."""
        machine = cls(tables)
        machine.stack, machine.items, machine.names = [tables.entry(nonterminal, "", None)], {}, None
        machine._record_items()
        return machine

    def copy(self) -> Self:
        """Returns an independent machine in the same state."""
        other = copy.copy(self)
        other.stack = self.stack.copy()
        other.keys = self.keys.copy()
        other.items = self.items.copy()
        return other

    def detached(self, height: int, stack: Stack) -> Self:
        """Returns a machine that expands only the given nonterminals, with the free keys above a height.

        stack: the nonterminals that replace those above the height, the next one last.
        """
        other = self.at(self.tables, stack[-1])
        other.stack = [self.tables.entry(nonterminal, "", None) for nonterminal in stack]
        other.keys = {level - height - 1: keys for level, keys in self.keys.items() if level > height}
        return other

    def restricted_to(self, height: int, stack: Stack) -> Self | None:
        """Returns the machine with other nonterminals above the rest of a guarded array; None if their states differ.

        height: of the array's rest in the stack. stack: the nonterminals, which may only accept fewer outcomes.
        """
        nodes, entries = self.grammar.nonterminals, self.stack[height + 1 :]
        if [nodes[number].state for number in stack] != [nodes[entry.nonterminal].state for entry in entries]:
            return None
        other, items = self.copy(), self.items[height]
        other.stack[height + 1 :] = [
            self.tables.like(entry, number) for number, entry in zip(stack, entries, strict=True)
        ]
        other.items[height] = ArrayItems(items.start, items.before_item, is_restricted=True)
        return other

    @property
    def grammar(self) -> Grammar:
        """The grammar of the document."""
        return self.tables.grammar

    @property
    def is_complete(self) -> bool:
        """Whether the document is complete."""
        return not self.stack

    @property
    def depth(self) -> int:
        """The number of nonterminals that are still to be expanded."""
        return len(self.stack)

    @property
    def top(self) -> StackEntry:
        """The entry that the next token expands: a nonterminal and its path. The document must not be complete."""
        return self.stack[-1]

    @property
    def nonterminal(self) -> int:
        """The number of the nonterminal that the next token expands. The document must not be complete."""
        return self.stack[-1].nonterminal

    @property
    def path(self) -> str:
        """The keys that lead to the next token, such as `jobs.*.steps[].uses`."""
        return self.stack[-1].path

    @property
    def free_keys(self) -> FreeKeys:
        """The free keys of the object whose rest, or whose key, is on top."""
        return self.keys.get(len(self.stack) - 1) or FreeKeys()

    def admits(self, symbol: int) -> bool:
        """Whether a symbol may come next, as far as finite states and free keys tell."""
        top, token = self.top, self.tables.vocabulary.symbol_token(symbol)
        return self._transition(top, token) is not None and token not in self._forbidden_keys(top)

    def take(self, token: int) -> None:
        """Consumes one token symbol by symbol. If it is not admitted, raises ValueError and changes nothing."""
        self._checked(token)
        after = self.copy()
        for symbol in self.tables.vocabulary.symbols[token]:
            after.push(symbol)
        self.stack, self.keys, self.items, self.history = after.stack, after.keys, after.items, after.history
        self.names = after.names

    def consume(self, token: int) -> None:
        """Applies an admitted token to the stack alone."""
        transition = self._transition(self.stack[-1], token)
        assert transition is not None
        self._apply(token, transition)

    def push(self, symbol: int) -> None:
        """Consumes one symbol. Raises ValueError if it is not admitted or breaks a guard.

        Do not use the machine any more once a guard was broken.
        """
        if not self.stack:
            raise ValueError(f"symbol {symbol} follows the end of the document")
        state = self.grammar.nonterminals[self.nonterminal].state
        in_number = isinstance(state, Text) and state.kind == "number"
        token = self.tables.vocabulary.symbol_token(symbol)
        self._apply(token, self._checked(token))
        if self.items:
            self.history = SymbolHistory(self.history, symbol, in_number)
            self._end_item()
        self._record_items()

    def _checked(self, token: int) -> Transition:
        """Returns a token's transition. Raises ValueError if finite states or free keys forbid the token."""
        top = self.stack[-1]
        transition = self._transition(top, token)
        if transition is None or (top.has_dynamic_mask and token in self._forbidden_keys(top)):
            raise not_admitted(token)
        return transition

    def _apply(self, token: int, transition: Transition) -> None:
        """Replaces the top by what the token opens, and records the bytes of a free key."""
        if self.stack[-1].is_key:
            self._continue_key(token)
        replace_top(self.stack, transition.opened, transition.outcome, self._settle)
        if not transition.opened:
            # The keys and items of the object or array that has ended are no longer needed.
            height = len(self.stack)
            self.keys.pop(height, None)
            self.items.pop(height, None)

    def _continue_key(self, token: int) -> None:
        """Records the bytes of the free key on top."""
        height = len(self.stack) - 1
        keys = self.keys.get(height) or FreeKeys.none(self.tables.key_tokens)
        spelling = self.tables.vocabulary.spellings[token]
        if spelling[-1] == self.tables.key_tokens.end:
            keys = keys.extended(spelling[:-1]).with_key(self.tables.key_tokens)
        else:
            keys = keys.extended(spelling)
        self.keys[height] = keys

    def _forbidden_keys(self, top: StackEntry) -> list[int]:
        """Returns the tokens that would repeat a free key, or after which the key could only repeat one."""
        keys = self.keys.get(len(self.stack) - 1)
        if keys is None:
            return []
        if top.is_key:
            forbidden = list(keys.repeating_tokens)
            if self.tables.can_run_out(top.nonterminal):
                with self.grammar.budget.call("mask"):
                    forbidden += exhausted_tokens(self.tables.texts, self.tables.vocabulary, top.nonterminal, keys)
            return forbidden
        if top.free_key == NO_NONTERMINAL:
            return []
        accepts = frozenset(self.grammar.nonterminals[top.free_key].accepts)
        with self.grammar.budget.call("mask"):
            is_used_up = is_exhausted(self.tables.texts, top.free_key, keys, accepts)
        return [self.tables.free_key_token] if is_used_up else []

    def _record_items(self) -> None:
        """Starts to record the items if the top is a new guarded array."""
        height = len(self.stack) - 1
        if not self.items:
            self.history = None
        if height >= 0 and height not in self.items and self.grammar.arrays.is_guarded(self.nonterminal):
            self.items[height] = ArrayItems(ItemStart(self.grammar, self.nonterminal, SeenItems()), self.history)

    def _end_item(self) -> None:
        """Records the item that has just ended if a guarded array is on top. Raises ValueError if it is forbidden."""
        height = len(self.stack) - 1
        items = self.items.get(height)
        if items is None or self.history is None:
            return
        rest = self.stack[height]
        ended = items.with_ended_item(self.history, rest.nonterminal)
        if ended is None:
            raise ValueError("an item repeats an earlier one, fails to repeat one, or takes a value of a later one")
        self.stack[height], self.items[height] = self.tables.like(rest, ended.start.rest), ended
        if len(self.items) == 1:
            # The symbols of the item are forgotten: no other array contains them.
            self.history = ended.before_item = None

    def constrained_items(self) -> list[ArrayItems]:
        """Returns the open arrays that have begun an item which finite states alone cannot check."""
        return [items for items in self.items.values() if items.has_constrained_item(self.history)]

    def constrained_height(self) -> int | None:
        """Returns the height of the outermost array with such an item, or None if there is none."""
        return min(
            (height for height, items in self.items.items() if items.has_constrained_item(self.history)), default=None
        )


def not_admitted(token: int) -> ValueError:
    """Returns the error for a token that is not admitted."""
    return ValueError(f"token {token} is not admitted here")
