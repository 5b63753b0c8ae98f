"""Where the spellings of tokens branch into alternatives of one kind: keys, constants or booleans.

In goes a vocabulary; out come the branches, and for each token those that its spelling passes. Tokens are arranged in
columns so that the tokens of an alternative stand side by side, and so do the alternatives of a branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.symbols import NUM_BYTES, Symbol
from schemalm.machine.vocabulary import Trie, Vocabulary

# The symbols of each kind of choice.
CHOICE_LABELS = {
    "keys": ("KEY", "FREE_KEY", "OBJECT_END"),
    "constants": ("CONST", "NULL"),
    "booleans": ("TRUE", "FALSE"),
}
_OTHER = len(CHOICE_LABELS)
# The branches that a spelling passes: a branch, the alternative taken, and the branches before. None at the beginning.
_Passed: TypeAlias = "tuple[int, int, _Passed] | None"


@dataclass(frozen=True, eq=False)
class Branch:
    """Alternatives of one kind of choice that may come after the same symbols; `begins` counts from the first column.

    kind: the number of the kind in `CHOICE_LABELS`.
    """

    kind: int
    columns: slice
    begins: NDArray[np.int64]


class Branches:
    """The branches of a vocabulary.

    tokens: the token of each column. choices_of: for each token that passes a branch, the numbers of these branches
    and of the alternatives that it takes, from the beginning of its spelling on.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._kinds = [_kind_of(symbol) for symbol in vocabulary.grammar.symbols.symbols]
        self.tokens: list[int] = []
        self.choices_of: dict[int, list[tuple[int, int]]] = {}
        self._begins: list[list[int]] = []
        self._kind_of_branch: list[int] = []
        self._ends: dict[int, int] = {}
        self._walk(vocabulary.trie)
        self.found = [
            Branch(kind, slice(begins[0], self._ends[number]), np.array(begins) - begins[0])
            for number, (kind, begins) in enumerate(zip(self._kind_of_branch, self._begins, strict=True))
        ]

    def _walk(self, trie: Trie) -> None:
        """Visit all spellings that begin with structure; a branch ends when all its alternatives are visited."""
        rest: list[_Visit | int] = self._visits(trie, None)
        while rest:
            visit = rest.pop()
            if isinstance(visit, int):
                self._ends[visit] = len(self.tokens)
                continue
            token, longer = visit.node
            if visit.begins is not None:
                self._begins[visit.begins].append(len(self.tokens))
            if token >= 0:
                self.tokens.append(token)
                if visit.passed is not None:
                    self.choices_of[token] = _listed(visit.passed)
            rest += self._visits(longer, visit.passed)

    def _visits(self, trie: Trie, passed: _Passed) -> list[_Visit | int]:
        """Return what to visit after some symbols, the last first: each kind of alternatives, and its end before it."""
        by_kind: dict[int, list[int]] = {}
        for symbol in trie:
            if symbol >= NUM_BYTES:
                by_kind.setdefault(self._kinds[symbol], []).append(symbol)
        visits: list[_Visit | int] = []
        for kind, symbols in by_kind.items():
            if kind == _OTHER or len(symbols) == 1:
                visits += (_Visit(trie[symbol], passed) for symbol in symbols)
                continue
            branch = len(self._begins)
            self._begins.append([])
            self._kind_of_branch.append(kind)
            visits.append(branch)
            numbered = reversed([*enumerate(symbols)])
            visits += (_Visit(trie[symbol], (branch, number, passed), branch) for number, symbol in numbered)
        return visits


@dataclass(frozen=True, eq=False)
class _Visit:
    """A node of the trie to visit, and the branches passed on the way; `begins`: the branch that it is part of."""

    node: tuple[int, Trie]
    passed: _Passed
    begins: int | None = None


def _listed(passed: _Passed) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while passed is not None:
        branch, alternative, passed = passed
        found.append((branch, alternative))
    return found[::-1]


def _kind_of(symbol: Symbol) -> int:
    """Return the number of the kind of choice that a symbol is an alternative of, or `_OTHER`."""
    kinds = enumerate(CHOICE_LABELS.values())
    return next((kind for kind, labels in kinds if symbol.label in labels), _OTHER)
