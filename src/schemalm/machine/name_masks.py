"""Masks where a document writes names: the static mask without the names that the registers exclude."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.choices import Choice
from schemalm.machine.name_choices import choice, rest_of_name, rest_of_text
from schemalm.machine.name_state import NamedMachine, NameState, chain_after
from schemalm.machine.part_choices import PartChoice
from schemalm.machine.slots import AnySlot, Contact, WholeText
from schemalm.rules.expressions.types import Names

# Masks that are kept, each one byte for each token; contexts that are kept, about one for each document under way.
MAX_MASKS, MAX_CONTEXTS = 512, 64


class NamesMemo(NamedTuple):
    """What is known about the names that may come in one context.

    choices: by slot and chain. allowed: whether a name may follow a token, by what is ahead of it; in texts by the
    contacts of the token, the name under way and the chain.
    """

    choices: dict[tuple[AnySlot, tuple[bytes, ...] | None], Choice | PartChoice]
    allowed: dict[Hashable, bool]


class NameMasks:
    """The newest masks, and what is known about names in the newest contexts; each kind is cleared when it is full."""

    def __init__(self) -> None:
        self._masks: dict[Hashable, NDArray[np.bool_]] = {}
        self._memos: dict[Hashable, NamesMemo] = {}

    def get(self, key: Hashable) -> NDArray[np.bool_] | None:
        """A mask that was kept."""
        return self._masks.get(key)

    def keep(self, key: Hashable, mask: NDArray[np.bool_]) -> None:
        """Keeps a mask."""
        if len(self._masks) >= MAX_MASKS:
            self._masks.clear()
        mask.flags.writeable = False
        self._masks[key] = mask

    def memo(self, context: Hashable) -> NamesMemo:
        """What is known in a context: all that the names depend on besides the top of the stack and a text."""
        found = self._memos.get(context)
        if found is None:
            if len(self._memos) >= MAX_CONTEXTS:
                self._memos.clear()
            found = self._memos[context] = NamesMemo({}, {})
        return found


def mask_of_names(machine: NamedMachine) -> NDArray[np.bool_]:
    """The tokens that finite states and names admit at the top of a machine, bool [vocab_size], read-only."""
    names, top, masks = machine.names, machine.top, machine.tables.name_masks
    assert names is not None
    keys = tuple(machine.free_keys) if top.watched is not None and top.watched.names.referred_keys else ()
    below = tuple([entry.nonterminal for entry in machine.stack[:-1]])
    key = (top, names, keys, below)
    mask: NDArray[np.bool_] | None = masks.get(key)
    if mask is None:
        is_in_text = top.slot is not None or top.has_expressions
        mask = (_mask_of_text if is_in_text else _mask_of_structure)(machine, names, below)
        masks.keep(key, mask)
    return mask


def _mask_of_text(machine: NamedMachine, names: NameState, below: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask of a text or free key."""
    slot, row = machine.top.slot, machine.tables.slot_row(machine.top)
    mask: NDArray[np.bool_]
    if slot is None:
        mask = row.static.copy()
    else:
        mask = choice(machine, names, slot).tokens(row, names.prefix, rest_of_text(machine))
    if not row.checked:
        return mask
    memo = _memo(machine, names, below)
    begun = None if slot is None else (slot, names.prefix)
    for contacts, tokens in row.checked.items():
        key = (contacts, begun, names.chain)
        if key not in memo.allowed:
            memo.allowed[key] = _allows(machine, names, contacts, memo)
        mask[tokens] = memo.allowed[key]
    return mask


def _mask_of_structure(machine: NamedMachine, names: NameState, below: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask of structure, without the checked tokens that names forbid."""
    mask: NDArray[np.bool_] = machine.tables.unpacked(machine.top.row).copy()
    memo = _memo(machine, names, below)
    for token, ahead in machine.tables.checked_tokens(machine.top).items():
        if ahead is None:
            mask[token] = machine.tables.structure_checks.allows(machine, token)
            continue
        if ahead not in memo.allowed:
            memo.allowed[ahead] = ahead.can_be(_choice(machine, names, ahead.slot, None, memo))
        mask[token] = memo.allowed[ahead]
    return mask


def _memo(machine: NamedMachine, names: NameState, below: tuple[int, ...]) -> NamesMemo:
    """What is known about the names that may come where a document stands."""
    found: NamesMemo = machine.tables.name_masks.memo(
        (names.registers, names.levels, names.is_ending, names.keeps_order, below)
    )
    return found


def _choice(
    machine: NamedMachine, names: NameState, slot: AnySlot, chain: tuple[bytes, ...] | None, memo: NamesMemo
) -> Choice | PartChoice:
    """The names that may be written into a slot after a chain of names."""
    if (slot, chain) not in memo.choices:
        memo.choices[slot, chain] = choice(machine, names._replace(chain=chain), slot)
    return memo.choices[slot, chain]


def _allows(machine: NamedMachine, names: NameState, contacts: tuple[Contact, ...], memo: NamesMemo) -> bool:
    """Whether the registers allow all that a token writes into slots."""
    prefix, chain = names.prefix, names.chain
    for number, (slot, text, has_ended) in enumerate(contacts):
        if number or machine.top.slot is None:
            prefix = b""
            chain = () if isinstance(slot, WholeText) or slot.level == 0 else chain
        name = prefix + text
        is_star = has_ended and not name and not isinstance(slot, WholeText)
        is_whole = has_ended and not is_star
        rest = None if is_whole else rest_of_name(machine, slot, name)
        if not _choice(machine, names, slot, chain, memo).allows(name, is_whole, rest):
            return False
        if not is_star and not isinstance(slot, WholeText) and isinstance(slot.type, Names):
            naming = machine.tables.naming
            assert naming is not None
            chain = chain_after(names._replace(chain=chain), naming.kind(slot.type.kind), name)
    return True
