"""The stack machine: which tokens may come next, and what each of them leaves to be done.

State: a stack of places, shared by all machines; by height in that stack, the free keys that an open object already has
and the items of an array where they have to differ, which no finite state can carry. The top alone decides the mask; a
free key or an item that would repeat is struck from it. Where neither has a say, a mask is a look-up, and a step is a
look-up, a pop and an extend.
"""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt

from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.seen_items import SeenItems
from schemalm.grammar.states import Text
from schemalm.machine.choices import Start
from schemalm.machine.completion import cheapest_completion
from schemalm.machine.guards import Begun, Items, Stack
from schemalm.machine.keys import FreeKeys, exhausted_tokens, is_exhausted
from schemalm.machine.striking import struck_by_items
from schemalm.machine.tables import NO_NONTERMINAL, Place, Tables, Transition


class Machine:
    """Derives one document token by token; made by `Tokenizer.machine()`.

    stack: what is still to be expanded, the next one last; keys, items: by height in the stack, those of the object or
    array whose rest lies there. The values of both are immutable; the rest is the machine's own to change.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.stack: list[Place] = [tables.place(tables.grammar.start, "")]
        self.keys: dict[int, FreeKeys] = {}
        self.items: dict[int, Items] = {}
        # The newest symbol, as far as items need it.
        self.begun: Begun | None = None
        self._unpacked = tables.unpacked
        self._transition = tables.transition
        self._watch_items()

    @classmethod
    def at(cls, tables: Tables, nonterminal: int) -> Machine:
        """A machine that has nothing to expand but one nonterminal, of which nothing has been read."""
        machine = cls(tables)
        machine.stack, machine.items = [tables.place(nonterminal, "")], {}
        machine._watch_items()
        return machine

    def copy(self) -> Machine:
        """An independent machine at the same place."""
        twin = copy.copy(self)
        twin.stack = self.stack.copy()
        twin.keys = self.keys.copy()
        twin.items = self.items.copy()
        return twin

    def apart(self, height: int, stack: Stack) -> Machine:
        """A machine that has only to expand some nonterminals, in place of those above a height."""
        twin = Machine.at(self.tables, stack[-1])
        twin.stack = [self.tables.place(nonterminal, "") for nonterminal in stack]
        twin.keys = {level - height - 1: keys for level, keys in self.keys.items() if level > height}
        return twin

    def narrowed(self, height: int, stack: Stack) -> Machine | None:
        """The machine where some nonterminals stand above the rest of a guarded array at a height.

        None where they are of other states than those that stand there.
        """
        nodes, places = self.grammar.nonterminals, self.stack[height + 1 :]
        if [nodes[number].state for number in stack] != [nodes[place.nonterminal].state for place in places]:
            return None
        twin, items = self.copy(), self.items[height]
        twin.stack[height + 1 :] = [
            self.tables.place(number, place.path) for number, place in zip(stack, places, strict=True)
        ]
        twin.items[height] = Items(items.start, items.since, is_narrowed=True)
        return twin

    @property
    def grammar(self) -> Grammar:
        """The grammar of the document."""
        return self.tables.grammar

    @property
    def is_complete(self) -> bool:
        """Whether the document is whole."""
        return not self.stack

    @property
    def depth(self) -> int:
        """How many nonterminals are still to be expanded."""
        return len(self.stack)

    @property
    def place(self) -> Place:
        """What the next token expands: a nonterminal and its path; the document must not be whole."""
        return self.stack[-1]

    @property
    def nonterminal(self) -> int:
        """The number of the nonterminal that the next token expands; the document must not be whole."""
        return self.stack[-1].nonterminal

    @property
    def path(self) -> str:
        """The keys that lead to the next token: `jobs.*.steps[].uses`."""
        return self.stack[-1].path

    @property
    def free_keys(self) -> FreeKeys:
        """The free keys of the object whose rest, or whose key, is on top."""
        return self.keys.get(len(self.stack) - 1) or FreeKeys()

    def mask(self) -> npt.NDArray[np.bool_]:
        """Which tokens may come next: bool [vocab_size], read-only; none once the document is whole.

        Raises LimitError where that takes more work than the limits admit, as `advance` and `completion` do; the
        machine stays where it is.
        """
        if not self.stack:
            return self.tables.nothing
        place = self.stack[-1]
        try:
            mask = self._unpacked(place.row)
            struck = self.struck() if place.is_watched or self.items else None
        except LimitError as error:
            raise error.during("mask", place.path) from None
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
        place = self.stack[-1]
        try:
            if not (self.items or self.tables.tokens_that_pass_items):
                return self._struck_keys(place)
            with self.grammar.budget.call("mask"):
                admitted = set(np.flatnonzero(self._unpacked(place.row)).tolist())
                return self._struck_keys(place) + struck_by_items(self, admitted)
        except LimitError as error:
            raise error.during(error.operation, place.path) from None

    def advance(self, token: int) -> None:
        """Consumes one token; raises ValueError where the mask forbids it, and leaves the machine as it was."""
        stack = self.stack
        if not stack:
            raise _not_admitted(token)
        place = stack[-1]
        if place.is_watched or self.items:
            self._advance_watched(token)
            return
        try:
            transition = self._transition(place, token)
        except LimitError as error:
            raise error.during("advance", place.path) from None
        if transition is None:
            raise _not_admitted(token)
        opened, outcome, meets_guard = transition
        if meets_guard:
            self._advance_watched(token)
        elif opened:
            stack.pop()
            stack += opened
        else:
            self._close(outcome)

    def _advance_watched(self, token: int) -> None:
        """Consumes one token where keys or items have a say."""
        place = self.stack[-1]
        try:
            if self.items or self.tables.tokens_that_pass_items:
                self._advance_guarded(token)
                return
            transition = self._checked(token)
            if transition.meets_guard:
                self._advance_guarded(token)
            else:
                self._apply(token, transition)
        except LimitError as error:
            raise error.during("advance", place.path) from None

    def _advance_guarded(self, token: int) -> None:
        """Consumes one token where items have a say, or begin to."""
        with self.grammar.budget.call("advance"):
            if struck_by_items(self, {token}):
                raise ValueError(f"token {token} is not admitted here: items would have to repeat, or must not")
            self.take(token)

    def take(self, token: int) -> None:
        """Consumes one token symbol by symbol; raises ValueError where it is not admitted, and changes nothing then."""
        self._checked(token)
        after = self.copy()
        for symbol in self.tables.vocabulary.symbols[token]:
            after.push(symbol)
        self.stack, self.keys, self.items, self.begun = after.stack, after.keys, after.items, after.begun

    def push(self, symbol: int) -> None:
        """Consumes one symbol; raises ValueError where it is not admitted or breaks a guard.

        After a guard has been broken the machine is of no more use.
        """
        if not self.stack:
            raise ValueError(f"symbol {symbol} comes after the end of the document")
        state = self.grammar.nonterminals[self.nonterminal].state
        in_number = isinstance(state, Text) and state.kind == "number"
        token = self.tables.vocabulary.symbol_token(symbol)
        self._apply(token, self._checked(token))
        if self.items:
            self.begun = Begun(self.begun, symbol, in_number)
            self._end_item()
        self._watch_items()

    def _checked(self, token: int) -> Transition:
        """What a token does as far as finite states and free keys tell; raises ValueError where it is not admitted."""
        place = self.stack[-1]
        transition = self._transition(place, token)
        if transition is None or (place.is_watched and token in self._struck_keys(place)):
            raise _not_admitted(token)
        return transition

    def _apply(self, token: int, transition: Transition) -> None:
        """Replaces the top by what the token opens; a free key always opens its value."""
        if not transition.opened:
            self._close(transition.outcome)
            return
        if self.stack.pop().is_key:
            self._continue_key(token)
        self.stack += transition.opened

    def _continue_key(self, token: int) -> None:
        """Keeps the bytes of the free key that was on top."""
        height = len(self.stack)
        keys = self.keys.get(height) or FreeKeys()
        spelling = self.tables.vocabulary.spellings[token]
        if spelling[-1] == self.tables.key_tokens.end:
            keys = keys.then(spelling[:-1]).ended(self.tables.key_tokens)
        else:
            keys = keys.then(spelling)
        self.keys[height] = keys

    def _close(self, outcome: int) -> None:
        """Takes off the top, which has ended, with what belongs to it, and settles what waits for its outcome below."""
        stack = self.stack
        height = len(stack) - 1
        if height and stack[-2].needs_outcome:
            stack[-2] = self._settled(stack[-2], outcome)
        stack.pop()
        if self.keys:
            self.keys.pop(height, None)
        if self.items:
            self.items.pop(height, None)

    def _settled(self, rest: Place, outcome: int) -> Place:
        """The rest of an object or array after a whole member."""
        try:
            with self.grammar.budget.call("advance"):
                return self.tables.place(self.grammar.settle(rest.nonterminal, outcome), rest.path)
        except LimitError as error:
            raise error.during("advance", rest.path) from None

    def _struck_keys(self, place: Place) -> list[int]:
        """The tokens that would repeat a free key, or leave no way but to repeat one."""
        keys = self.keys.get(len(self.stack) - 1)
        if keys is None:
            return []
        if place.is_key:
            struck = list(keys.repeating)
            if self.tables.can_use_up(place.nonterminal):
                with self.grammar.budget.call("mask"):
                    struck += exhausted_tokens(self.grammar, self.tables.vocabulary, place.nonterminal, keys)
            return struck
        if place.free_key == NO_NONTERMINAL:
            return []
        accepts = frozenset(self.grammar.nonterminals[place.free_key].accepts)
        with self.grammar.budget.call("mask"):
            is_used_up = is_exhausted(self.grammar, place.free_key, keys, accepts)
        return [self.tables.free_key_token] if is_used_up else []

    def _watch_items(self) -> None:
        """Begins to keep the items of an array where they have to differ."""
        height = len(self.stack) - 1
        if not self.items:
            self.begun = None
        if height >= 0 and height not in self.items and self.grammar.arrays.is_guarded(self.nonterminal):
            self.items[height] = Items(Start(self.grammar, self.nonterminal, SeenItems()), self.begun)

    def _end_item(self) -> None:
        """Keeps the item of the guarded array whose rest has come to the top, and refuses one that may not be."""
        height = len(self.stack) - 1
        items = self.items.get(height)
        if items is None or self.begun is None:
            return
        rest = self.stack[height]
        ended = items.ended(self.begun, rest.nonterminal)
        if ended is None:
            raise ValueError("an item repeats an earlier one, fails to, or takes what another one needs")
        self.stack[height], self.items[height] = self.tables.place(ended.start.rest, rest.path), ended
        if len(self.items) == 1:
            # No other array needs what its item was made of.
            self.begun = ended.since = None

    def under_way(self) -> list[Items]:
        """The items of the arrays in which one has begun in whose rest not finite states alone have a say."""
        return [items for items in self.items.values() if items.is_under_way(self.begun)]

    def height_under_way(self) -> int | None:
        """The height of the outermost array in which such an item has begun; None where there is none."""
        return min((height for height, items in self.items.items() if items.is_under_way(self.begun)), default=None)

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


def _not_admitted(token: int) -> ValueError:
    return ValueError(f"token {token} is not admitted here")
