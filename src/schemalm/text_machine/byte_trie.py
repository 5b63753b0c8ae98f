"""The trie of a vocabulary's tokens, as arrays over its nodes, which are numbered breadth-first.

Equal tokens share a node. Tokens in the order of their bytes form a list in which the tokens of every subtree are
consecutive, so a subtree is a range of that list.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.filling import consecutive
from schemalm.regular.lazy_dfa import MAX_DISTINCT_COUNT

Numbers = NDArray[np.int32]
ROOT = 0
NO_NODE = -1
# Longer tokens are never admitted: texts whose remaining lengths differ only further on share their masks.
MAX_TOKEN_BYTES = MAX_DISTINCT_COUNT - 1


class ByteTrie:
    """The trie of tokens.

    bytes: the byte that leads to a node. first_child, num_children: the children of a node are consecutive nodes, in
    the order of their bytes. sorted_tokens: the token ids in the order of their bytes. begins, ends: the range of the
    tokens of a node's subtree in that list. own_ends: where the range of the tokens of the node itself ends.
    """

    def __init__(self, tokens: Sequence[bytes]) -> None:
        """tokens: the bytes of each token id; empty if no text contains the token."""
        usable = (token for token, text in enumerate(tokens) if 0 < len(text) <= MAX_TOKEN_BYTES)
        ordered = sorted(usable, key=tokens.__getitem__)
        texts = [tokens[token] for token in ordered]
        self.vocab_size = len(tokens)
        self.tokens = tokens
        self.sorted_tokens = np.array(ordered, np.int32)
        lengths = np.array([len(text) for text in texts], np.int32)
        text = np.frombuffer(b"".join(texts), np.uint8)
        offsets = np.cumsum(lengths) - lengths
        levels = _levels(text, offsets, lengths)
        parents, self.bytes, self.begins, self.ends = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        num_nodes = len(self.bytes)
        self.num_children = np.bincount(parents[1:], minlength=num_nodes).astype(np.int32)
        self.first_child = (1 + np.cumsum(self.num_children) - self.num_children).astype(np.int32)
        # A token that ends at a node precedes the longer ones.
        depths = np.repeat(np.arange(len(levels)), [len(level[0]) for level in levels])
        self.own_ends = self.begins.copy()
        at_end = _node_of_each(self.begins, self.ends, depths, lengths)
        np.add.at(self.own_ends, at_end, 1)

    def child(self, node: int, byte: int) -> int:
        """Returns the child of a node by a byte; NO_NODE if there is none."""
        first = int(self.first_child[node])
        last = first + int(self.num_children[node])
        child = first + int(np.searchsorted(self.bytes[first:last], byte))
        return child if child < last and self.bytes[child] == byte else NO_NODE

    def find(self, text: bytes) -> int:
        """Returns the node of a text; NO_NODE if no token begins with it."""
        node = ROOT
        for byte in text:
            node = self.child(node, byte)
            if node == NO_NODE:
                break
        return node

    def children(self, nodes: Numbers) -> tuple[Numbers, Numbers]:
        """Returns the children of some nodes, and for each child the index of its parent in `nodes`."""
        return consecutive(self.first_child[nodes], self.num_children[nodes])

    def own_tokens(self, nodes: Numbers) -> Numbers:
        """Returns the tokens that end at some nodes."""
        begins, counts = self.begins[nodes], self.own_ends[nodes] - self.begins[nodes]
        rows = [begins[counts > further] + further for further in range(int(counts.max(initial=0)))]
        found: Numbers = self.sorted_tokens[np.concatenate([begins[:0], *rows])]
        return found

    def below(self, node: int) -> Numbers:
        """Returns the tokens of a subtree."""
        return self.sorted_tokens[self.begins[node] : self.ends[node]]


def _levels(text: NDArray[np.uint8], offsets: NDArray[np.int64], lengths: Numbers) -> list[tuple[Numbers, ...]]:
    """Returns parents, bytes, and the ranges of the nodes of each level; tokens are in the order of their bytes."""
    num_tokens = len(lengths)
    zero = np.zeros(1, np.int32)
    levels: list[tuple[Numbers, ...]] = [(zero, zero, zero, zero + num_tokens)]
    node = np.zeros(num_tokens, np.int64)
    rows = np.arange(num_tokens)
    num_nodes = 1
    for depth in range(int(lengths.max(initial=0))):
        rows = rows[lengths[rows] > depth]
        keys = node[rows] * 256 + text[offsets[rows] + depth]
        is_new = np.concatenate([[True], keys[1:] != keys[:-1]])
        first = rows[is_new]
        last = rows[np.concatenate([is_new[1:], [True]])]
        parts = (keys[is_new] // 256, keys[is_new] % 256, first, last + 1)
        levels.append(tuple(part.astype(np.int32) for part in parts))
        node[rows] = num_nodes + np.cumsum(is_new) - 1
        num_nodes += len(first)
    return levels


def _node_of_each(begins: Numbers, ends: Numbers, depths: NDArray[np.int64], lengths: Numbers) -> NDArray[np.int64]:
    """Returns the node at which each token ends, for tokens in the order of their bytes."""
    nodes = np.zeros(len(lengths), np.int64)
    for depth in np.unique(lengths).tolist():
        level = np.flatnonzero(depths == depth)
        rows = np.flatnonzero(lengths == depth)
        nodes[rows] = level[np.searchsorted(begins[level], rows, side="right") - 1]
    return nodes
