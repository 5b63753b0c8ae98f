"""Which names may be written into a slot, and the tokens that write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.slots import SlotRow
from schemalm.regular.automaton import DEAD, Automaton


class KeyTexts(NamedTuple):
    """The texts of a free key from a DFA state on, which ends with one of some outcomes."""

    automaton: Automaton
    dfa_state: int
    outcomes: frozenset[int]

    def allows(self, text: bytes, has_ended: bool) -> bool:
        """Whether a key may be, or begin with, a text."""
        after = self.automaton.run(text, self.dfa_state)
        if after == DEAD:
            return False
        return self.automaton.outcome(after) in self.outcomes if has_ended else self.automaton.can_end(after, self.outcomes)

    def tokens(self, row: SlotRow, prefix: bytes) -> NDArray[np.bool_]:
        """The tokens of a row with which a key may go on after a prefix: bool [vocab_size]."""
        here = self._replace(dfa_state=self.automaton.run(prefix, self.dfa_state))
        if here.dfa_state not in row.key_masks:
            row.key_masks[here.dfa_state] = here._mask(row)
        return row.key_masks[here.dfa_state]

    def _mask(self, row: SlotRow) -> NDArray[np.bool_]:
        mask = row.static.copy()
        if self.dfa_state == DEAD:
            mask[:] = row.free
            return mask
        for (text, has_ended), tokens in row.texts.items():
            if not self.allows(text, has_ended):
                mask[tokens] = False
        return mask


class Choice(NamedTuple):
    """The names that may be written.

    only: these alone; None for all. ignores_case: whether `only`, then in lower case, ignores the case of letters.
    but_not: names that may not be written. but_not_alike: names in lower case; a name that differs from one of them in
    the case of letters at most may not be written, unless it is in `always`. keys: other names must be such keys.
    """

    only: frozenset[bytes] | None = None
    ignores_case: bool = False
    but_not: frozenset[bytes] = frozenset()
    but_not_alike: frozenset[bytes] = frozenset()
    always: frozenset[bytes] = frozenset()
    keys: KeyTexts | None = None

    def allows(self, name: bytes, has_ended: bool) -> bool:
        """Whether a name, or the beginning of one, may be written."""
        if has_ended and self._excludes(name):
            return False
        if self.only is None:
            return self.keys is None or (has_ended and name in self.always) or self.keys.allows(name, has_ended)
        name = name.lower() if self.ignores_case else name
        return name in self.only if has_ended else any(other.startswith(name) for other in self.only)

    def _excludes(self, name: bytes) -> bool:
        return name in self.but_not or (name.lower() in self.but_not_alike and name not in self.always)

    @property
    def has_names(self) -> bool:
        """Whether there is a name that may be written."""
        return self.only is None or any(self.allows(name, True) for name in self.only)

    def tokens(self, row: SlotRow, prefix: bytes) -> NDArray[np.bool_]:
        """The tokens that go on with a name after `prefix`, and those that touch no name: bool [vocab_size]."""
        mask = row.static.copy() if self.only is None else self._tokens_of(self.only, row, prefix)
        _set(mask, row.texts_alike, self.but_not_alike, prefix.lower(), False)
        if self.only is None:
            if self.keys is not None:
                mask &= self.keys.tokens(row, prefix)
            _set(mask, row.texts, self.always, prefix, True)
        _set(mask, row.texts, self.but_not, prefix, False)
        return mask

    def _tokens_of(self, only: frozenset[bytes], row: SlotRow, prefix: bytes) -> NDArray[np.bool_]:
        mask = row.free.copy()
        texts = row.texts_alike if self.ignores_case else row.texts
        prefix = prefix.lower() if self.ignores_case else prefix
        for name in only:
            if name.startswith(prefix):
                rest = name[len(prefix) :]
                for length in range(len(rest) + 1):
                    mask[texts.get((rest[:length], False), [])] = True
                mask[texts.get((rest, True), [])] = True
        return mask

    def __and__(self, other: Choice) -> Choice:
        """The names that both choices allow; at most one may be a choice of some names only."""
        limited = self if self.only is not None else other
        always = {name for name in self.always if name.lower() not in other.but_not_alike}
        always |= {name for name in other.always if name.lower() not in self.but_not_alike}
        return Choice(
            limited.only,
            limited.ignores_case,
            self.but_not | other.but_not,
            self.but_not_alike | other.but_not_alike,
            frozenset(always),
            self.keys or other.keys,
        )


def only(names: Iterable[bytes], *, ignores_case: bool) -> Choice:
    """The choice of some names alone."""
    return Choice(frozenset(map(bytes.lower, names)) if ignores_case else frozenset(names), ignores_case)


def other_than(names: Iterable[bytes], *, ignores_case: bool) -> Choice:
    """The choice of all names but some."""
    if ignores_case:
        return Choice(but_not_alike=frozenset(map(bytes.lower, names)))
    return Choice(but_not=frozenset(names))


def _set(
    mask: NDArray[np.bool_],
    texts: Mapping[tuple[bytes, bool], list[int]],
    names: Iterable[bytes],
    prefix: bytes,
    value: bool,
) -> None:
    """Admits or strikes the tokens that end one of some names."""
    for name in names:
        if name.startswith(prefix):
            mask[texts.get((name[len(prefix) :], True), [])] = value


ANYTHING = Choice()
