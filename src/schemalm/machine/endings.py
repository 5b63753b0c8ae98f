"""How an item of an array ends whose items have to differ: as one that is neither refused nor needed by later ones.

The search goes depth first, cheap ways first, until the item begins like none that is refused. From there on nothing is
in its way but arrays inside the item, so the rest is a completion. Beginnings without another end are noted: they stay
such when more items have come. Where later items have to repeat one, or rely on some values, few ends are good: then
all are tried, cheap ones first. The work of a call bounds both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import count, islice
from typing import NamedTuple, TypeAlias

from schemalm.errors import GuardError
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import END, KEY_END
from schemalm.machine.costs import least_cost
from schemalm.machine.forms import Beginnings, Node, Symbols
from schemalm.machine.symbol_machine import SymbolMachine
from schemalm.machine.texts import listed

# Symbols, and the machine after them.
Way: TypeAlias = "tuple[Symbols, SymbolMachine]"
# The cheapest way down to so many nonterminals.
Complete: TypeAlias = "Callable[[SymbolMachine, int], Way]"
# What it costs to try a symbol, units of work.
PUSH_UNITS = 12


def pushed(machine: SymbolMachine, symbols: Iterable[int]) -> SymbolMachine | None:
    """The machine after some symbols; None where they are not admitted."""
    after = machine.copy()
    try:
        for symbol in symbols:
            machine.grammar.budget.work(PUSH_UNITS)
            after.push(symbol)
    except ValueError:
        return None
    return after


def other_ends(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Way]:
    """Ways to come down to `height` nonterminals, good ones first; `complete`: as `completion.complete`."""
    pending: list[tuple[Mark | None, Iterator[Way]]] = [(None, iter([((), machine)]))]
    while pending:
        mark, ways = pending[-1]
        found = next(ways, None)
        if found is None:
            pending.pop()
            if mark is not None:
                mark.exhaust()
        elif found[1].depth <= height:
            yield found
            # What lies on the way to an end is not exhausted.
            pending = [(None, ways) for _, ways in pending]
        else:
            mark = _mark(found[1], height)
            if mark is None or not mark.is_exhausted:
                pending.append((mark, _further(*found, height, complete)))


class Mark(NamedTuple):
    """A beginning of an item: a node of what is refused, how many items count, and what is still to be expanded."""

    node: Node
    num: int
    rest: tuple[int, ...]

    @property
    def is_exhausted(self) -> bool:
        """Whether the item has no other end."""
        return self.node.exhausted.get(self.rest, self.num + 1) <= self.num

    def exhaust(self) -> None:
        """Notes that the item has no other end, nor will have one once there are more items."""
        self.node.exhausted.setdefault(self.rest, self.num)


def _mark(machine: SymbolMachine, height: int) -> Mark | None:
    """Where an item stands whose end hangs on nothing but the earlier ones; None elsewhere."""
    outermost = machine.height_under_way()
    if outermost is None or outermost + 1 != height:
        return None
    items = machine.items[outermost]
    refused = items.position(machine.begun).refused
    if not items.takes_others or items.start.choice.has_special or len(refused.nodes) != 1:
        return None
    return Mark(*refused.nodes[0], tuple(entry.nonterminal for entry in machine.stack[height:]))


def _further(path: Symbols, machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Way]:
    """The path with some symbols more, in every way that may lead to a good end."""
    under_way = machine.under_way()
    if not under_way:
        ways: Iterable[Way] = _completed(machine, height, complete)
    elif all(items.takes_others for items in under_way):
        ways = _taken(machine, _options(machine, height, joined(machine)))
    else:
        ways = _picked(machine, height, complete)
    for symbols, after in ways:
        yield (*path, *symbols), after


def joined(machine: SymbolMachine) -> Beginnings:
    """What is refused at the top of a machine by all its arrays together."""
    positions = (items.position(machine.begun) for items in machine.under_way())
    nodes = tuple(node for position in positions for node in position.refused.nodes)
    return Beginnings(machine.grammar.symbols, machine.grammar.budget, nodes)


def _completed(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Way]:
    """The cheapest way down, where nothing is refused."""
    try:
        yield complete(machine, height)
    except GuardError:
        return


def _taken(machine: SymbolMachine, options: Iterable[Symbols]) -> Iterator[Way]:
    for symbols in options:
        after = pushed(machine, symbols)
        if after is not None:
            yield symbols, after


def _options(machine: SymbolMachine, height: int, refused: Beginnings) -> Iterator[Symbols]:
    """Symbols to go on with: those with which nothing is refused any more first, cheap ones before others."""
    grammar = machine.grammar
    node = grammar.nonterminals[machine.nonterminal]
    if isinstance(node.state, Text):
        yield from _text_options(machine, node.state.dfa_state, node.accepts, grammar.symbols.ids[END], refused)
    elif isinstance(node.state, Key):
        yield from _text_options(machine, node.state.dfa_state, node.accepts, grammar.symbols.ids[KEY_END], refused)
    else:
        yield from _structure_options(machine, height, refused)


def _text_options(
    machine: SymbolMachine, place: int, accepts: tuple[int, ...], end: int, refused: Beginnings
) -> Iterator[Symbols]:
    """Whole texts: of those that leave what is refused, one more than keys and items can stand in the way of."""
    texts, keys, num_tried = machine.tables.texts, machine.free_keys, 0
    for text in texts.others(place, accepts, end, refused):
        if end == machine.grammar.symbols.ids[KEY_END] and keys.begun + text.decode("latin-1") in keys:
            continue
        yield (*text, end)
        num_tried += 1
        if num_tried > refused.num_ways:
            break
    if end != machine.grammar.symbols.ids[KEY_END] and _ends_item(machine):
        return
    for text in islice(texts.all(place, accepts), num_tried + refused.num_ways):
        after = refused.after_all((*text, end))
        if after and not after.is_whole:
            yield (*text, end)


def _ends_item(machine: SymbolMachine) -> bool:
    """Whether the end of the value on top is the end of an item."""
    items = machine.items.get(machine.depth - 2)
    return items is not None and items.is_under_way(machine.begun)


def _structure_options(machine: SymbolMachine, height: int, refused: Beginnings) -> Iterator[Symbols]:
    constants, others = machine.tables.texts.symbols(machine.nonterminal)
    leaving = [
        symbol
        for outcome, symbols in constants.items()
        for symbol in islice(
            refused.others((machine.nonterminal, outcome), listed(symbols), lambda symbol: (symbol,)), 1
        )
    ]
    yield from _by_cost(machine, (*leaving, *others), height)
    # Constants are of no more use than the first one, unless something else stands in its way.
    more = (symbol for symbols in constants.values() for symbol in symbols if symbol not in leaving)
    if not _ends_item(machine):
        yield from ((symbol,) for symbol in more if not refused.after(symbol).is_whole)


def _by_cost(machine: SymbolMachine, symbols: Iterable[int], height: int) -> Iterator[Symbols]:
    """Those of some symbols that may come, the one with the cheapest way down first."""
    afters = ((symbol, pushed(machine, (symbol,))) for symbol in symbols)
    costs = [(least_cost(after, height), symbol) for symbol, after in afters if after is not None]
    return ((symbol,) for _, symbol in sorted(costs))


def _picked(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Way]:
    """Ways on where the item of an array has to be one of some values, or has to be such that others can follow."""
    outermost = next(
        level
        for level, items in sorted(machine.items.items())
        if items in machine.under_way() and not items.takes_others
    )
    position = machine.items[outermost].position(machine.begun)
    yield from _taken(machine, position.named.ways())
    for stack in position.stacks:
        narrowed = machine.narrowed(outermost, stack)
        if narrowed is not None:
            yield (), narrowed
            continue
        # Values that a later item can be as well: derived by themselves, they are written here.
        for symbols, _ in _completed(machine.apart(outermost, stack), 0, complete):
            yield from _taken(machine, (symbols,))
    yield from _every_end(machine, height)


def _every_end(machine: SymbolMachine, height: int) -> Iterator[Way]:
    """Every way down, cheap ones first."""
    # Among ways that are equally cheap, the newest comes first: it is closest to its end, and continuations are pushed
    # with the most readable one last.
    turn = count(0, -1)
    queue: list[tuple[int, int, Symbols, SymbolMachine]] = [(least_cost(machine, height), next(turn), (), machine)]
    while queue:
        _, _, path, current = heappop(queue)
        if current.depth <= height:
            yield path, current
            continue
        for symbols in reversed(list(_continuations(current))):
            after = pushed(current, symbols)
            if after is not None:
                longer = (*path, *symbols)
                heappush(queue, (len(longer) + least_cost(after, height), next(turn), longer, after))


def _continuations(machine: SymbolMachine) -> Iterator[Symbols]:
    """Symbols to go on with: of texts and of constants with one outcome, as many as are refused and one more."""
    grammar, nonterminal = machine.grammar, machine.nonterminal
    node = grammar.nonterminals[nonterminal]
    refused = joined(machine)
    if isinstance(node.state, Text | Key):
        end = grammar.symbols.ids[END if isinstance(node.state, Text) else KEY_END]
        yield from _text_options(machine, node.state.dfa_state, node.accepts, end, refused)
        return
    constants, others = machine.tables.texts.symbols(nonterminal)
    for symbols in (others, *constants.values()):
        yield from ((symbol,) for symbol in symbols[: None if symbols is others else refused.num_ways + 2])
