"""Which names may be written into a slot, and the tokens that write them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.slots import SlotRow
from schemalm.regular.automaton import DEAD, Automaton


class Rest(NamedTuple):
    """What may follow in a text or key: the texts from a DFA state on that end with one of some outcomes."""

    automaton: Automaton
    dfa_state: int
    outcomes: frozenset[int]

    def after(self, text: bytes) -> Rest:
        """What may follow after a text."""
        return self._replace(dfa_state=self.automaton.run(text, self.dfa_state))

    def allows(self, text: bytes, has_ended: bool) -> bool:
        """Whether a text may come, or begin."""
        state = self.after(text).dfa_state
        if state == DEAD:
            return False
        if has_ended:
            return self.automaton.outcome(state) in self.outcomes
        return self.automaton.can_end(state, self.outcomes)

    def tokens(self, row: SlotRow, prefix: bytes, rest: Rest | None) -> NDArray[np.bool_]:
        """The tokens of a row with which a name may go on after a prefix: bool [vocab_size].

        rest: what may follow in the text after the prefix; None if every text may.
        """
        here = self.after(prefix)
        key = (here.dfa_state, here.outcomes, rest)
        if key not in row.key_masks:
            row.key_masks[key] = here._mask(row, rest)
        return row.key_masks[key]

    def _mask(self, row: SlotRow, rest: Rest | None) -> NDArray[np.bool_]:
        mask = row.static.copy()
        for (text, has_ended), tokens in row.texts.items():
            if not self.allows(text, has_ended) or (not has_ended and not self.after(text).meets(rest, text)):
                mask[tokens] = False
        return mask

    def meets(self, rest: Rest | None, text: bytes = b"") -> bool:
        """Whether a text is allowed here, and by `rest` after `text` as well."""
        return rest is None or _have_common_text(self, rest.after(text))


# Pairs of states that a search for a common text looks at.
MAX_PAIRS = 1_000
# The texts that are compared with the names that are taken.
MAX_TEXTS = 200


@lru_cache(4096)
def _have_common_text(one: Rest, other: Rest) -> bool:
    """Whether two rests have a text in common; True as well if that is not found out with little work."""
    if DEAD in (one.dfa_state, other.dfa_state):
        return False
    seen = {(one.dfa_state, other.dfa_state)}
    pending = deque(seen)
    while pending and len(seen) < MAX_PAIRS:
        pair = pending.popleft()
        ours, theirs = one._replace(dfa_state=pair[0]), other._replace(dfa_state=pair[1])
        if ours.allows(b"", True) and theirs.allows(b"", True):
            return True
        for byte in map(int.to_bytes, range(256)):
            after = (ours.after(byte).dfa_state, theirs.after(byte).dfa_state)
            if DEAD not in after and after not in seen:
                seen.add(after)
                pending.append(after)
    return bool(pending)


class Choice(NamedTuple):
    """The names that may be written.

    only: these alone; None for all. but_not: names that may not be written. always: names that may be written all the
    same if they differ from others that may not in the case of letters only. keys: other names must be such keys, from
    their first byte on. ignores_case: whether `only` and `always` stand for all spellings that differ in the case of
    letters. but_not_alike: names in lower case, of which no such spelling may be written.
    """

    only: frozenset[bytes] | None = None
    ignores_case: bool = False
    but_not: frozenset[bytes] = frozenset()
    but_not_alike: frozenset[bytes] = frozenset()
    always: frozenset[bytes] = frozenset()
    keys: Rest | None = None

    def allows(self, name: bytes, has_ended: bool, rest: Rest | None = None) -> bool:
        """Whether a name, or the beginning of one, may be written. rest: what may follow it in the text."""
        if has_ended:
            return not self._excludes(name) and (self._lists(name) or self._has_other(name, True))
        if any(self._has_ending(other, name, rest) for other in self.listed):
            return True
        has_other = self._has_other(name, False) and (self.keys is None or self.keys.after(name).meets(rest))
        return has_other and self._begins_free(name, rest)

    def _begins_free(self, begun: bytes, rest: Rest | None) -> bool:
        """Whether a name that is not taken begins so; True as well if that is not found out with the first texts.

        rest: what may follow in the text; None if every text may.
        """
        if rest is None or not any(taken.lower().startswith(begun.lower()) for taken in self._taken):
            return True
        num_taken = 0
        for text in islice(rest.automaton.texts(rest.dfa_state, rest.outcomes), MAX_TEXTS):
            if self.allows(begun + text, True):
                return True
            num_taken += 1
        return num_taken == MAX_TEXTS

    @property
    def _taken(self) -> frozenset[bytes]:
        """The names that may not be written, some of them for all of their spellings."""
        return self.but_not | self.but_not_alike

    def _has_other(self, name: bytes, has_ended: bool) -> bool:
        """Whether a name that is not listed may be, or begin with, a text."""
        return self.only is None and (self.keys is None or self.keys.allows(name, has_ended))

    @property
    def listed(self) -> frozenset[bytes]:
        """The names that are known."""
        return self.always if self.only is None else self.only

    def _lists(self, name: bytes) -> bool:
        return name in self.listed or (self.ignores_case and name.lower() in map(bytes.lower, self.listed))

    def endings(self, name: bytes, prefix: bytes, rest: Rest | None) -> Iterator[bytes]:
        """Yields the texts that complete a listed name after a prefix, the name's own spelling first.

        rest: what may follow in the text after the prefix; None if every text may.
        """
        if not self._continues(name, prefix):
            return
        text = name[len(prefix) :]
        if name.lower() in self.but_not_alike:
            spelled: Iterator[bytes] = (other[len(prefix) :] for other in self.always if other.lower() == name.lower())
        elif self.ignores_case:
            spelled = _spellings(text, rest)
        else:
            spelled = iter((text,))
        for ending in spelled:
            if not self._excludes(prefix + ending) and (rest is None or rest.allows(ending, True)):
                yield ending

    def _has_ending(self, name: bytes, prefix: bytes, rest: Rest | None) -> bool:
        return next(self.endings(name, prefix, rest), None) is not None

    def _continues(self, name: bytes, prefix: bytes) -> bool:
        """Whether a listed name begins with a prefix."""
        return name.lower().startswith(prefix.lower()) if self.ignores_case else name.startswith(prefix)

    def _excludes(self, name: bytes) -> bool:
        if name in self.but_not:
            return True
        return name.lower() in self.but_not_alike and name not in self.always

    def has_names(self, rest: Rest | None = None) -> bool:
        """Whether there is a name that may be written, in a text of which `rest` follows."""
        if self.only is None and (self.keys is None or self.keys.meets(rest)) and self._begins_free(b"", rest):
            return True
        return any(self._has_ending(name, b"", rest) for name in self.listed)

    def tokens(self, row: SlotRow, prefix: bytes, rest: Rest | None = None) -> NDArray[np.bool_]:
        """The tokens that go on with a name after `prefix`, and those that touch no name: bool [vocab_size].

        rest: what may follow in the text; None if every text may.
        """
        mask = (row.free if self.only is not None else row.static).copy()
        if self.only is None and self.keys is not None:
            mask &= self.keys.tokens(row, prefix, rest)
        _set(mask, row.texts_alike, self.but_not_alike, prefix.lower(), False)
        _set(mask, row.texts, self.but_not, prefix, False)
        if self.only is None and rest is not None:
            for token in self._beginnings(row, prefix):
                written, _ = row.written[token]
                mask[token] &= self._begins_free(prefix + written, rest.after(written))
        for name in self.listed:
            if self._has_ending(name, prefix, rest):
                for tokens in self._tokens_of(name, prefix, row, rest):
                    mask[tokens] = True
        return mask

    def _beginnings(self, row: SlotRow, prefix: bytes) -> Iterator[int]:
        """Yields the tokens after which a taken name may still come, in some spelling."""
        for taken in self._taken:
            if taken.lower().startswith(prefix.lower()):
                text = taken[len(prefix) :].lower()
                for length in range(len(text) + 1):
                    yield from row.texts_alike.get((text[:length], False), ())

    def _tokens_of(self, name: bytes, prefix: bytes, row: SlotRow, rest: Rest | None) -> Iterator[list[int]]:
        """Yields the tokens that go on with a listed name after a prefix."""
        found = row.texts_alike if self.ignores_case else row.texts
        text = name[len(prefix) :].lower() if self.ignores_case else name[len(prefix) :]
        for length in range(len(text) + 1):
            for tokens in (
                found.get((text[:length], False), ()),
                found.get((text, True), ()) if length == len(text) else (),
            ):
                if tokens:
                    yield [token for token in tokens if self._leads_on(token, name, prefix, row, rest)]

    def _leads_on(self, token: int, name: bytes, prefix: bytes, row: SlotRow, rest: Rest | None) -> bool:
        """Whether a listed name can be completed after a prefix and a token, or is."""
        if rest is None and not self.ignores_case:
            return True
        written, has_ended = row.written[token]
        if has_ended:
            return not self._excludes(prefix + written)
        return self._has_ending(name, prefix + written, None if rest is None else rest.after(written))

    def __and__(self, other: Choice) -> Choice:
        """The names that both choices allow."""
        if self.only is None and other.only is not None:
            return other & self
        always = self.always | other.always if self.ignores_case == other.ignores_case else frozenset()
        only = self.only
        if only is not None:
            only = frozenset(name for name in only if other.allows(name, True))
        return Choice(
            only,
            self.ignores_case if only is not None else self.ignores_case or other.ignores_case,
            self.but_not | other.but_not,
            self.but_not_alike | other.but_not_alike,
            frozenset(name for name in always if _is_welcome(name, self) and _is_welcome(name, other)),
            self.keys or other.keys,
        )


def _spellings(text: bytes, rest: Rest | None) -> Iterator[bytes]:
    """Yields a text in all cases of its letters, its own first, that `rest` allows as a whole."""
    if rest is None or rest.allows(text, True):
        yield text
    letters = [text[index : index + 1] for index in range(len(text))]
    cases = [tuple(dict.fromkeys((letter.swapcase(), letter))) for letter in letters]
    ends_from = None if rest is None else _ends_from(cases, rest)
    pending = [(b"", rest)]
    while pending:
        begun, here = pending.pop()
        if len(begun) == len(text):
            if begun != text:
                yield begun
            continue
        for letter in cases[len(begun)]:
            after = None if here is None else here.after(letter)
            if after is None or ends_from is None or after.dfa_state in ends_from[len(begun) + 1]:
                pending.append((begun + letter, after))


def _ends_from(cases: list[tuple[bytes, ...]], rest: Rest) -> list[set[int]]:
    """The DFA states after each number of letters, in any of their cases, from which the whole text can be ended.

    There are exponentially many spellings, but they lead to few states.
    """
    run = rest.automaton.run
    reached = [{rest.dfa_state}]
    for letters in cases:
        reached.append({run(letter, state) for state in reached[-1] for letter in letters} - {DEAD})
    ends = [{state for state in reached.pop() if rest.automaton.outcome(state) in rest.outcomes}]
    for letters, states in zip(reversed(cases), reversed(reached), strict=True):
        ends.append({state for state in states if any(run(letter, state) in ends[-1] for letter in letters)})
    return ends[::-1]


def _is_welcome(name: bytes, choice: Choice) -> bool:
    return name not in choice.but_not and (name in choice.always or name.lower() not in choice.but_not_alike)


def only(names: Iterable[bytes], *, ignores_case: bool) -> Choice:
    """The choice of some names alone."""
    return Choice(frozenset(names), ignores_case)


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
