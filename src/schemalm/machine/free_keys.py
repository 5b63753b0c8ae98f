"""The free keys of an object, which no finite state can carry, and the tokens that would repeat one.

Keys are written as vocabulary spellings, one character per byte. A token that ends a key contains only bytes of that
key, so the key's prefix before the token determines which key it ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key
from schemalm.grammar.symbols import KEY_END
from schemalm.machine.texts import Texts
from schemalm.machine.vocabulary import Vocabulary
from schemalm.regular.automaton import DEAD
from schemalm.rules.names import folded

# The most DFA states, and units of work, of a search that decides whether keys can run out.
MAX_SEARCHED = 2_000
MAX_UNITS = 50_000
# The most DFA states, of all objects together, that are remembered as endless.
MAX_REMEMBERED = 20_000


class KeyTokens:
    """The tokens that end a key, by spelling."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.end = vocabulary.grammar.symbols.characters[vocabulary.grammar.symbols.ids[KEY_END]]
        self.ignores_case = vocabulary.grammar.shapes.ignores_key_case
        self._tokens: dict[str, list[int]] = {}
        for text, token in vocabulary.ids.items():
            if text[-1] == self.end:
                self._tokens.setdefault(self.compared(text[:-1]), []).append(token)
        self._longest = max(map(len, self._tokens))

    def compared(self, key: str) -> str:
        """A key, or a part of one, in the form that is compared."""
        return folded(key) if self.ignores_case else key

    def ends(self, key: str) -> Iterator[tuple[str, int]]:
        """Yields the ways to end a compared key with one token: the prefix of the key before it, and the token."""
        for begin in range(max(0, len(key) - self._longest), len(key) + 1):
            for token in self._tokens.get(key[begin:], ()):
                yield key[:begin], token


class _Log:
    """The keys of all versions with a common history, by number, and the tokens that end one of them."""

    def __init__(self, compared: Callable[[str], str] = str) -> None:
        self.compared = compared
        self.names: list[str] = []
        self.numbers: dict[str, int] = {}
        # By prefix of a key: the number of the key, and a token that ends it.
        self.ends: dict[str, list[tuple[int, int]]] = {}

    def add(self, tokens: KeyTokens, key: str) -> None:
        compared = self.compared(key)
        number = self.numbers[compared] = len(self.names)
        self.names.append(key)
        for prefix, token in tokens.ends(compared):
            self.ends.setdefault(prefix, []).append((number, token))


class FreeKeys:
    """The free keys of one object, and the prefix of the next one.

    Immutable. Versions share their common keys.
    """

    __slots__ = ("_log", "_num", "prefix")

    def __init__(self, prefix: str = "", log: _Log | None = None, num: int = 0) -> None:
        self.prefix = prefix
        self._log = log if log is not None else _Log()
        self._num = num

    @classmethod
    def none(cls, tokens: KeyTokens) -> FreeKeys:
        """No keys, which will be compared as the tokens of keys are."""
        return cls(log=_Log(tokens.compared))

    def __len__(self) -> int:
        return self._num

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: str) -> bool:
        return self._log.numbers.get(self._log.compared(key), self._num) < self._num

    def __iter__(self) -> Iterator[str]:
        return islice(self._log.names, self._num)

    @property
    def repeating_tokens(self) -> list[int]:
        """The tokens that would end the current key as an earlier one."""
        return [
            token for number, token in self._log.ends.get(self._log.compared(self.prefix), ()) if number < self._num
        ]

    def extended(self, text: str) -> FreeKeys:
        """Returns these keys with a longer prefix of the next one."""
        return FreeKeys(self.prefix + text, self._log, self._num)

    def with_key(self, tokens: KeyTokens) -> FreeKeys:
        """Returns these keys and the current one."""
        log = self._log
        if self._num < len(log.names) and log.names[self._num] != self.prefix:
            # Another version has added a different key, so this one needs a log of its own.
            log = _Log(tokens.compared)
            for key in self:
                log.add(tokens, key)
        if self._num == len(log.names):
            log.add(tokens, self.prefix)
        return FreeKeys("", log, self._num + 1)


class EndlessKeys:
    """Decides where keys can never run out: every prefix has endlessly many continuations.

    This is so if after every DFA state there is another one from which an end can be reached.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._endless: set[tuple[int, frozenset[int]]] = set()

    def contains(self, nonterminal: int) -> bool:
        """Whether the keys that continue at a nonterminal can never run out. False if this is not known."""
        state, accepts = _key(self._grammar, nonterminal)
        if not state.formulas:
            # The key may be any text except some names.
            return True
        if (state.dfa_state, accepts) not in self._endless:
            try:
                with self._grammar.budget.call("mask"):
                    found = self._search(state.dfa_state, accepts)
            except LimitError:
                return False
            if not found:
                return False
            if len(self._endless) > MAX_REMEMBERED:
                self._endless.clear()
            self._endless.update((dfa_state, accepts) for dfa_state in found)
        return True

    def _search(self, start: int, accepts: frozenset[int]) -> list[int]:
        """Returns all DFA states of keys from `start` on; none if one of them is the last, or after too many steps."""
        found, seen = [start], {start}
        budget = self._grammar.budget
        last = budget.num_units + MAX_UNITS
        for dfa_state in found:
            after = {after for _, after in self._grammar.automaton.steps(dfa_state)} - {DEAD}
            after = {dfa_state for dfa_state in after if dfa_state in seen or self._grammar.can_end(dfa_state, accepts)}
            if not after or len(found) > MAX_SEARCHED or budget.num_units > last:
                return []
            found += sorted(after - seen)
            seen |= after
        return found


def is_exhausted(texts: Texts, nonterminal: int, keys: FreeKeys, outcomes: frozenset[int]) -> bool:
    """Whether the object has every key that continues the current prefix and ends with one of the outcomes."""
    return not _has_new_key(texts, nonterminal, "", outcomes, len(_used(texts.grammar, nonterminal, keys, outcomes)))


def exhausted_tokens(texts: Texts, vocabulary: Vocabulary, nonterminal: int, keys: FreeKeys) -> list[int]:
    """Returns the tokens after which the key could only repeat a key of the object."""
    _, accepts = _key(texts.grammar, nonterminal)
    rests = _used(texts.grammar, nonterminal, keys, accepts)
    prefixes = Counter(rest[:length] for rest in rests for length in range(1, len(rest) + 1))
    return [
        vocabulary.ids[prefix]
        for prefix, num_used in prefixes.items()
        if prefix in vocabulary.ids and not _has_new_key(texts, nonterminal, prefix, accepts, num_used)
    ]


def _key(grammar: Grammar, nonterminal: int) -> tuple[Key, frozenset[int]]:
    node = grammar.nonterminals[nonterminal]
    assert isinstance(node.state, Key)
    return node.state, frozenset(node.accepts)


def _used(grammar: Grammar, nonterminal: int, keys: FreeKeys, outcomes: frozenset[int]) -> list[str]:
    """Returns the suffixes of the object's keys that continue the current prefix and end with one of the outcomes."""
    dfa_state, outcome = _key(grammar, nonterminal)[0].dfa_state, grammar.automaton.outcome
    rests = [key[len(keys.prefix) :] for key in keys if key.startswith(keys.prefix)]
    ends = ((rest, grammar.automaton.run(rest.encode("latin-1"), dfa_state)) for rest in rests)
    return [rest for rest, end in ends if end != DEAD and outcome(end) in outcomes]


def _has_new_key(texts: Texts, nonterminal: int, prefix: str, outcomes: frozenset[int], num_used: int) -> bool:
    """Whether more than `num_used` keys continue with `prefix` and end with one of the outcomes."""
    dfa_state = texts.grammar.automaton.run(prefix.encode("latin-1"), _key(texts.grammar, nonterminal)[0].dfa_state)
    return dfa_state != DEAD and texts.has_more(dfa_state, tuple(sorted(outcomes)), num_used)
