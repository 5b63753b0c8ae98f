"""Which names may be written at the top of a machine: what the registers say about a slot."""

from __future__ import annotations

from functools import reduce

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key, Text
from schemalm.machine.choices import ANYTHING, Choice, Rest, only, other_than
from schemalm.machine.name_state import NamedMachine, NameState
from schemalm.machine.part_choices import PartChoice
from schemalm.machine.registers import Instance, known_names
from schemalm.machine.slots import AnySlot, WholeText
from schemalm.rules.expressions import Slot
from schemalm.rules.expressions.types import Names, Object, Type
from schemalm.rules.name_texts import NameText
from schemalm.rules.names import Kind, Reference


def choice(machine: NamedMachine, names: NameState, slot: AnySlot) -> Choice | PartChoice:
    """The names that may be written into a slot."""
    if not isinstance(slot, WholeText):
        return ANYTHING if names.chain is None else _in_expression(machine, names, names.chain, slot)
    rules = slot.watched.names
    references = rules.referred_keys if slot.is_key else rules.referred_values
    declared = rules.declared_keys if slot.is_key else rules.declared_values
    if references and references[0].text is not None:
        return _in_text(machine, names, slot, references[0], references[0].text)
    parts = [_referred(machine, names, reference) for reference in references]
    parts += [_new(names, kind, slot.is_key) for kind in declared if kind.unique]
    found = reduce(Choice.__and__, parts, ANYTHING)
    if found.only is None or not slot.is_key or machine.top.watched is not slot.watched:
        return found
    used = frozenset(key.encode("latin-1") for key in machine.free_keys)
    return found._replace(but_not=found.but_not | used | {name.encode() for name in slot.watched.place.named})


def _in_text(
    machine: NamedMachine, names: NameState, slot: WholeText, reference: Reference, form: NameText
) -> PartChoice:
    """The texts that may be written where a part of a text is a name."""
    found = PartChoice(_referred(machine, names, reference), form)
    if not machine.stack or machine.top.slot != slot:
        return found
    node, automaton = machine.grammar.nonterminals[machine.nonterminal], machine.grammar.automaton
    assert isinstance(node.state, Text)
    free = automaton.run(names.prefix, automaton.state((form.free,)))
    state = automaton.restricted(node.state.dfa_state, free)
    return found._replace(so_far=names.prefix, free=Rest(automaton, state, frozenset(node.accepts)))


def rest_of_text(machine: NamedMachine) -> Rest | None:
    """What may follow in the whole text, key or name on top; None if every text may."""
    slot = machine.top.slot
    if isinstance(slot, Slot):
        assert machine.names is not None
        return rest_of_name(machine, slot, machine.names.prefix)
    return None if slot is None else rest_of(machine.grammar, machine.nonterminal)


def rest_of(grammar: Grammar, nonterminal: int) -> Rest | None:
    """What may follow in a text or key; None if every text may."""
    node = grammar.nonterminals[nonterminal]
    assert isinstance(node.state, Text | Key)
    if grammar.automaton.admits_every_text(node.state.dfa_state):
        return None
    return Rest(grammar.automaton, node.state.dfa_state, frozenset(node.accepts))


def rest_of_name(machine: NamedMachine, slot: AnySlot, prefix: bytes) -> Rest | None:
    """What may follow the beginning of a name in an expression; None if the grammar alone says so."""
    if isinstance(slot, WholeText) or not isinstance(slot.type, Names):
        return None
    found: Rest = machine.tables.naming.form(quoted=slot.quoted).after(prefix)
    return found


def _in_expression(machine: NamedMachine, names: NameState, chain: tuple[bytes, ...], slot: Slot) -> Choice:
    naming = machine.tables.naming
    assert naming is not None
    if isinstance(slot.type, Names):
        kind = naming.kind(slot.type.kind)
        return known_choice(machine, names, kind, names.instance(kind, chain), not (names.is_ending or kind.earlier))
    assert isinstance(slot.type, Object)
    closed = [name for name, found in slot.type.properties if not _has_names(machine, names, chain, found)]
    if slot.type.values is not None:
        return other_than(map(str.encode, closed), ignores_case=True)
    return only((name.encode() for name, _ in slot.type.properties if name not in closed), ignores_case=True)


def _has_names(machine: NamedMachine, names: NameState, chain: tuple[bytes, ...], property_type: Type) -> bool:
    """Whether a property of an object is of use: if its own properties are names, there must be one."""
    if not isinstance(property_type, Names):
        return True
    naming = machine.tables.naming
    assert naming is not None
    kind = naming.kind(property_type.kind)
    return bool(naming.is_open(machine, kind, names.instance(kind, chain)))


def _referred(machine: NamedMachine, names: NameState, reference: Reference) -> Choice:
    instance = names.instance(reference.kind)
    found = known_choice(machine, names, reference.kind, instance, names.may_promise(reference))
    if reference.owner is None:
        return found
    leading = names.registers.leading_to(reference.kind, names.owner(reference))
    return found & other_than(leading, ignores_case=reference.kind.ignore_case)


def known_choice(machine: NamedMachine, names: NameState, kind: Kind, instance: Instance, may_promise: bool) -> Choice:
    """The names that a reference may use."""
    naming, found = machine.tables.naming, names.registers.names(instance)
    assert naming is not None
    if found.are_unknown:
        return ANYTHING
    known = known_names(kind, found)
    new = naming.promises.new_names(machine, kind, instance[1]) if may_promise else None
    if new is None:
        return only(known, ignores_case=kind.ignore_case)
    listed = frozenset([*known, *new.listed])
    if new.keys is None:
        return only(listed, ignores_case=kind.ignore_case)
    alike = kind.unique == "ignore-case" and not kind.ignore_case
    excluded = other_than(found.known, ignores_case=True) if alike else ANYTHING
    return excluded._replace(always=listed, keys=new.keys, ignores_case=kind.ignore_case)


def _new(names: NameState, kind: Kind, is_key: bool) -> Choice:
    """The names that a declaration may use. Repeated keys are excluded anyway; a promised key is welcome."""
    found = names.registers.names(names.instance(kind))
    taken = other_than(found.taken, ignores_case=kind.unique == "ignore-case")
    if not is_key or kind.unique == "exact" or kind.ignore_case:
        return taken
    promised = other_than(found.promised, ignores_case=True)._replace(always=frozenset(found.promised))
    return taken & promised
