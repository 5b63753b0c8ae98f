"""The completion of names: the cheapest symbols that end a name, or a text that may hold names, as registers allow."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, zip_longest

from schemalm.errors import GuardError
from schemalm.grammar.states import Key, Text, Value
from schemalm.machine.choices import Choice, Rest
from schemalm.machine.name_choices import choice, rest_of_text
from schemalm.machine.name_state import NamedMachine
from schemalm.machine.part_choices import PartChoice
from schemalm.machine.slots import WholeText, is_part_of_name
from schemalm.rules.expressions import Slot
from schemalm.rules.violations import NAMES


def symbols_of_name(machine: NamedMachine, outcome: int) -> list[int]:
    """The next symbols of the cheapest way to end the text on top with an outcome; empty if names do not matter.

    Free keys are left to the caller, who compares them with the other keys of the object as well.
    """
    top, names = machine.top, machine.names
    assert names is not None
    state = machine.grammar.nonterminals[top.nonterminal].state
    if isinstance(state, Value) and top.watched is not None and top.watched.checks_text:
        return _beginning_of_name(machine, outcome)
    if isinstance(state, Key) or (top.slot is None and not top.has_expressions):
        return []
    assert isinstance(state, Text)
    if top.slot is None:
        return _outside_names(machine, outcome)
    machine, allowed = with_choice(machine, outcome)
    if isinstance(top.slot, WholeText):
        return [*_end_of_text(machine, state, allowed, outcome), machine.grammar.end_symbol]
    assert isinstance(allowed, Choice), "a name in an expression is no part of another text"
    if names.prefix and allowed.allows(names.prefix, True):
        after = _find_nearest(machine, outcome, within_name=False)
        if after is not None:
            return [after]
    endings = _endings(names.prefix, allowed, rest_of_text(machine))
    found = next((text for text in endings if _fits(machine, text)), b"")
    return [*found] if found else [_nearest(machine, outcome, within_name=True)]


def _fits(machine: NamedMachine, text: bytes) -> bool:
    """Whether the grammar admits a text next; under a prompt, the text on top may be stated already."""
    nonterminal = machine.nonterminal
    for byte in text:
        step = machine.grammar.step(nonterminal, byte)
        if step is None:
            return False
        (nonterminal,) = step.opened
    return True


def _beginning_of_name(machine: NamedMachine, outcome: int) -> list[int]:
    """The first symbol of the cheapest value that names allow; it makes a promise only if there is no other."""
    if not any(map(machine.admits, machine.grammar.admitted(machine.nonterminal))):
        machine = machine.copy()
        assert machine.names is not None
        machine.names = machine.names._replace(is_ending=False)
    return [_nearest(machine, outcome, within_name=None)]


def with_choice(machine: NamedMachine, outcome: int) -> tuple[NamedMachine, Choice | PartChoice]:
    """The machine, and the names it may write. It makes a promise only if the text on top has no such end otherwise."""
    names, slot = machine.names, machine.top.slot
    assert names is not None and slot is not None
    allowed, rest = choice(machine, names, slot), _rest_before(machine, outcome)
    if allowed.allows(names.prefix, False, rest) or (rest is None and allowed.allows(names.prefix, True)):
        return machine, allowed
    other = machine.copy()
    other.names = names._replace(is_ending=False)
    return other, choice(other, other.names, slot)


def _rest_before(machine: NamedMachine, outcome: int) -> Rest | None:
    """What may follow in the text on top if it ends with an outcome; None if every text may."""
    node = machine.grammar.nonterminals[machine.nonterminal]
    if isinstance(machine.top.slot, Slot) or len(node.accepts) == 1:
        return rest_of_text(machine)
    assert isinstance(node.state, Text | Key)
    return Rest(machine.grammar.automaton, node.state.dfa_state, frozenset([outcome]))


def _endings(prefix: bytes, allowed: Choice, rest: Rest | None) -> Iterator[bytes]:
    """The ends of the listed names that begin with a prefix, the shortest first; each in one spelling."""
    for name in sorted(allowed.listed, key=lambda name: (len(name), name)):
        yield from islice(allowed.endings(name, prefix, rest), 1)


def _end_of_text(machine: NamedMachine, state: Text, allowed: Choice | PartChoice, outcome: int) -> bytes:
    """The rest of a whole text that is a name. Listed names come first, so that no promise is made without need."""
    automaton, names = machine.grammar.automaton, machine.names
    assert names is not None
    rest = Rest(automaton, state.dfa_state, frozenset([outcome]))
    if isinstance(allowed, PartChoice):
        found = next(allowed.endings(rest), None)
        if found is None:
            raise GuardError(NAMES, machine.top.path)
        return found
    found = next(_endings(names.prefix, allowed, rest), None)
    if found is not None:
        return found
    texts = rest.automaton.texts(state.dfa_state, rest.outcomes)
    if allowed.keys is not None:
        keys = allowed.keys.after(names.prefix)
        texts = _alternately(texts, keys.automaton.texts(keys.dfa_state, keys.outcomes))
    for text in texts:
        if rest.allows(text, True) and allowed.allows(names.prefix + text, True):
            return text
    raise GuardError(NAMES, machine.top.path)


def _outside_names(machine: NamedMachine, outcome: int) -> list[int]:
    """The cheapest next symbol of a text in which expressions may stand, but no name is under way."""
    symbol = machine.grammar.cheapest(machine.nonterminal, outcome)
    if machine.admits(symbol):
        return [symbol]
    return [_nearest(machine, outcome, within_name=None)]


def _nearest(machine: NamedMachine, outcome: int, *, within_name: bool | None) -> int:
    """The symbol that `_find_nearest` finds; raises GuardError if there is none."""
    found = _find_nearest(machine, outcome, within_name=within_name)
    if found is None:
        # Without a prompt a name can always be ended; what a prompt states may refer to what is not there.
        raise GuardError(NAMES, machine.top.path)
    return found


def _find_nearest(machine: NamedMachine, outcome: int, *, within_name: bool | None) -> int | None:
    """The admitted symbol that is nearest to the end; `within_name`: whether it belongs to the name under way.

    Costs know nothing of names: where the cheapest symbol begins a name that is forbidden, a blank, which changes
    nothing, may seem nearest for ever.
    """
    grammar, slot = machine.grammar, machine.top.slot
    best, least = None, -1
    for symbol in grammar.admitted(machine.nonterminal):
        is_within = slot is not None and is_part_of_name(slot, symbol)
        if (within_name is not None and is_within != within_name) or not machine.admits(symbol):
            continue
        step = grammar.step(machine.nonterminal, symbol)
        assert step is not None
        if step.opened == (machine.nonterminal,):
            continue
        cost = grammar.costs(step.opened[0]).get(outcome) if step.opened else 0 if step.outcome == outcome else None
        if cost is not None and (best is None or cost < least):
            best, least = symbol, cost
    return best


def new_key_texts(machine: NamedMachine, outcome: int, texts: Iterator[bytes]) -> Iterator[bytes]:
    """The rests of the key on top that names allow, known names first. `texts`: those that end with the outcome."""
    machine, allowed = with_choice(machine, outcome)
    names, state = machine.names, machine.grammar.nonterminals[machine.nonterminal].state
    assert names is not None and isinstance(state, Key) and isinstance(allowed, Choice)
    rest = Rest(machine.grammar.automaton, state.dfa_state, frozenset([outcome]))
    listed = _endings(names.prefix, allowed, rest)
    return (
        text for text in chain(listed, texts) if rest.allows(text, True) and allowed.allows(names.prefix + text, True)
    )


def _alternately(one: Iterator[bytes], other: Iterator[bytes]) -> Iterator[bytes]:
    """The texts of two iterators in turn."""
    return (text for text in chain.from_iterable(zip_longest(one, other)) if text is not None)
