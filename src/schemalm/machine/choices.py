"""Which names may be written into a slot, and the tokens that write them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.slots import SlotRow


class Choice(NamedTuple):
    """The names that may be written.

    only: these alone; None for all. but_not: names that may not be written. but_not_alike: the same for names that
    differ from one of these in the case of letters at most. ignores_case: whether `only` ignores the case. The last two
    have lower case where case is ignored.
    """

    only: frozenset[bytes] | None = None
    ignores_case: bool = False
    but_not: frozenset[bytes] = frozenset()
    but_not_alike: frozenset[bytes] = frozenset()

    def allows(self, name: bytes, has_ended: bool) -> bool:
        """Whether a name, or the beginning of one, may be written."""
        if has_ended and (name in self.but_not or name.lower() in self.but_not_alike):
            return False
        if self.only is None:
            return True
        name = name.lower() if self.ignores_case else name
        return name in self.only if has_ended else any(other.startswith(name) for other in self.only)

    def tokens(self, row: SlotRow, prefix: bytes) -> NDArray[np.bool_]:
        """The tokens that go on with a name after `prefix`, and those that touch no name: bool [vocab_size]."""
        if self.only is None:
            mask = row.static.copy()
            _strike(mask, row.texts, self.but_not, prefix)
            _strike(mask, row.texts_alike, self.but_not_alike, prefix.lower())
            return mask
        mask = row.free.copy()
        texts = row.texts_alike if self.ignores_case else row.texts
        prefix = prefix.lower() if self.ignores_case else prefix
        for name in self.only:
            if name.startswith(prefix):
                rest = name[len(prefix) :]
                for length in range(len(rest) + 1):
                    mask[texts.get((rest[:length], False), [])] = True
                mask[texts.get((rest, True), [])] = True
        _strike(mask, row.texts, self.but_not, prefix)
        _strike(mask, row.texts_alike, self.but_not_alike, prefix.lower())
        return mask


def _strike(
    mask: NDArray[np.bool_], texts: dict[tuple[bytes, bool], list[int]], names: frozenset[bytes], prefix: bytes
) -> None:
    """Takes out the tokens that end one of some names."""
    for name in names:
        if name.startswith(prefix):
            mask[texts.get((name[len(prefix) :], True), [])] = False


ANYTHING = Choice()
