"""Masks and transitions by place, filled on first use, shared by all machines of a tokenizer, bounded in memory.

A token is a connected piece of one derivation, so what it does depends on the nonterminal on top of the stack alone:
the mask is a row of bits, the transition a fixed tuple of places. What has not been used for longest goes out, and is
found again where it is needed. The limit counts what is kept here; the grammar numbers the nonterminals that documents
meet without a bound of its own, some hundred bytes each: a text of counted length brings one per character.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.grammar import ANY_ITEM, ANY_KEY, Grammar
from schemalm.grammar.states import Key, Object
from schemalm.grammar.symbols import FREE_KEY, ITEM, KEY_END
from schemalm.machine.endings import has_end
from schemalm.machine.filling import MaskFiller
from schemalm.machine.guards import enters_guard, tokens_that_enter_items, tokens_that_pass_items
from schemalm.machine.keys import EndlessKeys, KeyTokens
from schemalm.machine.masks import num_mask_bytes, pack_masks, unpack_mask
from schemalm.machine.texts import Texts
from schemalm.machine.values import Values
from schemalm.machine.vocabulary import FIRST_SYMBOL_ID, Vocabulary

# Memory for the masks and transitions of one tokenizer, bytes.
LIMIT_BYTES = 32 << 20
# What an entry takes besides its content, and a transition with its share of places, bytes; a test holds this.
ENTRY_BYTES = 400
# Paths grow no longer, characters: deep derivations would need memory in the square of their depth.
MAX_PATH_LENGTH = 2_000
NO_NONTERMINAL = -1


class Place:
    """What may lie on a machine's stack: a nonterminal and the path of keys that leads to it.

    row: the nonterminal whose mask serves this one; is_key: whether this is the rest of a free key; free_key: of an
    object whose free keys can be used up, the nonterminal at which one begins, else NO_NONTERMINAL; is_watched: whether
    keys or guards have a say in the mask; needs_outcome: whether the outcome of what lies above settles this.
    """

    __slots__ = ("free_key", "is_key", "is_watched", "needs_outcome", "nonterminal", "path", "row")

    def __init__(self, nonterminal: int, path: str, row: int, is_key: bool, free_key: int, needs_outcome: bool) -> None:
        self.nonterminal = nonterminal
        self.path = path
        self.row = row
        self.is_key = is_key
        self.free_key = free_key
        self.is_watched = is_key or free_key != NO_NONTERMINAL
        self.needs_outcome = needs_outcome


class Transition(NamedTuple):
    """What a token does to the top of the stack.

    opened: the places that it leaves, the next one last; the first of them is the rest of what was on top. Without any,
    the top has ended with `outcome`. meets_guard: whether items have to be watched from inside the token on.
    """

    opened: tuple[Place, ...]
    outcome: int
    meets_guard: bool


class Tables:
    """Masks and transitions of one vocabulary under a grammar over the same symbols.

    packed: the mask of a nonterminal as bits, uint8 [ceil(vocab_size / 8)]; unpacked: that mask, bool [vocab_size],
    read-only; both are to be asked for a place's `row`. place: that of a nonterminal and a path. transition: what a
    token does at a place, None where it is not admitted.
    """

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary, limit_bytes: int = LIMIT_BYTES) -> None:
        """`limit_bytes`: memory that masks and transitions may take; at least one of each is kept."""
        self.grammar = grammar
        self.vocabulary = vocabulary
        self.limit_bytes = limit_bytes
        self.tokens_that_pass_items = tokens_that_pass_items(vocabulary) if grammar.has_guards else frozenset()
        self._tokens_that_enter_items = tokens_that_enter_items(vocabulary) if grammar.has_guards else frozenset()
        self.nothing = np.zeros(len(vocabulary), dtype=np.bool_)
        self.nothing.flags.writeable = False
        self.texts = Texts(grammar)
        self.values = Values(grammar, self.texts)
        self._filler = MaskFiller(grammar, vocabulary)
        self._free_key = grammar.symbols.ids[FREE_KEY]
        self.free_key_token = vocabulary.symbol_token(self._free_key)
        self._elements = {
            grammar.symbols.ids[ITEM]: ANY_ITEM,
            grammar.symbols.ids[KEY_END]: ANY_KEY,
            **{number: name for name, number in grammar.symbols.keys.items()},
        }
        num_packed = max(1, limit_bytes // 4 // (num_mask_bytes(len(vocabulary)) + ENTRY_BYTES))
        num_unpacked = max(1, limit_bytes // 4 // (len(vocabulary) + ENTRY_BYTES))
        num_transitions = max(1, limit_bytes // 2 // ENTRY_BYTES)
        self.num_packed = num_packed
        self.packed: Callable[[int], NDArray[np.uint8]] = lru_cache(num_packed)(self._packed)
        self.unpacked: Callable[[int], NDArray[np.bool_]] = lru_cache(num_unpacked)(self._unpacked)
        self.transition: Callable[[Place, int], Transition | None] = lru_cache(num_transitions)(self._transition)
        self.place: Callable[[int, str], Place] = lru_cache(max(1, num_transitions // 16))(self._place)
        self._is_endless: Callable[[int], bool] = lru_cache(1024)(EndlessKeys(grammar).include)
        self._labels: Callable[[int], str] = lru_cache(num_packed)(grammar.label)

    @cached_property
    def key_tokens(self) -> KeyTokens:
        """The tokens that end a free key."""
        return KeyTokens(self.vocabulary)

    def mask(self, nonterminal: int) -> NDArray[np.bool_]:
        """Which tokens `nonterminal` admits: bool [vocab_size], read-only."""
        return self.unpacked(self.grammar.equivalent(nonterminal))

    def label(self, nonterminal: int) -> str:
        """The nonterminal's name, the same in every process."""
        return self._labels(nonterminal)

    def _packed(self, nonterminal: int) -> NDArray[np.uint8]:
        with self.grammar.budget.call("mask"):
            mask = self._filler.fill(nonterminal)
            for token in self._tokens_that_enter_items:
                mask[token] = mask[token] and self._can_enter(nonterminal, token)
        return pack_masks(mask)

    def _can_enter(self, nonterminal: int, token: int) -> bool:
        """Whether a token that finite states admit begins no item that its array cannot take."""
        symbols = self.vocabulary.symbols[token]
        if not enters_guard(self.grammar, nonterminal, symbols):
            return True
        from schemalm.machine.machine import Machine  # noqa: PLC0415 (a machine stands on tables)

        machine = Machine.at(self, nonterminal)
        try:
            for symbol in symbols:
                machine.push(symbol)
        except ValueError:
            return False
        return has_end(machine)

    def _unpacked(self, nonterminal: int) -> NDArray[np.bool_]:
        return unpack_mask(self.packed(nonterminal), len(self.vocabulary))

    def _place(self, nonterminal: int, path: str) -> Place:
        grammar = self.grammar
        is_key = isinstance(grammar.nonterminals[nonterminal].state, Key)
        place = Place(
            nonterminal,
            path,
            grammar.equivalent(nonterminal),
            is_key,
            self._exhaustible_key(nonterminal),
            grammar.needs_outcome(nonterminal),
        )
        place.is_watched |= bool(self.tokens_that_pass_items)
        return place

    def _exhaustible_key(self, nonterminal: int) -> int:
        """The nonterminal at which a free key of an object begins, where these can be used up.

        What still waits for an outcome is not on top yet.
        """
        if self.grammar.needs_outcome(nonterminal) or not isinstance(
            self.grammar.nonterminals[nonterminal].state, Object
        ):
            return NO_NONTERMINAL
        with self.grammar.budget.call("mask"):
            step = self.grammar.step(nonterminal, self._free_key)
        return step.opened[0] if step is not None and not self._is_endless(step.opened[0]) else NO_NONTERMINAL

    def can_use_up(self, key: int) -> bool:
        """Whether the keys that go on at the nonterminal `key` can all be used, as far as is known."""
        return not self._is_endless(key)

    def _transition(self, place: Place, token: int) -> Transition | None:
        with self.grammar.budget.call("advance"):
            return self._walk(place, token)

    def _walk(self, place: Place, token: int) -> Transition | None:
        """Walks the token's symbols through the grammar."""
        grammar = self.grammar
        if not FIRST_SYMBOL_ID <= token < len(self.vocabulary):
            return None
        stack = [(place.nonterminal, place.path)]
        outcome, meets_guard = 0, False
        for symbol in self.vocabulary.symbols[token]:
            if not stack:
                return None
            nonterminal, path = stack.pop()
            step = grammar.step(nonterminal, symbol)
            if step is None:
                return None
            if len(step.opened) == 2:
                child, rest = step.opened
                stack += ((rest, path), (child, extended_path(path, self._elements[symbol])))
            elif step.opened:
                stack.append((step.opened[0], path))
            else:
                outcome = step.outcome
                if stack:
                    stack[-1] = (grammar.settle(stack[-1][0], outcome), stack[-1][1])
            meets_guard = meets_guard or (bool(stack) and grammar.arrays.is_guarded(stack[-1][0]))
        if token in self._tokens_that_enter_items and not self._can_enter(place.nonterminal, token):
            return None
        return Transition(tuple(self.place(*entry) for entry in stack), outcome, meets_guard)


def extended_path(path: str, element: str) -> str:
    """The path with one more element: `jobs.*.steps[].uses`."""
    if len(path) > MAX_PATH_LENGTH:
        return path
    return path + element if element == ANY_ITEM or not path else f"{path}.{element}"
