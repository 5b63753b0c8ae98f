"""Guards: constraints that no finite state can carry, checked while decoding. The only one today is `uniqueItems`.

A guarded array records its items. A token is forbidden if the array cannot contain any item that continues with it. The
item must differ from earlier items (or repeat one, where the schema requires that), and it must leave enough values for
later items. If a token begins many values and some of them are forbidden, a search looks for one that is not
(`item_endings.py`).
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
from schemalm.regular.numbers import equal_number_texts, number_of_text

# The cost of reading a complete item, in units of work per symbol.
SYMBOL_UNITS = 5
# Nonterminals, the next one last.
Stack: TypeAlias = tuple[int, ...]


class SymbolHistory:
    """The newest symbol inside a guarded array, linked to the symbols before it. Histories share their beginnings.

    in_number: whether the symbol belongs to a number or ends one.
    """

    __slots__ = ("before", "in_number", "pending_items", "symbol")

    def __init__(self, before: SymbolHistory | None, symbol: int, in_number: bool) -> None:
        self.before = before
        self.symbol = symbol
        self.in_number = in_number
        # The pending items at this symbol, as far as they were computed.
        self.pending_items: dict[ArrayItems, PendingItem] | None = None


class PendingItem(NamedTuple):
    """An item that has begun, and what it can still become.

    allowed, forbidden: the candidates among the listed values. stacks: the open nonterminals of the item in each of its
    alternatives, or none if the machine's own stack derives it.
    """

    allowed: Candidates
    forbidden: Candidates
    stacks: tuple[Stack, ...]
    has_begun: bool = False

    def after(self, grammar: Grammar, symbol: int) -> PendingItem:
        """Returns the item after one more symbol. The first symbol is the ITEM."""
        stacks = self.stacks
        if stacks and self.has_begun:
            longer = (stack_after(grammar, stack, (symbol,)) for stack in stacks)
            stacks = tuple(stack for stack in longer if stack)
        return PendingItem(self.allowed.after(symbol), self.forbidden.after(symbol), stacks, True)


class ArrayItems:
    """The items of one guarded array so far.

    before_item: the last symbol before the next item. is_restricted: whether the stack already derives only the
    alternatives.
    """

    __slots__ = ("before_item", "is_restricted", "start")

    def __init__(self, start: ItemStart, before_item: SymbolHistory | None, is_restricted: bool = False) -> None:
        self.start = start
        self.before_item = before_item
        self.is_restricted = is_restricted

    @property
    def only_forbids(self) -> bool:
        """Whether the item may be every value that the stack derives, except the forbidden ones."""
        return self.is_restricted or self.start.only_forbids

    def has_constrained_item(self, history: SymbolHistory | None) -> bool:
        """Whether an item has begun which finite states alone cannot check."""
        return history is not self.before_item and not self.is_unconstrained(history)

    def is_unconstrained(self, history: SymbolHistory | None) -> bool:
        """Whether finite states alone check the next item, or what is left of the item that has begun."""
        return self.start.is_unconstrained or (
            history is not self.before_item and self.only_forbids and not self.pending(history).forbidden
        )

    def pending(self, history: SymbolHistory | None) -> PendingItem:
        """Returns the item that has begun. `history`: the newest symbol."""
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
        """Returns the symbols of the item, from its ITEM on."""
        found: list[SymbolHistory] = []
        while history is not None and history is not self.before_item:
            found.append(history)
            history = history.before
        return found[::-1]

    def with_ended_item(self, history: SymbolHistory, rest: int) -> ArrayItems | None:
        """Returns the items once the pending item has ended before the rest `rest`; None if the item is forbidden."""
        start, symbols = self.start, self.symbols(history)
        derivation = Derivation(start.grammar, start.rest)
        start.grammar.budget.work(SYMBOL_UNITS * (len(symbols) + 4))
        for symbol in symbols:
            derivation.push(symbol.symbol)
        item = identity(derivation.last_item())
        after = start.rest_after(item, rest)
        if after is None:
            return None
        seen_items = start.seen_items
        if item not in seen_items:
            seen_items = seen_items.with_item(SeenItem(item, start.opened[0], form_of(symbols)))
        return ArrayItems(ItemStart(start.grammar, after, seen_items), history)


def form_of(symbols: Iterable[SymbolHistory]) -> Form:
    """Returns the form of a complete item."""
    form: list[int | bytes] = []
    number = bytearray()
    for history in symbols:
        if history.in_number and history.symbol < NUM_BYTES:
            number.append(history.symbol)
            continue
        if number:
            form.append(equal_number_texts(number_of_text(number.decode()))[0].encode())
            number.clear()
        form.append(history.symbol)
    return tuple(form)


def tokens_that_enter_items(vocabulary: Vocabulary) -> frozenset[int]:
    """Returns the tokens that open an array and begin its first item."""
    item = vocabulary.grammar.symbols.ids[ITEM]
    return frozenset(token for token, spelling in enumerate(vocabulary.symbols) if item in spelling[1:])


def begins_guarded_item(grammar: Grammar, nonterminal: int, symbols: Symbols) -> bool:
    """Whether the symbols begin the first item of an array whose items finite states alone cannot check."""
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
    """Returns the tokens inside which an item ends that the same token has begun."""
    item = vocabulary.grammar.symbols.ids[ITEM]
    arities = vocabulary.grammar.symbols.arities
    found = set()
    for token, spelling in enumerate(vocabulary.symbols):
        # The number of open nonterminals. When it falls back to that of an array's rest, an item has ended.
        num_open, rests = 1, []
        for index, symbol in enumerate(spelling):
            num_open += arities[symbol] - 1
            if symbol == item:
                rests.append(num_open - 1)
            if index + 1 < len(spelling) and num_open in rests:
                found.add(token)
    return frozenset(found)
