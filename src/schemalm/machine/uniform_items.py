"""Writes all items at once that an array still needs, if they are texts or constants of one kind.

If an array requires only a number of items of one kind, the next items are the first values of the list that it does
not contain yet. No search is needed for each of them.
"""

from __future__ import annotations

from schemalm.grammar.seen_items import Progress, SeenItems
from schemalm.machine.form_trie import Symbols
from schemalm.machine.guards import ArrayItems, SymbolHistory
from schemalm.machine.item_choices import ItemStart
from schemalm.machine.symbol_machine import SymbolMachine
from schemalm.machine.values import ListedValue

# The cost of an item, and of each of its symbols, in units of work.
ITEM_UNITS = 40
SYMBOL_UNITS = 1


def uniform_items(machine: SymbolMachine) -> tuple[Symbols, SymbolMachine] | None:
    """Returns the items that the array on top still needs, and the machine after them.

    Returns None if something else constrains them, or if no list contains them.
    """
    start = machine.items[machine.depth - 1].start
    num_needed = machine.grammar.arrays.num_needed(start.rest)
    if not num_needed or start.is_unconstrained or not start.only_forbids:
        return None
    found = _next_values(machine, start, num_needed)
    return (tuple(symbol for listed in found for symbol in listed.symbols), _after(machine, found)) if found else None


def _next_values(machine: SymbolMachine, start: ItemStart, most: int) -> list[ListedValue]:
    """Returns the first values of an item that the array does not contain, at most `most`."""
    lazy_values, seen_items = machine.tables.values.of(start.opened[0]), start.seen_items
    progress: Progress = seen_items.cached(("listed", start.opened[0]), Progress)
    position = progress.advance(len(seen_items), lazy_values.at, lambda listed: listed.seen_item.value in seen_items)
    found: dict[object, ListedValue] = {}
    while len(found) < most and (listed := lazy_values.at(position)) is not None:
        machine.grammar.budget.work(ITEM_UNITS + SYMBOL_UNITS * len(listed.symbols))
        if listed.seen_item.value not in seen_items:
            found.setdefault(listed.seen_item.value, listed)
        position += 1
    return list(found.values())


def _after(machine: SymbolMachine, values: list[ListedValue]) -> SymbolMachine:
    """Returns the machine after some items."""
    after, grammar, height = machine.copy(), machine.grammar, machine.depth - 1
    start = machine.items[height].start
    rest, seen_items = start.rest, start.seen_items
    for listed in values:
        rest = ItemStart(grammar, rest, SeenItems()).opened[1]
        seen_items = seen_items.with_item(listed.seen_item)
    if len(machine.items) > 1:
        after.history = _history_after(machine.history, values)
    after.stack[height] = after.tables.like(machine.stack[height], rest)
    after.items[height] = ArrayItems(ItemStart(grammar, rest, seen_items), after.history)
    return after


def _history_after(history: SymbolHistory | None, values: list[ListedValue]) -> SymbolHistory | None:
    """Returns the history after some items, which enclosing arrays need."""
    for listed in values:
        for index, symbol in enumerate(listed.symbols):
            history = SymbolHistory(history, symbol, listed.number_start is not None and index >= listed.number_start)
    return history
