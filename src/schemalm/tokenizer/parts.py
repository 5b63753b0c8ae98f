"""The parts of a tokenizer, as training returns them and a tokenizer file contains them."""

from __future__ import annotations

from dataclasses import dataclass

from schemalm.machine.vocabulary import Vocabulary
from schemalm.tokenizer.pretokenizer import MergeScope


@dataclass(frozen=True)
class GrammarStates:
    """The nonterminals (by label) and paths of the training corpus: the rows of a model's grammar-state embedding.

    Row 0 is for everything else; then follow the nonterminals, then the paths.
    """

    nonterminals: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def num_states(self) -> int:
        """The number of rows of the embedding."""
        return 1 + len(self.nonterminals) + len(self.paths)

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """The row of each nonterminal's label, and the row of each path."""
        nonterminals = {label: row for row, label in enumerate(self.nonterminals, start=1)}
        return nonterminals, {path: row for row, path in enumerate(self.paths, start=1 + len(self.nonterminals))}


NO_STATES = GrammarStates()


@dataclass(frozen=True)
class TokenizerParts:
    """Everything that defines a tokenizer; the vocabulary contains the grammar, and that the key orders."""

    vocabulary: Vocabulary
    merge_scope: MergeScope = "word"
    states: GrammarStates = NO_STATES
