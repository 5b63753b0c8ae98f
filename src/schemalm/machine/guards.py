"""Guards: what no finite state carries, checked while decoding. Today that is `uniqueItems`.

An array whose items have to differ keeps its items so far. A token is struck where no item can begin with it that the
array can still take: that may not repeat an earlier one, or has to, and leaves enough values for the items after it.
Where many values begin with a token, some of which may not be, a search looks for another (`endings.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from schemalm.documents.identity import identity
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.seen_items import Form, SeenItem, SeenItems
from schemalm.grammar.symbols import ITEM, NUM_BYTES
from schemalm.machine.derivation import Derivation
from schemalm.machine.form_trie import Candidates, Symbols
from schemalm.machine.item_choices import ItemStart
from schemalm.machine.stepper import advance, stack_after
from schemalm.machine.vocabulary import Vocabulary
from schemalm.regular.numbers import number_of_text, texts_of_equals

# What it costs to read an item once it has ended, units of work for each symbol.
SYMBOL_UNITS = 5
# Nonterminals, the next one last.
Stack: TypeAlias = tuple[int, ...]


class SymbolHistory:
    """A symbol of what is under way in a guarded array, and all symbols before it.

    in_number: whether it belongs to a number or ends one.
    """

    __slots__ = ("before", "in_number", "pending_items", "symbol")

    def __init__(self, before: SymbolHistory | None, symbol: int, in_number: bool) -> None:
        self.before = before
        self.symbol = symbol
        self.in_number = in_number
        # Where items stand here, as far as that was asked.
        self.pending_items: dict[ArrayItems, PendingItem] | None = None


class PendingItem(NamedTuple):
    """Where an item stands that has begun.

    named, refused: among the values that it may be, and may not be; stacks: what is still to be expanded of it if it is
    none that is named, in every way that this may be, where that is not whatever finite states admit.
    """

    allowed: Candidates
    forbidden: Candidates
    stacks: tuple[Stack, ...]
    has_begun: bool = False

    def after(self, grammar: Grammar, symbol: int) -> PendingItem:
        """Where it stands after one more symbol; the first one is the ITEM."""
        stacks = self.stacks
        if stacks and self.has_begun:
            longer = (stack_after(grammar, stack, (symbol,)) for stack in stacks)
            stacks = tuple(stack for stack in longer if stack)
        return PendingItem(self.allowed.after(symbol), self.forbidden.after(symbol), stacks, True)


class ArrayItems:
    """The items of one guarded array so far.

    since: the last symbol before the next item; is_narrowed: whether the stack already holds what else that may be.
    """

    __slots__ = ("before_item", "is_restricted", "start")

    def __init__(self, start: ItemStart, before_item: SymbolHistory | None, is_restricted: bool = False) -> None:
        self.start = start
        self.before_item = before_item
        self.is_restricted = is_restricted

    @property
    def only_forbids(self) -> bool:
        """Whether the item may be whatever the stack admits, but for what is refused."""
        return self.is_restricted or self.start.only_forbids

    def has_constrained_item(self, history: SymbolHistory | None) -> bool:
        """Whether an item has begun in whose rest not finite states alone have a say."""
        return history is not self.before_item and not self.is_unconstrained(history)

    def is_unconstrained(self, history: SymbolHistory | None) -> bool:
        """Whether finite states alone have a say in the next item, or in the rest of that which has begun."""
        return self.start.is_unconstrained or (
            history is not self.before_item and self.only_forbids and not self.pending(history).forbidden
        )

    def pending(self, history: SymbolHistory | None) -> PendingItem:
        """Where the item stands; `begun`: the newest symbol."""
        symbols: list[SymbolHistory] = []
        pending: PendingItem | None = None
        while history is not None and history is not self.before_item:
            pending = history.pending_items.get(self) if history.pending_items is not None else None
            if pending is not None:
                break
            symbols.append(history)
            history = history.before
        pending = pending or self._first_pending()
        for symbol in reversed(symbols):
            pending = pending.after(self.start.grammar, symbol.symbol)
        if symbols:
            newest = symbols[0]
            newest.pending_items = {**(newest.pending_items or {}), self: pending}
        return pending

    def _first_pending(self) -> PendingItem:
        choice = self.start.choice
        return PendingItem(
            choice.allowed,
            choice.forbidden,
            () if self.only_forbids else tuple((other,) for other in choice.alternatives),
        )

    def symbols(self, history: SymbolHistory | None) -> list[SymbolHistory]:
        """The symbols of the item, from its ITEM on."""
        found: list[SymbolHistory] = []
        while history is not None and history is not self.before_item:
            found.append(history)
            history = history.before
        return found[::-1]

    def with_ended_item(self, history: SymbolHistory, rest: int) -> ArrayItems | None:
        """The items once the one that has begun has ended and `rest` comes; None where it may not be what it is."""
        start, symbols = self.start, self.symbols(history)
        derivation = Derivation(start.grammar, start.rest)
        start.grammar.budget.work(SYMBOL_UNITS * (len(symbols) + 4))
        for symbol in symbols:
            derivation.push(symbol.symbol)
        item = identity(derivation.last_item())
        after = start.after(item, rest)
        if after is None:
            return None
        seen_items = start.seen_items
        if item not in seen_items:
            seen_items = seen_items.with_item(SeenItem(item, start.opened[0], form_of(symbols)))
        return ArrayItems(ItemStart(start.grammar, after, seen_items), history)


def form_of(symbols: Iterable[SymbolHistory]) -> Form:
    """The form of a whole item."""
    form: list[int | bytes] = []
    number = bytearray()
    for history in symbols:
        if history.in_number and history.symbol < NUM_BYTES:
            number.append(history.symbol)
            continue
        if number:
            form.append(texts_of_equals(number_of_text(number.decode()))[0].encode())
            number.clear()
        form.append(history.symbol)
    return tuple(form)


def tokens_that_enter_items(vocabulary: Vocabulary) -> frozenset[int]:
    """The tokens that open an array and begin its first item."""
    item = vocabulary.grammar.symbols.ids[ITEM]
    return frozenset(token for token, spelling in enumerate(vocabulary.symbols) if item in spelling[1:])


def begins_guarded_item(grammar: Grammar, nonterminal: int, symbols: Symbols) -> bool:
    """Whether symbols begin the first item of an array that may not have every first item that finite states admit."""
    item = grammar.symbols.ids[ITEM]
    stack = [nonterminal]
    for index, symbol in enumerate(symbols):
        if not stack:
            return False
        if (
            index
            and symbol == item
            and grammar.arrays.is_guarded(stack[-1])
            and not ItemStart(grammar, stack[-1], SeenItems()).is_unconstrained
        ):
            return True
        if advance(grammar, stack, symbol) is None:
            return False
    return False


def tokens_with_whole_items(vocabulary: Vocabulary) -> frozenset[int]:
    """The tokens inside which an item ends that the token itself has begun."""
    item = vocabulary.grammar.symbols.ids[ITEM]
    arities = vocabulary.grammar.symbols.arities
    found = set()
    for token, spelling in enumerate(vocabulary.symbols):
        # How many nonterminals are open; where that falls back to the rest of an array, an item has ended.
        num_open, rests = 1, []
        for index, symbol in enumerate(spelling):
            num_open += arities[symbol] - 1
            if symbol == item:
                rests.append(num_open - 1)
            if index + 1 < len(spelling) and num_open in rests:
                found.add(token)
    return frozenset(found)
