"""Where the spellings of tokens branch into alternatives of one kind: keys, constants or booleans.

In goes a vocabulary; out come the branches, and for each token those that its spelling passes. Tokens are arranged in
columns so that the tokens of an alternative stand side by side, and so do the alternatives of a branch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from schemalm.grammar.symbols import NUM_BYTES, Symbol
from schemalm.machine.vocabulary import Trie, Vocabulary

# The symbols of each kind of choice.
CHOICE_LABELS = {
    "keys": ("KEY", "FREE_KEY", "OBJECT_END"),
    "constants": ("CONST", "NULL"),
    "booleans": ("TRUE", "FALSE"),
}
_OTHER = len(CHOICE_LABELS)
# The branches that a spelling passes, the last first: a branch, the alternative taken, and those before it.
_Passed: TypeAlias = "tuple[int, int, _Passed] | None"


@dataclass(eq=False)
class Branch:
    """Alternatives of one kind, a number of `CHOICE_LABELS`, that may come after the same symbols.

    begins: the first column of each; end: after the last column of the last.
    """

    kind: int
    begins: list[int] = field(default_factory=list)
    end: int = 0


@dataclass(frozen=True, eq=False)
class _Visit:
    """A node of the trie to visit, and the branches passed on the way; `branch`: that of which it is an alternative."""

    node: tuple[int, Trie]
    passed: _Passed
    branch: Branch | None = None


class Branches:
    """The branches of a vocabulary.

    tokens: the token of each column. choices_of: for each token that passes branches, their numbers in `found` and the
    numbers of the alternatives that it takes, from the beginning of its spelling on.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._kinds = [_kind_of(symbol) for symbol in vocabulary.grammar.symbols.symbols]
        self.found: list[Branch] = []
        self.tokens: list[int] = []
        self.choices_of: dict[int, list[tuple[int, int]]] = {}
        rest = self._visits(vocabulary.trie, None)
        while rest:
            visit = rest.pop()
            if isinstance(visit, Branch):
                visit.end = len(self.tokens)
            else:
                self._visit(visit)
                rest += self._visits(visit.node[1], visit.passed)

    def _visit(self, visit: _Visit) -> None:
        if visit.branch is not None:
            visit.branch.begins.append(len(self.tokens))
        token, _ = visit.node
        if token >= 0:
            self.tokens.append(token)
            if visit.passed is not None:
                self.choices_of[token] = _listed(visit.passed)

    def _visits(self, trie: Trie, passed: _Passed) -> list[_Visit | Branch]:
        """Return what to visit below a node, the last first: its children of each kind, and before them their branch.

        A branch is taken up again when all its alternatives have been visited. Texts have no branches.
        """
        by_kind: dict[int, list[int]] = {}
        for symbol in trie:
            if symbol >= NUM_BYTES:
                by_kind.setdefault(self._kinds[symbol], []).append(symbol)
        visits: list[_Visit | Branch] = []
        for kind, symbols in by_kind.items():
            if kind == _OTHER or len(symbols) == 1:
                visits += (_Visit(trie[symbol], passed) for symbol in symbols)
                continue
            branch, number = Branch(kind), len(self.found)
            self.found.append(branch)
            alternatives = [
                _Visit(trie[symbol], (number, index, passed), branch) for index, symbol in enumerate(symbols)
            ]
            visits += (branch, *reversed(alternatives))
        return visits


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
