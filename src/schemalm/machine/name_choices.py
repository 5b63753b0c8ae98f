"""Which names may be written at the top of a machine: what the registers say about a slot."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from schemalm.grammar.states import Key, Text
from schemalm.machine.choices import ANYTHING, Choice, KeyTexts, only, other_than
from schemalm.machine.part_choices import PartChoice
from schemalm.machine.registers import Instance, known_names
from schemalm.machine.slots import AnySlot, WholeText
from schemalm.rules.expressions import Slot
from schemalm.rules.expressions.types import Names, Object, Type
from schemalm.rules.name_texts import NameText
from schemalm.rules.names import Kind, Reference

if TYPE_CHECKING:
    from schemalm.machine.machine import Machine
    from schemalm.machine.naming import NameState


def choice(machine: Machine, names: NameState, slot: AnySlot) -> Choice | PartChoice:
    """The names that may be written into a slot."""
    if not isinstance(slot, WholeText):
        return _in_expression(machine, names, slot)
    rules = slot.watched.names
    references = rules.referred_keys if slot.is_key else rules.referred_values
    declared = rules.declared_keys if slot.is_key else rules.declared_values
    if references and references[0].text is not None:
        return _in_text(machine, names, slot, references[0], references[0].text)
    parts = [_referred(machine, names, reference) for reference in references]
    parts += [_new(names, kind, slot.is_key) for kind in declared if kind.unique]
    return reduce(Choice.__and__, parts, ANYTHING)


def _in_text(
    machine: Machine, names: NameState, slot: WholeText, reference: Reference, form: NameText
) -> PartChoice:
    """The texts that may be written where a part of a text is a name."""
    found = PartChoice(_referred(machine, names, reference), form)
    if not machine.stack or machine.top.slot != slot:
        return found
    node, automaton = machine.grammar.nonterminals[machine.nonterminal], machine.grammar.automaton
    assert isinstance(node.state, Text)
    free = automaton.run(names.prefix, automaton.state((form.free,)))
    state = automaton.restricted(node.state.dfa_state, free)
    return found._replace(so_far=names.prefix, free=KeyTexts(automaton, state, frozenset(node.accepts)))


def _in_expression(machine: Machine, names: NameState, slot: Slot) -> Choice:
    naming = machine.tables.naming
    assert naming is not None
    if isinstance(slot.type, Names):
        kind = naming.kind(slot.type.kind)
        return _known(machine, names, kind, names.instance(kind, names.chain), may_be_promised=not kind.earlier)
    assert isinstance(slot.type, Object)
    closed = [name for name, found in slot.type.properties if not _has_names(machine, names, found)]
    if slot.type.values is not None:
        return other_than(map(str.encode, closed), ignores_case=True)
    return only((name.encode() for name, _ in slot.type.properties if name not in closed), ignores_case=True)


def _has_names(machine: Machine, names: NameState, property_type: Type) -> bool:
    """Whether a property of an object is of use: if its own properties are names, there must be one."""
    if not isinstance(property_type, Names):
        return True
    naming = machine.tables.naming
    assert naming is not None
    kind = naming.kind(property_type.kind)
    return naming.is_open(machine, kind, names.instance(kind, names.chain))


def _referred(machine: Machine, names: NameState, reference: Reference) -> Choice:
    found = _known(
        machine, names, reference.kind, names.instance(reference.kind), may_be_promised=not reference.earlier
    )
    if reference.owner is None:
        return found
    owner = next(key for _, depth, key in names.levels if depth == reference.owner)
    return found & other_than(names.registers.leading_to(reference.kind.number, owner), ignores_case=False)


def _known(machine: Machine, names: NameState, kind: Kind, instance: Instance, *, may_be_promised: bool) -> Choice:
    """The names that a reference may use."""
    naming, found = machine.tables.naming, names.registers.names(instance)
    assert naming is not None
    if found.are_unknown:
        return ANYTHING
    keys = naming.promises.new_keys(machine, kind, instance[1]) if may_be_promised else None
    known = known_names(kind, found)
    if keys is not None:
        alike = other_than(found.known, ignores_case=True) if kind.unique == "ignore-case" else ANYTHING
        return alike._replace(always=frozenset(known), keys=_texts(machine, keys))
    return only(known, ignores_case=kind.ignore_case)


def _texts(machine: Machine, key: int) -> KeyTexts:
    node = machine.grammar.nonterminals[key]
    assert isinstance(node.state, Key)
    return KeyTexts(machine.grammar.automaton, node.state.dfa_state, frozenset(node.accepts))


def _new(names: NameState, kind: Kind, is_key: bool) -> Choice:
    """The names that a declaration may use. Repeated keys are excluded anyway; a promised key is welcome."""
    found = names.registers.names(names.instance(kind))
    taken = other_than(found.taken, ignores_case=kind.unique == "ignore-case")
    if not is_key or kind.unique == "exact":
        return taken
    promised = other_than(found.promised, ignores_case=True)._replace(always=frozenset(found.promised))
    return taken & promised
