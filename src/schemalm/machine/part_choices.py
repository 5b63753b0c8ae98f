"""Which texts may be written where a part of a text is a name: texts without a name, and those with an allowed one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.choices import Choice, Rest
from schemalm.machine.slots import SlotRow
from schemalm.regular.automaton import DEAD
from schemalm.rules.name_texts import NameText


class PartChoice(NamedTuple):
    """The texts that may be written.

    names: the names that may be a part of a text. form: which part. so_far: the text before. free: what may follow it
    in a text without a name; None if no text is under way.
    """

    names: Choice
    form: NameText
    so_far: bytes = b""
    free: Rest | None = None

    def has_names(self, _rest: Rest | None = None) -> bool:
        """Whether there is a name that may be written, or the text under way may do without."""
        return self.names.has_names() or self._is_free(self.so_far, False)

    def allows(self, text: bytes, has_ended: bool, _rest: Rest | None = None) -> bool:
        """Whether a text, or the beginning of one, may be written; it begins with the text so far."""
        if self._is_free(text, has_ended):
            return True
        begun = self.form.begun(text, has_ended)
        return begun is not None and self.names.allows(*begun)

    def _is_free(self, text: bytes, has_ended: bool) -> bool:
        if self.free is None or self.free.dfa_state == DEAD:
            return False
        return self.free.allows(text[len(self.so_far) :], has_ended)

    def tokens(self, row: SlotRow, _prefix: bytes, _rest: Rest | None = None) -> NDArray[np.bool_]:
        """The tokens that may follow the text so far: bool [vocab_size]."""
        begun = self.form.begun(self.so_far, False)
        if begun is None or begun[1]:
            return row.static.copy()
        assert self.free is not None, "a text is under way"
        name, _ = begun
        mask = self.names.tokens(self._names_of(row), name)
        return mask if self.free.dfa_state == DEAD else mask | self.free.tokens(row, b"", None)

    def _names_of(self, row: SlotRow) -> SlotRow:
        """The tokens of a row by what they write into the name."""
        prefix = self.form.prefix.encode()
        written, missing = prefix[: len(self.so_far)], prefix[len(self.so_far) :]
        if missing not in row.parts:
            part = SlotRow(np.zeros_like(row.static), np.zeros_like(row.free))
            for (text, has_ended), tokens in row.texts.items():
                begun = self.form.begun(written + text, has_ended)
                if begun is not None:
                    part.texts.setdefault(begun, []).extend(tokens)
                    part.written.update(dict.fromkeys(tokens, begun))
                    part.static[tokens] = True
            row.parts[missing] = part
        return row.parts[missing]

    def endings(self, rest: Rest) -> Iterator[bytes]:
        """Yields the allowed ends of the text: without a name, then with known ones. `rest`: what may follow."""
        if self.free is not None and self.free.dfa_state != DEAD:
            yield from self._first(self.free._replace(outcomes=rest.outcomes))
        prefix = self.form.prefix.encode()
        for name in sorted(self.names.listed, key=lambda name: (len(name), name)):
            text = prefix + name
            if text.startswith(self.so_far) and rest.allows(text[len(self.so_far) :], True) and self.allows(text, True):
                yield text[len(self.so_far) :]
        texts = rest.automaton.texts(rest.dfa_state, rest.outcomes)
        yield from (text for text in texts if self.allows(self.so_far + text, True))

    def _first(self, free: Rest) -> Iterator[bytes]:
        for text in free.automaton.texts(free.dfa_state, free.outcomes):
            yield text
            return
