"""Walks the trie of a vocabulary through the states of reading.

A walk begins at some nodes of the trie in one state. It finds the tokens that are admitted, and where the nonterminals
of the state are used up inside tokens: there the walk of what lies below on the stack begins. So the walks of a stack
are a chain, each walk depends on one nonterminal and a set of nodes alone, and few walks serve many stacks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.masks import pack_masks
from schemalm.text_machine.byte_trie import ROOT, ByteTrie, Numbers
from schemalm.text_machine.plain_text import PlainText
from schemalm.text_machine.reader import Place
from schemalm.text_machine.spellings import QUOTE
from schemalm.text_machine.states import ReadingState, StateTable
from schemalm.weak_methods import weak

# Walks kept for one grammar and vocabulary, by memory in bytes.
LIMIT_BYTES = 128 << 20


class Walk(NamedTuple):
    """What a walk has found.

    mask: the tokens that end in it, as bits. checked: the nodes below which only a machine knows which tokens are
    admitted. exits: by outcome, the number of the set of nodes at which the nonterminals were used up.
    """

    mask: NDArray[np.uint8]
    checked: tuple[int, ...]
    exits: tuple[tuple[int, int], ...]


class _Front:
    """Where a walk stands: nodes, the state at each, and whether it is in the key that began before the token."""

    __slots__ = ("is_given", "nodes", "states")

    def __init__(self, nodes: Numbers, states: Numbers, is_given: NDArray[np.bool_]) -> None:
        self.nodes, self.states, self.is_given = nodes, states, is_given

    def where(self, is_chosen: NDArray[np.bool_]) -> _Front:
        """Returns a part of the front."""
        return _Front(self.nodes[is_chosen], self.states[is_chosen], self.is_given[is_chosen])

    def and_also(self, other: _Front) -> _Front:
        """Returns the front together with another."""
        if not len(other.nodes):
            return self
        return _Front(
            np.concatenate([self.nodes, other.nodes]),
            np.concatenate([self.states, other.states]),
            np.concatenate([self.is_given, other.is_given]),
        )


class Walker:
    """Walks one trie through the states of one grammar; `walk(state, nodes)` keeps its results."""

    def __init__(self, trie: ByteTrie, states: StateTable, plain: PlainText) -> None:
        self.trie, self.states, self._plain = trie, states, plain
        self._node_sets: list[Numbers] = []
        self._set_numbers: dict[bytes, int] = {}
        self.root = self._set_number(np.array([ROOT], np.int32))
        num_walks = max(16, LIMIT_BYTES // (trie.vocab_size // 8 + 500))
        self.walk: Callable[[int, int], Walk] = lru_cache(num_walks)(weak(self._walk))

    def _set_number(self, nodes: Numbers) -> int:
        """Returns the number of a set of nodes, which are in ascending order."""
        number = self._set_numbers.setdefault(nodes.tobytes(), len(self._node_sets))
        if number == len(self._node_sets):
            self._node_sets.append(nodes)
        return number

    def _walk(self, state: int, node_set: int) -> Walk:
        trie, table = self.trie, self.states
        start = table.states[state]
        is_key = isinstance(start, ReadingState) and start.place == Place.NAME
        nodes = self._node_sets[node_set]
        front = _Front(nodes, np.full(len(nodes), state, np.int32), np.full(len(nodes), is_key))
        admitted, exits, checked, texts = [nodes[:0]], list[tuple[Numbers, Numbers]](), [nodes[:0]], [nodes[:0]]
        while len(front.nodes):
            exits.append((front.nodes, table.number_outcomes[front.states]))
            in_text = table.is_plain_text[front.states] & self._plain.is_between[front.nodes]
            texts.append(front.nodes[in_text])
            front = self._after_bytes(front.where(~in_text)).and_also(self._after_texts(front.where(in_text)))
            admitted.append(front.nodes)
            outcomes = table.outcomes[front.states]
            exits.append((front.nodes, outcomes))
            checked.append(front.nodes[table.is_checked[front.states] & ~front.is_given])
            front.is_given &= table.is_name[front.states]
            front = front.where((outcomes == 0) & (trie.num_children[front.nodes] > 0))
        mask = self._mask(np.concatenate(admitted), np.concatenate(texts))
        return Walk(mask, tuple(np.concatenate(checked).tolist()), self._grouped(exits))

    def _after_bytes(self, front: _Front) -> _Front:
        """Returns the front one byte further."""
        children, parents = self.trie.children(front.nodes)
        after = self.states.after(front.states[parents], self.trie.bytes[children])
        is_alive = after >= 0
        return _Front(children[is_alive], after[is_alive], front.is_given[parents[is_alive]])

    def _after_texts(self, front: _Front) -> _Front:
        """Returns the front where the strings and keys that may be any text have ended."""
        if not len(front.nodes):
            return front
        closings, above = self._plain.below(self.trie, front.nodes)
        after = self.states.after(front.states, np.full(len(front.nodes), QUOTE, np.int32))[above]
        is_alive = after >= 0
        return _Front(closings[is_alive], after[is_alive], front.is_given[above[is_alive]])

    def _mask(self, nodes: Numbers, texts: Numbers) -> NDArray[np.uint8]:
        """Returns the tokens that end at some nodes, and those that are text below others, as bits."""
        trie = self.trie
        mask = np.zeros(trie.vocab_size, np.bool_)
        mask[trie.own_tokens(nodes)] = True
        if len(texts) and texts[0] == ROOT:
            return pack_masks(mask) | self._plain.mask
        if len(texts):
            self._plain.mark(mask, trie, texts)
        return pack_masks(mask)

    def _grouped(self, exits: list[tuple[Numbers, Numbers]]) -> tuple[tuple[int, int], ...]:
        """Returns the sets of nodes by outcome; nodes that no token extends are left out."""
        nodes, outcomes = (np.concatenate(parts) for parts in zip(*exits, strict=True))
        is_useful = (outcomes != 0) & (self.trie.num_children[nodes] > 0)
        nodes, outcomes = nodes[is_useful], outcomes[is_useful]
        return tuple(
            (outcome, self._set_number(np.unique(nodes[outcomes == outcome])))
            for outcome in np.unique(outcomes).tolist()
        )
