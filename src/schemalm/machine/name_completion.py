"""The completion of names: the cheapest symbols that end a name, or a text that may hold names, as registers allow."""

from __future__ import annotations

from schemalm.grammar.states import Key, Text
from schemalm.machine.choices import Choice, KeyTexts
from schemalm.machine.name_choices import choice
from schemalm.machine.part_choices import PartChoice
from schemalm.machine.slots import WholeText, is_part_of_name
from schemalm.machine.symbol_machine import SymbolMachine
from schemalm.regular.automaton import DEAD


def symbols_of_name(machine: SymbolMachine, outcome: int) -> list[int]:
    """The next symbols of the cheapest way to end the text on top with an outcome; empty if names do not matter.

    Free keys are left to the caller, who compares them with the other keys of the object as well.
    """
    top, names = machine.top, machine.names
    assert names is not None
    state = machine.grammar.nonterminals[top.nonterminal].state
    if isinstance(state, Key) or (top.slot is None and not top.has_expressions):
        return []
    assert isinstance(state, Text)
    if top.slot is None:
        return _outside_names(machine, outcome)
    allowed = choice(machine, names, top.slot)
    if isinstance(allowed, PartChoice):
        rest = KeyTexts(machine.grammar.automaton, state.dfa_state, frozenset([outcome]))
        return [*next(allowed.endings(rest)), machine.grammar.end_symbol]
    if isinstance(top.slot, WholeText):
        return [*_end_of_text(machine, state, allowed, outcome), machine.grammar.end_symbol]
    if allowed.allows(names.prefix, True) and names.prefix:
        return [_nearest(machine, outcome, within_name=False)]
    found = _shortest(names.prefix, allowed)
    return [*found] if found else [_nearest(machine, outcome, within_name=True)]


def _shortest(prefix: bytes, allowed: Choice) -> bytes:
    """The rest of the shortest known name that begins with a prefix; empty if there is none."""
    known = sorted((allowed.only or allowed.always), key=lambda name: (len(name), name))
    return next((name[len(prefix) :] for name in known if name.startswith(prefix) and allowed.allows(name, True)), b"")


def _end_of_text(machine: SymbolMachine, state: Text, allowed: Choice, outcome: int) -> bytes:
    """The rest of a whole text that is a name. Known names come first, so that no promise is made without need."""
    automaton, names = machine.grammar.automaton, machine.names
    assert names is not None
    for name in sorted(allowed.only or allowed.always, key=lambda name: (len(name), name)):
        rest = name[len(names.prefix) :]
        if name.startswith(names.prefix) and allowed.allows(name, True):
            end = automaton.run(rest, state.dfa_state)
            if end != DEAD and automaton.outcome(end) == outcome:
                return rest
    texts = automaton.texts(state.dfa_state, frozenset([outcome]))
    return next(text for text in texts if allowed.allows(names.prefix + text, True))


def _outside_names(machine: SymbolMachine, outcome: int) -> list[int]:
    """The cheapest next symbol of a text in which expressions may stand, but no name is under way."""
    symbol = machine.grammar.cheapest(machine.nonterminal, outcome)
    if machine.admits(symbol):
        return [symbol]
    return [_nearest(machine, outcome, within_name=None)]


def _nearest(machine: SymbolMachine, outcome: int, *, within_name: bool | None) -> int:
    """The admitted symbol that is nearest to the end; `within_name`: whether it belongs to the name under way."""
    grammar, slot = machine.grammar, machine.top.slot
    best, least = -1, -1
    for symbol in grammar.admitted(machine.nonterminal):
        is_within = slot is not None and is_part_of_name(slot, symbol)
        if (within_name is not None and is_within != within_name) or not machine.admits(symbol):
            continue
        step = grammar.step(machine.nonterminal, symbol)
        assert step is not None
        cost = grammar.costs(step.opened[0]).get(outcome) if step.opened else 0 if step.outcome == outcome else None
        if cost is not None and (best < 0 or cost < least):
            best, least = symbol, cost
    assert best >= 0, "a text can always be ended"
    return best
