"""Decides that an object cannot run out of free keys soon, though the schema allows finitely many of them.

Keys of bounded length, such as the pattern `^[a-z]{1,63}$` has, are finitely many, but no document has all of them. A
beginning of a key can be forbidden only if every key that goes on from it is in use. That needs as many keys in the
object as go on from it, or a key that is so long that few go on from its last letters.
"""

from __future__ import annotations

from schemalm.errors import LimitError
from schemalm.grammar.states import Key
from schemalm.machine.free_keys import FreeKeys
from schemalm.machine.tables import Tables
from schemalm.regular.automaton import DEAD
from schemalm.text_machine.byte_trie import ByteTrie

# So many ways to go on are more than an object and a token have keys; otherwise, tokens are read one by one.
MANY = 256
# The most bytes of a key that are looked at.
MAX_DEPTH = 1024
# The most DFA states that are remembered.
MAX_REMEMBERED = 20_000
UNBOUNDED = 1 << 30


class PlentifulKeys:
    """Answers for the keys of one grammar, written by the tokens of one vocabulary."""

    def __init__(self, tables: Tables, trie: ByteTrie) -> None:
        self._tables = tables
        # A token that ends a key and begins another has two quotes, and its keys together are shorter than it is.
        self._longest = max((len(token) for token in trie.tokens if token.count(b'"') > 1), default=0)
        self._depths: dict[tuple[int, frozenset[int]], int] = {}

    def last(self, nonterminal: int, keys: FreeKeys) -> bool:
        """Whether no token can lead to where an object has every key that goes on.

        nonterminal: where a key of the object begins, or goes on after the prefix of `keys`.
        """
        if not self._tables.can_run_out(nonterminal):
            return True
        if len(keys) + self._longest > MANY:
            return False
        longest = max(map(len, keys), default=0) - len(keys.prefix)
        return max(longest, self._longest) <= self._depth(nonterminal)

    def _depth(self, nonterminal: int) -> int:
        """Return the number of bytes after which many keys go on, whatever the bytes are; -1 if that is not known."""
        node = self._tables.grammar.nonterminals[nonterminal]
        assert isinstance(node.state, Key)
        key = node.state.dfa_state, frozenset(node.accepts)
        if key not in self._depths:
            if len(self._depths) > MAX_REMEMBERED:
                self._depths.clear()
            try:
                with self._tables.grammar.budget.call("mask"):
                    self._depths[key] = self._search(*key)
            except LimitError:
                self._depths[key] = -1
        return self._depths[key]

    def _search(self, start: int, accepts: frozenset[int]) -> int:
        grammar, outcomes = self._tables.grammar, tuple(sorted(accepts))
        layer, seen = {start}, {start}
        for depth in range(MAX_DEPTH):
            if not all(self._tables.texts.has_more(state, outcomes, MANY) for state in layer):
                return depth - 1
            after = {after for state in layer for _, after in grammar.automaton.steps(state)} - {DEAD} - seen
            layer = {state for state in after if grammar.can_end(state, accepts)}
            if not layer:
                return UNBOUNDED
            seen |= layer
        return MAX_DEPTH - 1
