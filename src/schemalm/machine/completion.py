"""The completion: the cheapest symbols that end a document from wherever a machine stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemalm.errors import GuardError
from schemalm.grammar.states import Key
from schemalm.grammar.symbols import KEY_END
from schemalm.machine.costs import new_keys, top_costs
from schemalm.machine.forms import Symbols
from schemalm.machine.guards import other_ends

if TYPE_CHECKING:
    from schemalm.machine.machine import Machine


def cheapest_completion(started: Machine) -> list[int]:
    """The cheapest tokens, one symbol each, that end a machine's document; the machine stays where it is.

    Each nonterminal is given the verdict that it shall end with once it comes to the top, and what it opens keeps
    to that: so every symbol comes closer to the end. Raises GuardError where no end was found that breaks no guard.
    """
    machine = started.copy()
    grammar, symbol_token = machine.grammar, machine.tables.vocabulary.symbol_token
    tokens: list[int] = []
    goals: list[int | None] = [None] * machine.depth
    while not machine.is_complete:
        if (ended := _end_of_item(machine)) is not None:
            path, machine = ended
            tokens += map(symbol_token, path)
            del goals[machine.depth :]
            continue
        goal = _goal(machine, goals)
        symbols = _cheapest(machine, goal)
        _write(machine, symbols)
        tokens += map(symbol_token, symbols)
        if len(tokens) > grammar.limits.completion_symbols:
            raise GuardError("uniqueItems", machine.path)
        arity = grammar.symbols.arities[symbols[-1]]
        goals[-1:] = [goal, None] if arity == 2 else [goal] * arity
    return tokens


def _write(machine: Machine, symbols: list[int]) -> None:
    """Takes the symbols that finite states find cheapest."""
    path = machine.path
    try:
        for symbol in symbols:
            machine.push(symbol)
    except ValueError:
        raise GuardError("uniqueItems", path) from None


def _end_of_item(machine: Machine) -> tuple[Symbols, Machine] | None:
    """A cheap way to end the innermost item under way of which not all may be, and the machine afterwards.

    Raises GuardError where the search finds none.
    """
    guarded = [height for height, items in machine.items.items() if items.begun and not items.start.is_free]
    if not guarded:
        return None
    height = guarded[-1]
    items = machine.items[height]
    choice = items.start.choice
    if choice.others is not None:
        found = next(other_ends(machine, height + 1, len(choice.refused)), None)
        if found is not None:
            return found
    for way in items.ways(choice.named):
        after = machine.copy()
        try:
            for symbol in way:
                after.push(symbol)
        except ValueError:
            continue
        return way, after
    raise GuardError("uniqueItems", machine.stack[height].path)


def _goal(machine: Machine, goals: list[int | None]) -> int:
    """The verdict with which the top had best end, given what the nonterminal below it makes of that."""
    if goals[-1] is not None:
        return goals[-1]
    options = dict(top_costs(machine))
    if len(goals) > 1:
        below, below_goal = machine.stack[-2].nonterminal, goals[-2]
        for verdict in list(options):
            rest = machine.grammar.costs(machine.grammar.settle(below, verdict))
            more = min((cost for end, cost in rest.items() if below_goal in (None, end)), default=None)
            if more is None:
                del options[verdict]
            else:
                options[verdict] += more
    if not options:
        raise GuardError("uniqueItems", machine.path)
    return min(options, key=lambda verdict: (options[verdict], verdict))


def _cheapest(machine: Machine, goal: int) -> list[int]:
    """The symbols with which the cheapest way to end the top with the verdict `goal` begins."""
    grammar, keys = machine.grammar, machine.free_keys
    node = grammar.nonterminals[machine.nonterminal]
    if not isinstance(node.state, Key):
        return [grammar.cheapest(machine.nonterminal, goal)]
    _, key_verdict = min(
        (distance + costs[goal], verdict)
        for verdict, distance in new_keys(machine)
        if goal in (costs := grammar.key_costs(machine.nonterminal, verdict))
    )
    texts = grammar.automaton.texts(node.state.place, frozenset([key_verdict]))
    new = next(text for text in texts if keys.begun + text.decode("latin-1") not in keys.whole)
    return [*new, grammar.symbols.ids[KEY_END]]
