"""The states of a derivation, and what a symbol leads to.

A state describes what may still follow: a value, or the rest of an object, a key, an array or a text. `state_space.py`
computes what the symbols of a state lead to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from schemalm.grammar.obligation import Obligation
from schemalm.schema.formula import Formula
from schemalm.schema.keywords.arrays import Unique


@dataclass(frozen=True)
class Value:
    """A value that may have several kinds, or is one of some constants."""

    obligation: Obligation


@dataclass(frozen=True, eq=False)
class KeyOrder:
    """The names of an object in canonical order, with their positions. Equal orders share one instance."""

    names: tuple[str, ...]
    ranks: Mapping[str, int]

    def __repr__(self) -> str:
        return repr(self.names)


@dataclass(frozen=True)
class Object:
    """The rest of an object: named keys from `position` in `order` on, then free keys."""

    obligation: Obligation
    order: KeyOrder
    position: int


@dataclass(frozen=True)
class Array:
    """The rest of an array."""

    obligation: Obligation

    @cached_property
    def is_guarded(self) -> bool:
        """Whether its items may have to differ."""
        return any(isinstance(atom, Unique) for atom in self.obligation.atoms)


@dataclass(frozen=True)
class Text:
    """The rest of a string or number, from a state of its automaton on."""

    kind: str
    dfa_state: int


@dataclass(frozen=True)
class Key:
    """The rest of a free key of `owner`. Bit i + 1 of its outcome says whether the key satisfies `formulas[i]`."""

    owner: Object
    formulas: tuple[Formula, ...]
    dfa_state: int


State = Value | Object | Array | Text | Key


@dataclass(frozen=True)
class Close:
    """The symbol ends the value with an outcome."""

    outcome: int


@dataclass(frozen=True)
class Enter:
    """The symbol leads to one state."""

    state: State


@dataclass(frozen=True, eq=False)
class Open:
    """The symbol opens a child. `rest` follows it and may need its outcome. Equal targets share one instance."""

    child: State
    rest: Object | Array


Target = Close | Enter | Open


def obligation_of(state: Value | Object | Array | Key) -> Obligation:
    """Returns the obligation of a state; for a free key, that of its object."""
    return state.owner.obligation if isinstance(state, Key) else state.obligation


def may_repeat(rest: Array) -> bool:
    """Whether the newest item of a guarded array can repeat an earlier one."""
    return any(isinstance(atom, Unique) and atom.may_be_broken for atom in rest.obligation.atoms)


def begins_guarded(array: Array) -> bool:
    """Whether the array is guarded and nothing of it has been read."""
    return any(isinstance(atom, Unique) and atom.has_no_item for atom in array.obligation.atoms)
