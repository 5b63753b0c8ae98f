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
from schemalm.grammar.seen_items import Entry, Form, SeenItems
from schemalm.grammar.symbols import ITEM, NUM_BYTES
from schemalm.machine.choices import Start
from schemalm.machine.derivation import Derivation
from schemalm.machine.forms import Beginnings, Symbols
from schemalm.machine.stepper import advance, stack_after
from schemalm.machine.vocabulary import Vocabulary
from schemalm.regular.numbers import equal_number_texts, number_of_text

# What it costs to read an item once it has ended, units of work for each symbol.
SYMBOL_UNITS = 5
# Nonterminals, the next one last.
Stack: TypeAlias = tuple[int, ...]


class Begun:
    """A symbol of what is under way in a guarded array, and all symbols before it.

    in_number: whether it belongs to a number or ends one.
    """

    __slots__ = ("before", "in_number", "positions", "symbol")

    def __init__(self, before: Begun | None, symbol: int, in_number: bool) -> None:
        self.before = before
        self.symbol = symbol
        self.in_number = in_number
        # Where items stand here, as far as that was asked.
        self.positions: dict[Items, Position] | None = None


class Position(NamedTuple):
    """Where an item stands that has begun.

    named, refused: among the values that it may be, and may not be; stacks: what is still to be expanded of it if it is
    none that is named, in every way that this may be, where that is not whatever finite states admit.
    """

    named: Beginnings
    refused: Beginnings
    stacks: tuple[Stack, ...]
    has_begun: bool = False

    def after(self, grammar: Grammar, symbol: int) -> Position:
        """Where it stands after one more symbol; the first one is the ITEM."""
        stacks = self.stacks
        if stacks and self.has_begun:
            longer = (stack_after(grammar, stack, (symbol,)) for stack in stacks)
            stacks = tuple(stack for stack in longer if stack)
        return Position(self.named.after(symbol), self.refused.after(symbol), stacks, True)


class Items:
    """The items of one guarded array so far.

    since: the last symbol before the next item; is_narrowed: whether the stack already holds what else that may be.
    """

    __slots__ = ("is_narrowed", "since", "start")

    def __init__(self, start: Start, since: Begun | None, is_narrowed: bool = False) -> None:
        self.start = start
        self.since = since
        self.is_narrowed = is_narrowed

    @property
    def takes_others(self) -> bool:
        """Whether the item may be whatever the stack admits, but for what is refused."""
        return self.is_narrowed or self.start.takes_others

    def is_under_way(self, begun: Begun | None) -> bool:
        """Whether an item has begun in whose rest not finite states alone have a say."""
        return begun is not self.since and not self.is_free(begun)

    def is_free(self, begun: Begun | None) -> bool:
        """Whether finite states alone have a say in the next item, or in the rest of that which has begun."""
        return self.start.is_free or (
            begun is not self.since and self.takes_others and not self.position(begun).refused
        )

    def position(self, begun: Begun | None) -> Position:
        """Where the item stands; `begun`: the newest symbol."""
        symbols: list[Begun] = []
        position: Position | None = None
        while begun is not None and begun is not self.since:
            position = begun.positions.get(self) if begun.positions is not None else None
            if position is not None:
                break
            symbols.append(begun)
            begun = begun.before
        position = position or self._first_position()
        for symbol in reversed(symbols):
            position = position.after(self.start.grammar, symbol.symbol)
        if symbols:
            newest = symbols[0]
            newest.positions = {**(newest.positions or {}), self: position}
        return position

    def _first_position(self) -> Position:
        choice = self.start.choice
        return Position(
            choice.named, choice.refused, () if self.takes_others else tuple((other,) for other in choice.others)
        )

    def symbols(self, begun: Begun | None) -> list[Begun]:
        """The symbols of the item, from its ITEM on."""
        found: list[Begun] = []
        while begun is not None and begun is not self.since:
            found.append(begun)
            begun = begun.before
        return found[::-1]

    def ended(self, begun: Begun, rest: int) -> Items | None:
        """The items once the one that has begun has ended and `rest` comes; None where it may not be what it is."""
        start, symbols = self.start, self.symbols(begun)
        derivation = Derivation(start.grammar, start.rest)
        start.grammar.budget.work(SYMBOL_UNITS * (len(symbols) + 4))
        for symbol in symbols:
            derivation.push(symbol.symbol)
        item = identity(derivation.last_item())
        after = start.after(item, rest)
        if after is None:
            return None
        taken = start.taken
        if item not in taken:
            taken = taken.then(Entry(item, start.opened[0], form_of(symbols)))
        return Items(Start(start.grammar, after, taken), begun)


def form_of(symbols: Iterable[Begun]) -> Form:
    """The form of a whole item."""
    form: list[int | bytes] = []
    number = bytearray()
    for begun in symbols:
        if begun.in_number and begun.symbol < NUM_BYTES:
            number.append(begun.symbol)
            continue
        if number:
            form.append(equal_number_texts(number_of_text(number.decode()))[0].encode())
            number.clear()
        form.append(begun.symbol)
    return tuple(form)


def tokens_that_enter_items(vocabulary: Vocabulary) -> frozenset[int]:
    """The tokens that open an array and begin its first item."""
    item = vocabulary.grammar.symbols.ids[ITEM]
    return frozenset(token for token, spelling in enumerate(vocabulary.symbols) if item in spelling[1:])


def enters_guard(grammar: Grammar, nonterminal: int, symbols: Symbols) -> bool:
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
            and not Start(grammar, stack[-1], SeenItems()).is_free
        ):
            return True
        if advance(grammar, stack, symbol) is None:
            return False
    return False


def tokens_that_pass_items(vocabulary: Vocabulary) -> frozenset[int]:
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
