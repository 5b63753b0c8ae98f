"""The least number of symbols that end what a machine has open. Finite states and free keys count, items do not."""

from __future__ import annotations

from schemalm.grammar.costs import Costs
from schemalm.grammar.states import Key
from schemalm.machine.free_keys import is_exhausted
from schemalm.machine.symbol_machine import SymbolMachine


def top_costs(machine: SymbolMachine) -> Costs:
    """Returns the least number of symbols that finish the top, by outcome."""
    grammar, nonterminal = machine.grammar, machine.nonterminal
    if not isinstance(grammar.nonterminals[nonterminal].state, Key):
        return grammar.costs(nonterminal)
    costs: Costs = {}
    for key_outcome, distance in new_keys(machine):
        for outcome, cost in grammar.key_costs(nonterminal, key_outcome).items():
            costs[outcome] = min(costs.get(outcome, distance + cost), distance + cost)
    return costs


def new_keys(machine: SymbolMachine) -> list[tuple[int, int]]:
    """Returns the outcomes that the key on top can end with as a new key, each with its distance in bytes."""
    grammar, keys = machine.grammar, machine.free_keys
    node = grammar.nonterminals[machine.nonterminal]
    assert isinstance(node.state, Key)
    dfa_state = node.state.dfa_state
    distances = ((outcome, grammar.automaton.distance(dfa_state, frozenset([outcome]))) for outcome in node.accepts)
    return [
        (outcome, distance)
        for outcome, distance in distances
        if distance >= 0
        and not (len(keys) and is_exhausted(machine.tables.texts, machine.nonterminal, keys, frozenset([outcome])))
    ]


def least_cost(machine: SymbolMachine, height: int) -> int:
    """Returns the least number of symbols after which only `height` nonterminals are left."""
    if machine.depth <= height:
        return 0
    costs = top_costs(machine)
    for entry in reversed(machine.stack[height:-1]):
        longer: Costs = {}
        for outcome, cost in costs.items():
            for end, more in machine.grammar.costs(machine.grammar.settle(entry.nonterminal, outcome)).items():
                longer[end] = min(longer.get(end, cost + more), cost + more)
        costs = longer
    return min(costs.values(), default=0)
