"""What a tokenizer is made of: training makes it, a tokenizer file holds it."""

from __future__ import annotations

from dataclasses import dataclass

from schemalm.machine.vocabulary import Vocabulary
from schemalm.tokenizer.pretokenizer import MergeScope


@dataclass(frozen=True)
class GrammarStates:
    """Which nonterminals (by label) and paths the training corpus has: rows of a model's grammar-state embedding.

    Row 0 stands for everything else; nonterminals follow, then paths.
    """

    nonterminals: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def num_states(self) -> int:
        """Rows of the embedding."""
        return 1 + len(self.nonterminals) + len(self.paths)

    def rows(self) -> tuple[dict[str, int], dict[str, int]]:
        """The row of each known nonterminal label, and of each known path."""
        nonterminals = {label: row for row, label in enumerate(self.nonterminals, start=1)}
        return nonterminals, {path: row for row, path in enumerate(self.paths, start=1 + len(self.nonterminals))}


NO_STATES = GrammarStates()


@dataclass(frozen=True)
class TokenizerParts:
    """All that tells two tokenizers apart; the vocabulary holds the grammar, with its key orders."""

    vocabulary: Vocabulary
    merge_scope: MergeScope = "word"
    states: GrammarStates = NO_STATES
