"""The free keys that an object already has, which no finite state can carry, and the tokens that would repeat one.

Keys are written as vocabulary spellings are: one character for each byte. A token that ends a key holds nothing else
but bytes of that key, so what it ends is known from where the key stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Key
from schemalm.grammar.symbols import KEY_END
from schemalm.machine.vocabulary import Vocabulary
from schemalm.regular.automaton import DEAD

# Places that are looked at to tell whether a language of keys can be used up, and work that this may take.
MAX_SEARCHED = 2_000
MAX_UNITS = 50_000
# Places that are known to go on without end, of all objects.
MAX_REMEMBERED = 20_000


class KeyTokens:
    """The tokens that end a key, by spelling."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.end = vocabulary.grammar.symbols.characters[vocabulary.grammar.symbols.ids[KEY_END]]
        self._tokens = {text: token for text, token in vocabulary.ids.items() if text[-1] == self.end}
        self._longest = max(map(len, self._tokens))

    def ends(self, key: str) -> Iterator[tuple[str, int]]:
        """The ways to end a key with one token: how it begins before that token, and the token."""
        spelling = key + self.end
        for begin in range(max(0, len(spelling) - self._longest), len(spelling)):
            token = self._tokens.get(spelling[begin:])
            if token is not None:
                yield key[:begin], token


class _Log:
    """The keys of all versions that have not parted, by number, and the tokens that would end one of them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.numbers: dict[str, int] = {}
        # By the beginning of a key: its number, and a token that would end it.
        self.ends: dict[str, list[tuple[int, int]]] = {}

    def add(self, tokens: KeyTokens, key: str) -> None:
        number = self.numbers[key] = len(self.names)
        self.names.append(key)
        for beginning, token in tokens.ends(key):
            self.ends.setdefault(beginning, []).append((number, token))


class FreeKeys:
    """The free keys of one object: those that it has, and how the next one begins.

    Immutable; versions share what they have in common.
    """

    __slots__ = ("_log", "_num", "begun")

    def __init__(self, begun: str = "", log: _Log | None = None, num: int = 0) -> None:
        self.begun = begun
        self._log = log if log is not None else _Log()
        self._num = num

    def __len__(self) -> int:
        return self._num

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: str) -> bool:
        return self._log.numbers.get(key, self._num) < self._num

    def __iter__(self) -> Iterator[str]:
        return islice(self._log.names, self._num)

    @property
    def repeating(self) -> list[int]:
        """The tokens that would end the key that has begun as an earlier one."""
        return [token for number, token in self._log.ends.get(self.begun, ()) if number < self._num]

    def then(self, text: str) -> FreeKeys:
        """These keys, with more of the next one."""
        return FreeKeys(self.begun + text, self._log, self._num)

    def ended(self, tokens: KeyTokens) -> FreeKeys:
        """These keys and the one that has begun."""
        log = self._log
        if self._num < len(log.names) and log.names[self._num] != self.begun:
            # Another version has gone on in another way: from here on they share nothing.
            log = _Log()
            for key in self:
                log.add(tokens, key)
        if self._num == len(log.names):
            log.add(tokens, self.begun)
        return FreeKeys("", log, self._num + 1)


class EndlessKeys:
    """Tells where keys can never be used up: however one begins, endlessly many begin like it.

    Where every place has another one after it from which an end can be reached, texts go on without end.
    """

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._endless: set[tuple[int, frozenset[int]]] = set()

    def include(self, nonterminal: int) -> bool:
        """Whether the keys that go on at a nonterminal cannot be used up; False where that is not known."""
        state, accepts = _key(self._grammar, nonterminal)
        if not state.formulas:
            # All texts but some names.
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
            self._endless.update((place, accepts) for place in found)
        return True

    def _search(self, start: int, accepts: frozenset[int]) -> list[int]:
        """All places that keys pass through from `start`; none where one is the last, or that takes too long."""
        found, seen = [start], {start}
        budget = self._grammar.budget
        last = budget.num_units + MAX_UNITS
        for place in found:
            after = {after for _, after in self._grammar.automaton.steps(place)} - {DEAD}
            after = {place for place in after if place in seen or self._grammar.can_end(place, accepts)}
            if not after or len(found) > MAX_SEARCHED or budget.num_units > last:
                return []
            found += sorted(after - seen)
            seen |= after
        return found


def is_exhausted(grammar: Grammar, nonterminal: int, keys: FreeKeys, outcomes: frozenset[int]) -> bool:
    """Whether the object has every key that begins as this one has and ends with one of the outcomes."""
    return not _has_new_key(grammar, nonterminal, "", outcomes, len(_used(grammar, nonterminal, keys, outcomes)))


def exhausted_tokens(grammar: Grammar, vocabulary: Vocabulary, nonterminal: int, keys: FreeKeys) -> list[int]:
    """The tokens after which every end of the key is one that the object has."""
    _, accepts = _key(grammar, nonterminal)
    rests = _used(grammar, nonterminal, keys, accepts)
    beginnings = Counter(rest[:length] for rest in rests for length in range(1, len(rest) + 1))
    return [
        vocabulary.ids[beginning]
        for beginning, num_used in beginnings.items()
        if beginning in vocabulary.ids and not _has_new_key(grammar, nonterminal, beginning, accepts, num_used)
    ]


def _key(grammar: Grammar, nonterminal: int) -> tuple[Key, frozenset[int]]:
    node = grammar.nonterminals[nonterminal]
    assert isinstance(node.state, Key)
    return node.state, frozenset(node.accepts)


def _used(grammar: Grammar, nonterminal: int, keys: FreeKeys, outcomes: frozenset[int]) -> list[str]:
    """How the object's keys go on that begin as this one has and end with one of the outcomes."""
    place, outcome = _key(grammar, nonterminal)[0].dfa_state, grammar.automaton.outcome
    rests = [key[len(keys.begun) :] for key in keys if key.startswith(keys.begun)]
    ends = ((rest, grammar.automaton.run(rest.encode("latin-1"), place)) for rest in rests)
    return [rest for rest, end in ends if end != DEAD and outcome(end) in outcomes]


def _has_new_key(grammar: Grammar, nonterminal: int, beginning: str, outcomes: frozenset[int], num_used: int) -> bool:
    """Whether more than `num_used` keys go on with `beginning` and end with one of the outcomes."""
    place = grammar.automaton.run(beginning.encode("latin-1"), _key(grammar, nonterminal)[0].dfa_state)
    return place != DEAD and grammar.automaton.has_more_texts(place, outcomes, num_used)
