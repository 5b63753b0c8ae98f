"""Masks where a document writes names: the static mask without the names that the registers exclude."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.name_choices import choice, rest_of_text
from schemalm.machine.name_state import NamedMachine, NameState, chain_after
from schemalm.machine.slots import Contact, WholeText
from schemalm.rules.expressions.types import Names

# Masks that are kept, each one byte for each token.
MAX_MASKS = 512


class NameMasks(dict[Hashable, NDArray[np.bool_]]):
    """The newest masks; it is cleared when it is full."""

    def __setitem__(self, key: Hashable, mask: NDArray[np.bool_]) -> None:
        if len(self) >= MAX_MASKS:
            self.clear()
        super().__setitem__(key, mask)


def mask_of_names(machine: NamedMachine) -> NDArray[np.bool_]:
    """The tokens that finite states and names admit at the top of a machine, bool [vocab_size], read-only."""
    names, top = machine.names, machine.top
    assert names is not None
    keys = tuple(machine.free_keys) if top.watched is not None and top.watched.names.referred_keys else ()
    key = (top, names, keys, tuple([entry.nonterminal for entry in machine.stack]))
    mask: NDArray[np.bool_] | None = machine.tables.name_masks.get(key)
    if mask is None:
        is_in_text = top.slot is not None or top.has_expressions
        mask = _mask_of_text(machine, names) if is_in_text else _mask_of_structure(machine)
        mask.flags.writeable = False
        machine.tables.name_masks[key] = mask
    return mask


def _mask_of_text(machine: NamedMachine, names: NameState) -> NDArray[np.bool_]:
    """The mask of a text or free key."""
    slot, row = machine.top.slot, machine.tables.slot_row(machine.top)
    mask: NDArray[np.bool_]
    if slot is None:
        mask = row.static.copy()
    else:
        mask = choice(machine, names, slot).tokens(row, names.prefix, rest_of_text(machine))
    for token, contacts in row.others.items():
        mask[token] = row.static[token] and _allows(machine, names, contacts)
    return mask


def _mask_of_structure(machine: NamedMachine) -> NDArray[np.bool_]:
    """The mask of structure, without the checked tokens that names forbid."""
    mask: NDArray[np.bool_] = machine.tables.unpacked(machine.top.row).copy()
    for token in machine.tables.checked_tokens(machine.top):
        mask[token] = machine.tables.structure_checks.allows(machine, token)
    return mask


def _allows(machine: NamedMachine, names: NameState, contacts: tuple[Contact, ...]) -> bool:
    """Whether the registers allow all that a token writes into slots."""
    prefix, chain = names.prefix, names.chain
    for number, (slot, text, has_ended) in enumerate(contacts):
        if number or machine.top.slot is None:
            prefix = b""
            chain = () if isinstance(slot, WholeText) or slot.level == 0 else chain
        name = prefix + text
        if not choice(machine, names._replace(chain=chain), slot).allows(name, has_ended):
            return False
        if not isinstance(slot, WholeText) and isinstance(slot.type, Names):
            naming = machine.tables.naming
            assert naming is not None
            chain = chain_after(names._replace(chain=chain), naming.kind(slot.type.kind), name)
    return True
