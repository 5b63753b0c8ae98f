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
from schemalm.machine.form_trie import Candidates, Symbols, TrieNode
from schemalm.machine.symbol_machine import SymbolMachine
from schemalm.machine.texts import element_at

# Symbols, and the machine after them.
Ending: TypeAlias = "tuple[Symbols, SymbolMachine]"
# The cheapest way down to so many nonterminals.
Complete: TypeAlias = "Callable[[SymbolMachine, int], Ending]"
# What it costs to try a symbol, units of work.
PUSH_UNITS = 12


def machine_after(machine: SymbolMachine, symbols: Iterable[int]) -> SymbolMachine | None:
    """The machine after some symbols; None where they are not admitted."""
    after = machine.copy()
    try:
        for symbol in symbols:
            machine.grammar.budget.work(PUSH_UNITS)
            after.push(symbol)
    except ValueError:
        return None
    return after


def find_endings(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """Ways to come down to `height` nonterminals, good ones first; `complete`: as `completion.complete`."""
    open_ways: list[tuple[ItemPrefix | None, Iterator[Ending]]] = [(None, iter([((), machine)]))]
    while open_ways:
        prefix, ways = open_ways[-1]
        found = next(ways, None)
        if found is None:
            open_ways.pop()
            if prefix is not None:
                prefix.exhaust()
        elif found[1].depth <= height:
            yield found
            # What lies on the way to an end is not exhausted.
            open_ways = [(None, ways) for _, ways in open_ways]
        else:
            prefix = _item_prefix(found[1], height)
            if prefix is None or not prefix.is_exhausted:
                open_ways.append((prefix, _extensions(*found, height, complete)))


class ItemPrefix(NamedTuple):
    """A beginning of an item: a node of what is refused, how many items count, and what is still to be expanded."""

    node: TrieNode
    num: int
    open_nonterminals: tuple[int, ...]

    @property
    def is_exhausted(self) -> bool:
        """Whether the item has no other end."""
        return self.node.exhausted.get(self.open_nonterminals, self.num + 1) <= self.num

    def exhaust(self) -> None:
        """Notes that the item has no other end, nor will have one once there are more items."""
        self.node.exhausted.setdefault(self.open_nonterminals, self.num)


def _item_prefix(machine: SymbolMachine, height: int) -> ItemPrefix | None:
    """Where an item stands whose end hangs on nothing but the earlier ones; None elsewhere."""
    outermost = machine.constrained_height()
    if outermost is None or outermost + 1 != height:
        return None
    items = machine.items[outermost]
    forbidden = items.pending(machine.history).forbidden
    if not items.only_forbids or items.start.choice.forbids_unseen or len(forbidden.nodes) != 1:
        return None
    return ItemPrefix(*forbidden.nodes[0], tuple(entry.nonterminal for entry in machine.stack[height:]))


def _extensions(path: Symbols, machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """The path with some symbols more, in every way that may lead to a good end."""
    constrained_items = machine.constrained_items()
    if not constrained_items:
        ways: Iterable[Ending] = _completed(machine, height, complete)
    elif all(items.only_forbids for items in constrained_items):
        ways = _admitted(machine, _next_symbols(machine, height, all_forbidden(machine)))
    else:
        ways = _constrained_extensions(machine, height, complete)
    for symbols, after in ways:
        yield (*path, *symbols), after


def all_forbidden(machine: SymbolMachine) -> Candidates:
    """What is refused at the top of a machine by all its arrays together."""
    pending_items = (items.pending(machine.history) for items in machine.constrained_items())
    nodes = tuple(node for pending in pending_items for node in pending.forbidden.nodes)
    return Candidates(machine.grammar.symbols, machine.grammar.budget, nodes)


def _completed(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """The cheapest way down, where nothing is refused."""
    try:
        yield complete(machine, height)
    except GuardError:
        return


def _admitted(machine: SymbolMachine, choices: Iterable[Symbols]) -> Iterator[Ending]:
    for symbols in choices:
        after = machine_after(machine, symbols)
        if after is not None:
            yield symbols, after


def _next_symbols(machine: SymbolMachine, height: int, forbidden: Candidates) -> Iterator[Symbols]:
    """Symbols to go on with: those with which nothing is refused any more first, cheap ones before others."""
    grammar = machine.grammar
    node = grammar.nonterminals[machine.nonterminal]
    if isinstance(node.state, Text):
        yield from _next_texts(machine, node.state.dfa_state, node.accepts, grammar.symbols.ids[END], forbidden)
    elif isinstance(node.state, Key):
        yield from _next_texts(machine, node.state.dfa_state, node.accepts, grammar.symbols.ids[KEY_END], forbidden)
    else:
        yield from _next_structure(machine, height, forbidden)


def _next_texts(
    machine: SymbolMachine, dfa_state: int, accepts: tuple[int, ...], end: int, forbidden: Candidates
) -> Iterator[Symbols]:
    """Whole texts: of those that leave what is refused, one more than keys and items can stand in the way of."""
    texts, keys, num_tried = machine.tables.texts, machine.free_keys, 0
    for text in texts.non_matching(dfa_state, accepts, end, forbidden):
        if end == machine.grammar.symbols.ids[KEY_END] and keys.prefix + text.decode("latin-1") in keys:
            continue
        yield (*text, end)
        num_tried += 1
        if num_tried > forbidden.num_endings:
            break
    if end != machine.grammar.symbols.ids[KEY_END] and _ends_item(machine):
        return
    for text in islice(texts.all(dfa_state, accepts), num_tried + forbidden.num_endings):
        after = forbidden.after_all((*text, end))
        if after and not after.is_match:
            yield (*text, end)


def _ends_item(machine: SymbolMachine) -> bool:
    """Whether the end of the value on top is the end of an item."""
    items = machine.items.get(machine.depth - 2)
    return items is not None and items.has_constrained_item(machine.history)


def _next_structure(machine: SymbolMachine, height: int, forbidden: Candidates) -> Iterator[Symbols]:
    constants, others = machine.tables.texts.symbols(machine.nonterminal)
    leaving = [
        symbol
        for outcome, symbols in constants.items()
        for symbol in islice(
            forbidden.non_matching((machine.nonterminal, outcome), element_at(symbols), lambda symbol: (symbol,)), 1
        )
    ]
    yield from _by_cost(machine, (*leaving, *others), height)
    # Constants are of no more use than the first one, unless something else stands in its way.
    more = (symbol for symbols in constants.values() for symbol in symbols if symbol not in leaving)
    if not _ends_item(machine):
        yield from ((symbol,) for symbol in more if not forbidden.after(symbol).is_match)


def _by_cost(machine: SymbolMachine, symbols: Iterable[int], height: int) -> Iterator[Symbols]:
    """Those of some symbols that may come, the one with the cheapest way down first."""
    afters = ((symbol, machine_after(machine, (symbol,))) for symbol in symbols)
    costs = [(least_cost(after, height), symbol) for symbol, after in afters if after is not None]
    return ((symbol,) for _, symbol in sorted(costs))


def _constrained_extensions(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """Ways on where the item of an array has to be one of some values, or has to be such that others can follow."""
    outermost = next(
        level
        for level, items in sorted(machine.items.items())
        if items in machine.constrained_items() and not items.only_forbids
    )
    pending = machine.items[outermost].pending(machine.history)
    yield from _admitted(machine, pending.allowed.endings())
    for stack in pending.stacks:
        narrowed = machine.restricted_to(outermost, stack)
        if narrowed is not None:
            yield (), narrowed
            continue
        # Values that a later item can be as well: derived by themselves, they are written here.
        for symbols, _ in _completed(machine.detached(outermost, stack), 0, complete):
            yield from _admitted(machine, (symbols,))
    yield from _all_endings(machine, height)


def _all_endings(machine: SymbolMachine, height: int) -> Iterator[Ending]:
    """Every way down, cheap ones first."""
    # Among ways that are equally cheap, the newest comes first: it is closest to its end, and continuations are pushed
    # with the most readable one last.
    tie_breaker = count(0, -1)
    queue: list[tuple[int, int, Symbols, SymbolMachine]] = [
        (least_cost(machine, height), next(tie_breaker), (), machine)
    ]
    while queue:
        _, _, path, current = heappop(queue)
        if current.depth <= height:
            yield path, current
            continue
        for symbols in reversed(list(_continuations(current))):
            after = machine_after(current, symbols)
            if after is not None:
                longer = (*path, *symbols)
                heappush(queue, (len(longer) + least_cost(after, height), next(tie_breaker), longer, after))


def _continuations(machine: SymbolMachine) -> Iterator[Symbols]:
    """Symbols to go on with: of texts and of constants with one outcome, as many as are refused and one more."""
    grammar, nonterminal = machine.grammar, machine.nonterminal
    node = grammar.nonterminals[nonterminal]
    forbidden = all_forbidden(machine)
    if isinstance(node.state, Text | Key):
        end = grammar.symbols.ids[END if isinstance(node.state, Text) else KEY_END]
        yield from _next_texts(machine, node.state.dfa_state, node.accepts, end, forbidden)
        return
    constants, others = machine.tables.texts.symbols(nonterminal)
    for symbols in (others, *constants.values()):
        yield from ((symbol,) for symbol in symbols[: None if symbols is others else forbidden.num_endings + 2])
