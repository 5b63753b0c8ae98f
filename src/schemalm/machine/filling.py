"""Fills a mask by walking the trie of all token spellings through the grammar.

Outside texts the walk goes symbol by symbol. Inside a text only the state of its automaton matters, and most spellings
are text. There the walk goes through the trie level by level, with all branches of a level as arrays.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import END, KEY_END, NUM_BYTES
from schemalm.machine.stepper import stack_after
from schemalm.machine.vocabulary import FIRST_SYMBOL_ID, Trie, Vocabulary
from schemalm.regular.automaton import DEAD

Numbers = NDArray[np.int32]
# Nonterminals, the next one last, as on the machine's stack.
Stack = tuple[int, ...]
NO_NODE = -1
ROOT = 0
UNKNOWN = -2


def consecutive(first: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """Return the numbers of `counts` consecutive nodes from each of `first` on, and for each the index of its row."""
    rows = np.repeat(np.arange(len(first), dtype=np.int32), counts)
    begins = np.cumsum(counts, dtype=np.int32) - counts
    return np.arange(len(rows), dtype=np.int32) + (first - begins)[rows], rows


class SpellingTrie:
    """The trie of token spellings as arrays over its nodes, which are numbered breadth-first.

    tokens: the token that ends at a node, or -1. symbols: the symbol that leads to the node. first_bytes, num_bytes:
    the children of a node by a byte are `num_bytes` consecutive nodes from `first_bytes` on; `child` finds its other
    children. is_inner: whether a node has children.
    """

    def __init__(self, vocabulary: Vocabulary, text_ends: tuple[int, ...]) -> None:
        self._children: dict[tuple[int, int], int] = {}
        # The root has one child per symbol, in order, so these children need no look-up.
        num_symbols = len(vocabulary.grammar.symbols)
        first_learned = num_symbols + 1
        tokens: list[int] = []
        symbols: list[int] = []
        # The nodes with children: the node, its first child, and the number of its children by a byte.
        inner = [(ROOT, 1, NUM_BYTES)]
        queue: deque[tuple[Trie, int]] = deque()
        if vocabulary.num_learned:
            queue += [(longer, symbol + 1) for symbol, (_, longer) in sorted(vocabulary.trie.items()) if longer]
        while queue:
            node, number = queue.popleft()
            first, leading = first_learned + len(tokens), sorted(node)
            num_bytes = bisect_left(leading, NUM_BYTES)
            inner.append((number, first, num_bytes))
            symbols += leading
            tokens += [node[symbol][0] for symbol in leading]
            self._children.update(
                ((number, symbol), child) for child, symbol in enumerate(leading[num_bytes:], start=first + num_bytes)
            )
            queue += [(node[symbol][1], child) for child, symbol in enumerate(leading, start=first) if node[symbol][1]]
        self.symbols = np.concatenate([np.arange(-1, num_symbols, dtype=np.int32), np.array(symbols, np.int32)])
        self.tokens = np.concatenate([self.symbols[:first_learned] + FIRST_SYMBOL_ID, np.array(tokens, np.int32)])
        self.tokens[ROOT] = -1
        numbers, firsts, counts = np.array(inner, np.int32).T
        self.first_bytes, self.num_bytes = np.zeros_like(self.tokens), np.zeros_like(self.tokens)
        self.is_inner = np.zeros(len(self.tokens), np.bool_)
        self.first_bytes[numbers], self.num_bytes[numbers], self.is_inner[numbers] = firsts, counts, True
        self._ends = {end: self._children_by(end) for end in text_ends}

    def _children_by(self, symbol: int) -> Numbers:
        """Returns the child of every node by one symbol; NO_NODE if there is none."""
        children = np.full(len(self.tokens), NO_NODE, np.int32)
        children[ROOT] = symbol + 1
        for (node, leading), child in self._children.items():
            if leading == symbol:
                children[node] = child
        return children

    def child(self, node: int, symbol: int) -> int:
        """Returns the child by a symbol that is not a byte; NO_NODE if there is none."""
        return symbol + 1 if node == ROOT else self._children.get((node, symbol), NO_NODE)

    def children_by_end(self, nodes: Numbers, end: int) -> Numbers:
        """Returns the child of each node by the end of a text or key; NO_NODE if there is none."""
        return self._ends[end][nodes]

    def children_by_bytes(self, nodes: Numbers) -> tuple[Numbers, Numbers]:
        """Returns all children by a byte of some nodes, and for each child the index of its parent in `nodes`."""
        return consecutive(self.first_bytes[nodes], self.num_bytes[nodes])


class TextSteps:
    """The automaton's transitions as a table over the DFA states of one walk. DEAD if no accepted text can follow."""

    def __init__(self, grammar: Grammar, start: int, accepts: frozenset[int]) -> None:
        self._grammar = grammar
        self._accepts = accepts
        self.dfa_states = [start]
        self._numbers = {start: 0}
        self._table = np.full((8, NUM_BYTES), UNKNOWN, np.int32)

    def after(self, numbers: Numbers, symbols: Numbers) -> Numbers:
        """Returns the numbers of the DFA states after one byte each; DEAD if there is none."""
        after: Numbers = self._table[numbers, symbols]
        missing = after == UNKNOWN
        if missing.any():
            for step in np.unique(numbers[missing] * NUM_BYTES + symbols[missing]).tolist():
                self._fill(*divmod(step, NUM_BYTES))
            after = self._table[numbers, symbols]
        return after

    def _fill(self, number: int, byte: int) -> None:
        """Computes the step by one byte, and by all bytes that lead to the same state."""
        if self._table[number, byte] != UNKNOWN:
            return
        automaton, dfa_state = self._grammar.automaton, self.dfa_states[number]
        after = self._number(automaton.step(dfa_state, byte))
        while len(self.dfa_states) > len(self._table):
            self._table = np.concatenate([self._table, np.full_like(self._table, UNKNOWN)])
        self._table[number, automaton.bytes_like(dfa_state, byte)] = after

    def _number(self, dfa_state: int) -> int:
        if dfa_state == DEAD or not self._grammar.can_end(dfa_state, self._accepts):
            return DEAD
        if dfa_state not in self._numbers:
            self._numbers[dfa_state] = len(self.dfa_states)
            self.dfa_states.append(dfa_state)
        return self._numbers[dfa_state]


class MaskFiller:
    """Finds the tokens that a nonterminal admits."""

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary) -> None:
        self._grammar = grammar
        self._num_tokens = len(vocabulary)
        self._end, self._key_end = grammar.symbols.ids[END], grammar.symbols.ids[KEY_END]
        self._trie = SpellingTrie(vocabulary, (self._end, self._key_end))

    def fill(self, nonterminal: int) -> NDArray[np.bool_]:
        """Returns the mask of a nonterminal: bool [vocab_size]."""
        mask = np.zeros(self._num_tokens, dtype=np.bool_)
        pending: list[tuple[int, Stack]] = [(ROOT, (nonterminal,))]
        while pending:
            node, stack = pending.pop()
            state = self._grammar.nonterminals[stack[-1]].state
            if isinstance(state, Text | Key):
                pending += self._fill_text(mask, node, stack, state)
            else:
                pending += self._fill_structure(mask, node, stack)
        return mask

    def _fill_structure(self, mask: NDArray[np.bool_], node: int, stack: Stack) -> list[tuple[int, Stack]]:
        """Marks the tokens that end one symbol further, outside texts. Returns the nodes and stacks that go on."""
        found = []
        for symbol in self._grammar.candidates(stack[-1]):
            child = self._trie.child(node, symbol)
            after = stack_after(self._grammar, stack, (symbol,)) if child != NO_NODE else None
            if after is None:
                continue
            if (token := self._trie.tokens[child]) >= 0:
                mask[token] = True
            if after and self._trie.is_inner[child]:
                found.append((child, after))
        return found

    def _fill_text(
        self, mask: NDArray[np.bool_], node: int, stack: Stack, state: Text | Key
    ) -> list[tuple[int, Stack]]:
        """Marks the tokens inside the text on top and those that end it. Returns where to continue after its end."""
        accepts = frozenset(self._grammar.nonterminals[stack[-1]].accepts)
        steps = TextSteps(self._grammar, state.dfa_state, accepts)
        end = self._key_end if isinstance(state, Key) else self._end
        found: list[tuple[int, Stack]] = []
        nodes, numbers = np.array([node], np.int32), np.zeros(1, np.int32)
        while len(nodes):
            found += self._fill_ends(mask, stack, steps, self._trie.children_by_end(nodes, end), numbers, end)
            children, parents = self._trie.children_by_bytes(nodes)
            after = steps.after(numbers[parents], self._trie.symbols[children])
            nodes, numbers = children[after >= 0], after[after >= 0]
            tokens = self._trie.tokens[nodes]
            mask[tokens[tokens >= 0]] = True
        return found

    def _fill_ends(
        self, mask: NDArray[np.bool_], stack: Stack, steps: TextSteps, ends: Numbers, numbers: Numbers, end: int
    ) -> list[tuple[int, Stack]]:
        """Marks the tokens that end the text. `ends`: for each trie node, its child by the end symbol."""
        found: list[tuple[int, Stack]] = []
        ends, numbers = ends[ends >= 0], numbers[ends >= 0]
        for number in sorted(set(numbers.tolist())):
            rest = self._grammar.at_dfa_state(stack[-1], steps.dfa_states[number])
            after = stack_after(self._grammar, (*stack[:-1], rest), (end,))
            if after is None:
                continue
            nodes = ends[numbers == number]
            tokens = self._trie.tokens[nodes]
            mask[tokens[tokens >= 0]] = True
            if after:
                found += [(node, after) for node in nodes[self._trie.is_inner[nodes]].tolist()]
        return found
