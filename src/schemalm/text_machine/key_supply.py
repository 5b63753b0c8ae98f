"""Decides whether an object may soon run out of free keys, where the schema allows finitely many of them.

Keys of bounded length, such as the pattern `^[a-z]{1,63}$` has, are finitely many, but no document has all of them. A
beginning of a key can be forbidden only if every key that goes on from it is in use. That needs as many keys in the
object as go on from it, or a key that is so long that few go on from its last letters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from schemalm.errors import LimitError
from schemalm.grammar.states import Key
from schemalm.machine.free_keys import MAX_REMEMBERED, MAX_SEARCHED, MAX_UNITS, FreeKeys
from schemalm.machine.tables import Tables
from schemalm.regular.automaton import DEAD
from schemalm.text_machine.byte_trie import ByteTrie
from schemalm.weak_methods import weak

# So many ways to go on are more than an object and a token have keys; otherwise, tokens are read one by one.
MANY = 256
UNBOUNDED = 1 << 30


class KeySupply:
    """Answers for the keys of one grammar, written by the tokens of one vocabulary."""

    def __init__(self, tables: Tables, trie: ByteTrie) -> None:
        self._tables = tables
        # A token that ends a key and begins another has two quotes, and its keys together are shorter than it is.
        self._longest = max((len(token) for token in trie.tokens if token.count(b'"') > 1), default=0)
        self._depth: Callable[[int, frozenset[int]], int] = lru_cache(MAX_REMEMBERED)(weak(self._find_depth))

    def may_run_out(self, nonterminal: int, keys: FreeKeys) -> bool:
        """Whether some token might lead to where an object has every key that goes on.

        nonterminal: where a key of the object begins, or goes on after the prefix of `keys`.
        """
        if not self._tables.can_run_out(nonterminal):
            return False
        if len(keys) + self._longest > MANY:
            return True
        node = self._tables.grammar.nonterminals[nonterminal]
        assert isinstance(node.state, Key)
        longest = max(map(len, keys), default=0) - len(keys.prefix)
        return max(longest, self._longest) > self._depth(node.state.dfa_state, frozenset(node.accepts))

    def _find_depth(self, start: int, accepts: frozenset[int]) -> int:
        """Returns a number of bytes after which many keys go on, whatever the bytes are; -1 if none is known."""
        budget, depth = self._tables.grammar.budget, -1
        last = budget.num_units + MAX_UNITS
        layer, seen = {start}, {start}
        try:
            with budget.call("mask"):
                while layer:
                    if budget.num_units > last or len(seen) > MAX_SEARCHED or not self._many_go_on(layer, accepts):
                        return depth
                    depth += 1
                    layer = self._after(layer, accepts) - seen
                    seen |= layer
        except LimitError:
            return depth
        return UNBOUNDED

    def _many_go_on(self, states: set[int], accepts: frozenset[int]) -> bool:
        """Whether many keys go on from each of some DFA states."""
        outcomes = tuple(sorted(accepts))
        return all(self._tables.texts.has_more(state, outcomes, MANY) for state in states)

    def _after(self, states: set[int], accepts: frozenset[int]) -> set[int]:
        """Returns the DFA states one byte after some others from which a key can end."""
        grammar = self._tables.grammar
        after = {after for state in states for _, after in grammar.automaton.steps(state)} - {DEAD}
        return {state for state in after if grammar.can_end(state, accepts)}
