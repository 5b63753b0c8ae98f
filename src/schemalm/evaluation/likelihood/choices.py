"""How often a model prefers what stands in a document where the schema lists the alternatives, and how sure it is.

A *choice* is a token that begins with a key or the end of an object (`keys`), with a constant or null (`constants`), or
with true or false (`booleans`), where the mask admits at least two first symbols of the same kind. Its alternatives are
these symbols. The probability of one is that of all admitted tokens that begin with it, divided by that of all
alternatives: so a figure is about the key, whatever the token goes on with, and about which constant comes, given that
one comes. What stands inside a token is no choice of its own.

In go the exponentials of logits; out come the accuracies and, by the probability of the most likely alternative, how
often it is right: of a calibrated model, as often as it says.

Tensor names: N choices, V vocabulary, U distinct nonterminals, S tokens that begin with an alternative, G alternatives,
C kinds of choices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemalm.grammar.symbols import Symbol
from schemalm.machine.vocabulary import Vocabulary

# The symbols of each kind of choice.
CHOICE_LABELS = {
    "keys": ("KEY", "FREE_KEY", "OBJECT_END"),
    "constants": ("CONST", "NULL"),
    "booleans": ("TRUE", "FALSE"),
}
NUM_BINS = 10
_NONE = -1


@dataclass(frozen=True)
class Bin:
    """The choices whose most likely alternative has a probability from `low` to `high`.

    num_correct: how often that alternative stands in the document. probability_sum: the sum of its probabilities.
    """

    low: float
    high: float
    num_choices: int
    num_correct: int
    probability_sum: float

    @property
    def accuracy(self) -> float:
        """The share of choices whose most likely alternative stands in the document."""
        return self.num_correct / self.num_choices

    @property
    def probability(self) -> float:
        """The mean probability of the most likely alternative."""
        return self.probability_sum / self.num_choices


@dataclass(frozen=True)
class ChoiceScore:
    """The choices of one kind; there is at least one, and `bins` are those that have some.

    num_in_three: how often one of the three most likely alternatives stands in the document.
    """

    kind: str
    num_in_three: int
    bins: tuple[Bin, ...]

    @property
    def num_choices(self) -> int:
        """The number of choices."""
        return sum(each.num_choices for each in self.bins)

    @property
    def top_1(self) -> float:
        """The share of choices whose most likely alternative stands in the document."""
        return sum(each.num_correct for each in self.bins) / self.num_choices

    @property
    def top_3(self) -> float:
        """The share of choices of which one of the three most likely alternatives stands in the document."""
        return self.num_in_three / self.num_choices

    @property
    def calibration_error(self) -> float:
        """The mean difference, 0 to 1, of accuracy and probability over the bins, weighted by their choices."""
        return sum(abs(each.num_correct - each.probability_sum) for each in self.bins) / self.num_choices

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind,
            "num_choices": self.num_choices,
            "top_1": self.top_1,
            "top_3": self.top_3,
            "calibration_error": self.calibration_error,
            "bins": [
                {
                    "low": each.low,
                    "high": each.high,
                    "num_choices": each.num_choices,
                    "probability": each.probability,
                    "accuracy": each.accuracy,
                }
                for each in self.bins
            ],
        }


class ChoiceCounter:
    """Counts the choices of a vocabulary while a model scores documents, a chunk of targets at a time."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        symbols = vocabulary.grammar.symbols.symbols
        kind_of_symbol = np.array([_kind_of(symbol) for symbol in symbols])
        first_V = np.array([spelled[0] if spelled else _NONE for spelled in vocabulary.symbols])
        kind_V = np.where(first_V == _NONE, _NONE, kind_of_symbol[first_V])
        tokens_S = np.flatnonzero(kind_V != _NONE)
        # Tokens with the same first symbol side by side.
        self._tokens_S = tokens_S[np.argsort(first_V[tokens_S], kind="stable")]
        alternatives_G, self._begin_G = np.unique(first_V[self._tokens_S], return_index=True)
        self._kind_G = kind_of_symbol[alternatives_G]
        self._kind_V = torch.from_numpy(kind_V)
        self._alternative_V = np.searchsorted(alternatives_G, first_V)
        shape = (len(CHOICE_LABELS), NUM_BINS)
        self._num_choices, self._num_correct = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._probability_sum = np.zeros(shape)
        self._num_in_three = np.zeros(len(CHOICE_LABELS), np.int64)

    def add(self, weights_NV: Tensor, targets_N: Tensor, masks_UV: Tensor, rows_N: Tensor) -> None:
        """Count the choices among some targets.

        weights_NV: the exponentials of the logits, 0 where the mask does not admit the token. masks_UV: the masks of
        distinct nonterminals; rows_N: which of them belongs to each target.
        """
        if self._kind_V.device != targets_N.device:
            self._kind_V = self._kind_V.to(targets_N.device)
        is_choice_N = (self._kind_V[targets_N] != _NONE).nonzero().squeeze(1)
        targets = targets_N[is_choice_N].cpu().numpy()
        is_own_NG = self._kind_G == self._kind_G[self._alternative_V[targets], None]
        is_admitted_UG = self._sums(masks_UV.to(torch.float32)) > 0
        is_own_NG &= is_admitted_UG[rows_N[is_choice_N].cpu().numpy()]
        has_several_N = is_own_NG.sum(axis=1) > 1
        is_choice_N, targets, is_own_NG = is_choice_N[has_several_N], targets[has_several_N], is_own_NG[has_several_N]
        if targets.size:
            self._count(self._sums(weights_NV[is_choice_N]) * is_own_NG, self._alternative_V[targets])

    def _sums(self, values_NV: Tensor) -> NDArray[np.float32]:
        """Return the sums of values over the tokens that begin with each alternative [N, G]."""
        values_NS = values_NV.index_select(1, torch.from_numpy(self._tokens_S).to(values_NV.device)).cpu().numpy()
        return np.add.reduceat(values_NS, self._begin_G, axis=1)

    def _count(self, weights_NG: NDArray[np.float32], targets_N: NDArray[np.int64]) -> None:
        probabilities_NG = torch.from_numpy(weights_NG / weights_NG.sum(axis=1, keepdims=True, dtype=np.float64))
        top = probabilities_NG.topk(min(3, probabilities_NG.shape[1]))
        is_target_N3 = top.indices.numpy() == targets_N[:, None]
        probability_N = top.values[:, 0].numpy()
        kind_N = self._kind_G[targets_N]
        place_N = kind_N, np.minimum(probability_N * NUM_BINS, NUM_BINS - 1).astype(np.int64)
        np.add.at(self._num_choices, place_N, 1)
        np.add.at(self._num_correct, place_N, is_target_N3[:, 0])
        np.add.at(self._probability_sum, place_N, probability_N)
        np.add.at(self._num_in_three, kind_N, is_target_N3.any(axis=1))

    def scores(self) -> tuple[ChoiceScore, ...]:
        """Return the score of each kind that has choices."""
        return tuple(
            ChoiceScore(kind, int(self._num_in_three[number]), self._bins(number))
            for number, kind in enumerate(CHOICE_LABELS)
            if self._num_choices[number].any()
        )

    def _bins(self, kind: int) -> tuple[Bin, ...]:
        found = zip(self._num_choices[kind], self._num_correct[kind], self._probability_sum[kind], strict=True)
        return tuple(
            Bin(number / NUM_BINS, (number + 1) / NUM_BINS, int(num_choices), int(num_correct), float(probability_sum))
            for number, (num_choices, num_correct, probability_sum) in enumerate(found)
            if num_choices
        )


def _kind_of(symbol: Symbol) -> int:
    """Return the number of the kind of choice that a symbol is an alternative of."""
    return next((kind for kind, labels in enumerate(CHOICE_LABELS.values()) if symbol.label in labels), _NONE)
