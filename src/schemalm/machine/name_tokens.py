"""Consumes whole tokens of keys and texts with names, as `Naming.push` consumes them symbol by symbol.

A token is looked up: what it writes into slots, and what it does to the stack. The laws of rules compare the two ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemalm.machine.name_state import NamedMachine
from schemalm.machine.slots import WholeText

if TYPE_CHECKING:
    from schemalm.machine.naming import Naming


def advance_key(naming: Naming, machine: NamedMachine, token: int) -> None:
    """Consumes an admitted token of the free key on top."""
    tables, top, names = machine.tables, machine.top, machine.names
    assert names is not None
    text = tables.vocabulary.spellings[token]
    has_ended = text[-1] == tables.key_tokens.end
    part = text[:-1] if has_ended else text
    if not has_ended:
        machine.names = names._replace(prefix=names.prefix + part.encode("latin-1"))
        machine.consume(token)
        return
    key = (machine.free_keys.prefix + part).encode("latin-1")
    if top.watched is not None:
        naming.record_key(machine, top.watched, key)
    machine.consume(token)
    if top.watched is not None:
        naming.enter(machine, top.watched, key)
    naming.arrive(machine)


def advance_text(naming: Naming, machine: NamedMachine, token: int) -> None:
    """Consumes an admitted token of the text on top."""
    top = machine.top
    for number, (slot, text, has_ended) in enumerate(machine.tables.contacts(top, token)):
        names = machine.names
        assert names is not None
        if number or top.slot is None:
            is_first = isinstance(slot, WholeText) or slot.level == 0
            names = names._replace(prefix=b"", chain=() if is_first else names.chain)
        machine.names = names._replace(prefix=names.prefix + text)
        if has_ended and not isinstance(slot, WholeText):
            naming.end_name(machine, slot)
    if not machine.tables.ends_text(token):
        machine.consume(token)
        return
    if top.watched is not None:
        assert machine.names is not None
        naming.record_scalar(machine, top.watched, machine.names.prefix if isinstance(top.slot, WholeText) else None)
    machine.consume(token)
    if machine.stack:
        naming.arrive(machine)
