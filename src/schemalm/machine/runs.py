"""Items of an array that differ in nothing but a text or constant, written at once.

Where an array asks only for a number of items of one kind, the next ones are the first of their listing that it does
not have: no search has to look for each.
"""

from __future__ import annotations

from schemalm.grammar.seen_items import Progress, SeenItems
from schemalm.machine.choices import Start
from schemalm.machine.forms import Symbols
from schemalm.machine.guards import Begun, Items
from schemalm.machine.symbol_machine import SymbolMachine
from schemalm.machine.values import Written

# What an item costs, units of work, and each of its symbols.
ITEM_UNITS = 40
SYMBOL_UNITS = 1


def even_items(machine: SymbolMachine) -> tuple[Symbols, SymbolMachine] | None:
    """Items that an array still needs at whose rest a machine stands, and the machine afterwards.

    None where something else has a say in them than which ones it has, and where no listing holds them.
    """
    start = machine.items[machine.depth - 1].start
    num_needed = machine.grammar.arrays.num_needed(start.rest)
    if not num_needed or start.is_free or not start.takes_others:
        return None
    found = _next_values(machine, start, num_needed)
    return (tuple(symbol for written in found for symbol in written.symbols), _after(machine, found)) if found else None


def _next_values(machine: SymbolMachine, start: Start, most: int) -> list[Written]:
    """The first of the values of an item that the array does not have, so many where there are."""
    listing, taken = machine.tables.values.of(start.opened[0]), start.taken
    progress: Progress = taken.note(("listed", start.opened[0]), Progress)
    position = progress.advance(len(taken), listing.at, lambda written: written.entry.value in taken)
    found: dict[object, Written] = {}
    while len(found) < most and (written := listing.at(position)) is not None:
        machine.grammar.budget.work(ITEM_UNITS + SYMBOL_UNITS * len(written.symbols))
        if written.entry.value not in taken:
            found.setdefault(written.entry.value, written)
        position += 1
    return list(found.values())


def _after(machine: SymbolMachine, values: list[Written]) -> SymbolMachine:
    """The machine after some items."""
    after, grammar, height = machine.copy(), machine.grammar, machine.depth - 1
    start = machine.items[height].start
    rest, taken = start.rest, start.taken
    for written in values:
        rest = Start(grammar, rest, SeenItems()).opened[1]
        taken = taken.then(written.entry)
    if len(machine.items) > 1:
        after.begun = _begun(machine.begun, values)
    after.stack[height] = after.tables.entry(rest, machine.path)
    after.items[height] = Items(Start(grammar, rest, taken), after.begun)
    return after


def _begun(begun: Begun | None, values: list[Written]) -> Begun | None:
    """The newest symbol after some items, which other arrays are made of."""
    for written in values:
        for index, symbol in enumerate(written.symbols):
            begun = Begun(begun, symbol, written.num_before is not None and index >= written.num_before)
    return begun
