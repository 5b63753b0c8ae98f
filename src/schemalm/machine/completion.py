"""The completion: the cheapest symbols that end a document from any state of a machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemalm.errors import GuardError, LimitError
from schemalm.grammar.costs import Costs
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.item_search import PlannedItem
from schemalm.grammar.states import Key
from schemalm.grammar.symbols import ITEM, KEY_END
from schemalm.machine.costs import new_keys, top_costs
from schemalm.machine.form_trie import Candidates, Symbols
from schemalm.machine.item_choices import seen_forms
from schemalm.machine.item_endings import PUSH_UNITS, Ending, find_endings, machine_after
from schemalm.machine.name_completion import new_key_texts, symbols_of_name
from schemalm.machine.symbol_machine import SymbolMachine
from schemalm.machine.uniform_items import uniform_items


def cheapest_completion(started: SymbolMachine) -> list[int]:
    """Returns the cheapest tokens, one symbol each, that end a machine's document. The machine is unchanged.

    Raises GuardError if no end was found that satisfies every guard.
    """
    return [*map(started.tables.vocabulary.symbol_token, complete(started, 0)[0])]


def complete(started: SymbolMachine, height: int) -> Ending:
    """Returns cheap symbols after which only `height` nonterminals are left, and the machine after them.

    Each nonterminal gets a target outcome when it reaches the top, and what it opens keeps to this target. So every
    symbol brings the end closer. Raises GuardError if no end was found that satisfies every guard.
    """
    machine = started.copy()
    if machine.tables.naming is not None:
        machine.tables.naming.begin_ending(machine)
    budget, max_symbols = machine.grammar.budget, machine.grammar.limits.completion_symbols
    symbols: list[int] = []
    targets: list[int | None] = [None] * machine.depth
    while machine.depth > height:
        if is_at_guarded_rest(machine):
            # The items decide which outcome can be reached.
            targets[-1] = None
        if (found := _finish_item(machine) or _next_item(machine, targets)) is not None:
            path, machine = found
            del targets[machine.depth :]
        else:
            path = _next_symbols(machine, targets)
            budget.work(len(path) * PUSH_UNITS)
        symbols += path
        if len(symbols) > max_symbols:
            message = "the shortest completion that was found has too many symbols"
            raise LimitError(message, limit="completion_symbols", maximum=max_symbols, operation="completion")
    return tuple(symbols), machine


def endings_of_item(machine: SymbolMachine, height: int) -> Iterator[Ending]:
    """Yields endings of the item of a guarded array, good ones first. `height`: the number of entries below it."""
    return find_endings(machine, height, complete)


def has_end(machine: SymbolMachine) -> bool:
    """Whether the outermost constrained item can be ended. True if there is none."""
    height = machine.constrained_height()
    return height is None or any(True for _ in endings_of_item(machine, height + 1))


def is_at_guarded_rest(machine: SymbolMachine) -> bool:
    """Whether the rest of a guarded array is on top and no item has begun."""
    items = machine.items.get(machine.depth - 1)
    return (
        items is not None
        and machine.history is items.before_item
        and machine.grammar.arrays.is_guarded(machine.nonterminal)
    )


def _next_symbols(machine: SymbolMachine, targets: list[int | None]) -> Symbols:
    """Consumes the symbols that finite states find cheapest, and adds targets for what they open."""
    target, path = _target_outcome(machine, targets), machine.path
    symbols = _cheapest(machine, target)
    try:
        for symbol in symbols:
            machine.push(symbol)
    except ValueError:
        raise GuardError("uniqueItems", path) from None
    arity = machine.grammar.symbols.arities[symbols[-1]]
    targets[-1:] = [target, None] if arity == 2 else [target] * arity
    return tuple(symbols)


def _finish_item(machine: SymbolMachine) -> Ending | None:
    """Returns a cheap ending of the outermost constrained item, if there is one, and the machine after it.

    Raises GuardError if the search finds none.
    """
    height = machine.constrained_height()
    if height is None:
        return None
    allowed = machine.items[height].pending(machine.history).allowed
    return _first_admitted(machine, allowed.endings()) or _search_ending(machine, height)


def _search_ending(machine: SymbolMachine, height: int) -> Ending:
    """Returns a cheap ending of the item of the guarded array at a height, and the machine after it."""
    found = next(endings_of_item(machine, height + 1), None)
    if found is None:
        raise GuardError("uniqueItems", machine.stack[height].path)
    return found


def _first_admitted(machine: SymbolMachine, sequences: Iterable[Symbols]) -> Ending | None:
    """Returns the first of some symbol sequences that the machine admits, and the machine after it."""
    for symbols in sequences:
        after = machine_after(machine, symbols)
        if after is not None:
            return symbols, after
    return None


def _next_item(machine: SymbolMachine, targets: list[int | None]) -> Ending | None:
    """Returns the next items of the guarded array on top, and the machine after them.

    Returns None if no guarded array is on top or it can end. If the next item is unconstrained, it is only begun.
    """
    if not is_at_guarded_rest(machine):
        return None
    start, target = machine.items[machine.depth - 1].start, _target_outcome(machine, targets)
    witness = machine.grammar.arrays.witness(start.rest, start.seen_items, (target,))
    if witness is None or witness.next_item is None:
        return None
    return uniform_items(machine) or _plan_item(machine, targets, witness.next_item)


def _plan_item(machine: SymbolMachine, targets: list[int | None], planned: PlannedItem) -> Ending | None:
    """Returns the planned next item of the array on top, and the machine after it."""
    grammar, start = machine.grammar, machine.items[machine.depth - 1].start
    outcome = planned.outcome
    if planned.repeats:
        node = seen_forms(grammar, start.seen_items, start.opened[0], outcome)
        candidates = Candidates(grammar.symbols, grammar.budget)
        if node is not None:
            candidates = candidates.with_node(node, len(start.seen_items))
        return _first_admitted(machine, candidates.endings())
    after = machine.copy()
    after.push(grammar.symbols.ids[ITEM])
    item = grammar.with_accepts(after.nonterminal, (outcome,))
    after.stack[-1] = after.tables.like(after.top, item)
    targets.append(outcome)
    opening = (grammar.symbols.ids[ITEM],)
    if start.is_unconstrained:
        return opening, after
    repeatable = _first_admitted(machine, _repeatable_items(machine))
    if repeatable is not None:
        return repeatable
    path, ended = _search_ending(after, machine.depth - 1)
    return (*opening, *path), ended


def _repeatable_items(machine: SymbolMachine) -> Iterator[Symbols]:
    """Yields items that a later item can repeat, if the array must repeat one."""
    start, item = machine.items[machine.depth - 1].start, machine.grammar.symbols.ids[ITEM]
    for other in start.choice.alternatives:
        if machine.grammar.nonterminals[other].state != machine.grammar.nonterminals[start.opened[0]].state:
            yield (item, *complete(machine.detached(machine.depth - 1, (other,)), 0)[0])


def _target_outcome(machine: SymbolMachine, targets: list[int | None]) -> int:
    """Returns the outcome of the top with which the top and the rest below it are cheapest together."""
    if targets[-1] is not None:
        return targets[-1]
    costs = {outcome: cost for outcome, cost in top_costs(machine).items() if _can_end(machine, outcome)}
    best = _with_rest(machine, costs, targets[-2]) if len(targets) > 1 else costs
    if not best and len(targets) > 1:
        # Guards exclude the target of the rest below, so it may take any other.
        targets[-2] = None
        best = _with_rest(machine, costs, None)
    if not best:
        raise GuardError("uniqueItems", machine.path)
    return min(best, key=lambda outcome: (best[outcome], outcome))


def _can_end(machine: SymbolMachine, outcome: int) -> bool:
    """Whether guards permit the top to end with an outcome."""
    if not is_at_guarded_rest(machine):
        return True
    start = machine.items[machine.depth - 1].start
    return machine.grammar.arrays.witness(start.rest, start.seen_items, (outcome,)) is not None


def _with_rest(machine: SymbolMachine, costs: Costs, target: int | None) -> Costs:
    """Returns costs by outcome of the top, including the cost of the rest below it. `target`: the rest's target."""
    found: Costs = {}
    for outcome, cost in costs.items():
        rest = _rest_costs(machine.grammar, machine.grammar.settle(machine.stack[-2].nonterminal, outcome))
        more = min((cost for end, cost in rest.items() if target in (None, end)), default=None)
        if more is not None:
            found[outcome] = cost + more
    return found


def _rest_costs(grammar: Grammar, rest: int) -> Costs:
    """Returns the costs of a rest. A guarded array that cannot end otherwise may repeat an item."""
    costs = grammar.costs(rest)
    repeated = grammar.arrays.rest_after_repetition(rest) if not costs and grammar.arrays.is_guarded(rest) else None
    return costs if repeated is None else grammar.costs(repeated)


def _cheapest(machine: SymbolMachine, target: int) -> list[int]:
    """Returns the first symbols of the cheapest way to end the top with the outcome `target`."""
    grammar, keys = machine.grammar, machine.free_keys
    if machine.names is not None and (symbols := symbols_of_name(machine, target)):
        return symbols
    node = grammar.nonterminals[machine.nonterminal]
    if not isinstance(node.state, Key):
        return [grammar.cheapest(machine.nonterminal, target)]
    _, key_outcome = min(
        (distance + costs[target], outcome)
        for outcome, distance in new_keys(machine)
        if target in (costs := grammar.key_costs(machine.nonterminal, outcome))
    )
    texts = grammar.automaton.texts(node.state.dfa_state, frozenset([key_outcome]))
    if machine.names is not None and machine.top.slot is not None:
        texts = new_key_texts(machine, key_outcome, texts)
    new = next(text for text in texts if keys.prefix + text.decode("latin-1") not in keys)
    return [*new, grammar.symbols.ids[KEY_END]]
