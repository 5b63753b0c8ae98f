"""Searches for endings of an item of a guarded array, so that the item is not forbidden.

The search is depth-first and tries cheap symbols first, until no forbidden value begins like the item. After that only
arrays inside the item can interfere, so a completion ends it. Prefixes without an ending are remembered: they still
have none when the array has more items. If a later item must repeat this one or needs certain values, few endings are
good. Then a best-first search tries all of them. The work limit of the call bounds both searches.
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
# A function that finds the cheapest symbols after which only the given number of nonterminals is left.
Complete: TypeAlias = "Callable[[SymbolMachine, int], Ending]"
# The cost of trying a symbol, in units of work.
PUSH_UNITS = 12


def machine_after(machine: SymbolMachine, symbols: Iterable[int]) -> SymbolMachine | None:
    """Returns the machine after some symbols, or None if it does not admit them."""
    after = machine.copy()
    try:
        for symbol in symbols:
            machine.grammar.budget.work(PUSH_UNITS)
            after.push(symbol)
    except ValueError:
        return None
    return after


def find_endings(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """Yields symbols after which only `height` nonterminals are left, good ones first.

    complete: the function `completion.complete`, which ends what is not constrained.
    """
    branches: list[tuple[ItemPrefix | None, Iterator[Ending]]] = [(None, iter([((), machine)]))]
    while branches:
        prefix, endings = branches[-1]
        found = next(endings, None)
        if found is None:
            branches.pop()
            if prefix is not None:
                prefix.exhaust()
        elif found[1].depth <= height:
            yield found
            # The prefixes of an ending are not exhausted.
            branches = [(None, endings) for _, endings in branches]
        else:
            prefix = _item_prefix(found[1], height)
            if prefix is None or not prefix.is_exhausted:
                branches.append((prefix, _extensions(*found, height, complete)))


class ItemPrefix(NamedTuple):
    """A prefix of an item: its node in the trie of forbidden values, how many items count, and what is still open."""

    node: TrieNode
    num: int
    open_nonterminals: tuple[int, ...]

    @property
    def is_exhausted(self) -> bool:
        """Whether the item has no ending that is not forbidden."""
        return self.node.exhausted.get(self.open_nonterminals, self.num + 1) <= self.num

    def exhaust(self) -> None:
        """Records that the item has no such ending. This stays true when the array has more items."""
        self.node.exhausted.setdefault(self.open_nonterminals, self.num)


def _item_prefix(machine: SymbolMachine, height: int) -> ItemPrefix | None:
    """Returns the prefix of an item that is constrained by earlier items only; None if others constrain it."""
    outermost = machine.constrained_height()
    if outermost is None or outermost + 1 != height:
        return None
    items = machine.items[outermost]
    forbidden = items.pending(machine.history).forbidden
    if not items.only_forbids or items.start.choice.forbids_unseen or len(forbidden.nodes) != 1:
        return None
    return ItemPrefix(*forbidden.nodes[0], tuple(entry.nonterminal for entry in machine.stack[height:]))


def _extensions(path: Symbols, machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """Yields the path extended by more symbols, in every way that may lead to a good ending."""
    constrained_items = machine.constrained_items()
    if not constrained_items:
        endings: Iterable[Ending] = _completed(machine, height, complete)
    elif all(items.only_forbids for items in constrained_items):
        endings = _admitted(machine, _next_symbols(machine, height, all_forbidden(machine)))
    else:
        endings = _constrained_extensions(machine, height, complete)
    for symbols, after in endings:
        yield (*path, *symbols), after


def all_forbidden(machine: SymbolMachine) -> Candidates:
    """Returns the forbidden values of all open arrays as candidates at the top of a machine."""
    pending_items = (items.pending(machine.history) for items in machine.constrained_items())
    nodes = tuple(node for pending in pending_items for node in pending.forbidden.nodes)
    return Candidates(machine.grammar.symbols, machine.grammar.budget, nodes)


def _completed(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """Yields the cheapest ending if there is one, for an item that cannot become a forbidden value."""
    try:
        yield complete(machine, height)
    except GuardError:
        return


def _admitted(machine: SymbolMachine, sequences: Iterable[Symbols]) -> Iterator[Ending]:
    for symbols in sequences:
        after = machine_after(machine, symbols)
        if after is not None:
            yield symbols, after


def _next_symbols(machine: SymbolMachine, height: int, forbidden: Candidates) -> Iterator[Symbols]:
    """Yields the next symbols: first those that no forbidden value begins with, in ascending order of cost."""
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
    """Yields complete texts that rule out forbidden values: so many that keys and items cannot exclude them all."""
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
    """Whether the end of the value on top ends an item."""
    items = machine.items.get(machine.depth - 2)
    return items is not None and items.has_constrained_item(machine.history)


def _next_structure(machine: SymbolMachine, height: int, forbidden: Candidates) -> Iterator[Symbols]:
    constants, others = machine.tables.texts.symbols(machine.nonterminal)
    harmless = [
        symbol
        for outcome, symbols in constants.items()
        for symbol in islice(
            forbidden.non_matching((machine.nonterminal, outcome), element_at(symbols), lambda symbol: (symbol,)), 1
        )
    ]
    yield from _by_cost(machine, (*harmless, *others), height)
    # A further constant helps only if something else excludes the first one.
    more = (symbol for symbols in constants.values() for symbol in symbols if symbol not in harmless)
    if not _ends_item(machine):
        yield from ((symbol,) for symbol in more if not forbidden.after(symbol).is_match)


def _by_cost(machine: SymbolMachine, symbols: Iterable[int], height: int) -> Iterator[Symbols]:
    """Yields those of some symbols that are admitted, in ascending order of the cost to end the item."""
    afters = ((symbol, machine_after(machine, (symbol,))) for symbol in symbols)
    costs = [(least_cost(after, height), symbol) for symbol, after in afters if after is not None]
    return ((symbol,) for _, symbol in sorted(costs))


def _constrained_extensions(machine: SymbolMachine, height: int, complete: Complete) -> Iterator[Ending]:
    """Yields extensions of an item that must be one of some values or must leave room for later items."""
    outermost = next(
        level
        for level, items in sorted(machine.items.items())
        if items in machine.constrained_items() and not items.only_forbids
    )
    pending = machine.items[outermost].pending(machine.history)
    yield from _admitted(machine, pending.allowed.endings())
    for stack in pending.stacks:
        restricted = machine.restricted_to(outermost, stack)
        if restricted is not None:
            yield (), restricted
            continue
        # The item is derived on its own, because later items must be able to repeat it. It is written here.
        for symbols, _ in _completed(machine.detached(outermost, stack), 0, complete):
            yield from _admitted(machine, (symbols,))
    yield from _all_endings(machine, height)


def _all_endings(machine: SymbolMachine, height: int) -> Iterator[Ending]:
    """Yields all endings, cheap ones first."""
    # At equal cost, the newest entry is taken first because it is closest to its end. The most readable continuation is
    # pushed last.
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
    """Yields the next symbols. Of texts, and of constants with one outcome, it yields one more than are forbidden."""
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
