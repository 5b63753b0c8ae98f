"""How often a model prefers what stands in a document where the schema lists the alternatives, and how sure it is.

A *choice* is a symbol of a document: a key or the end of an object (`keys`), a constant or null (`constants`), or true
or false (`booleans`). Its alternatives are the symbols of the same kind that admitted tokens have in its place, after
the symbols that come before it in its own token; there are at least two. The probability of an alternative is that of
all these tokens with it, divided by that of all alternatives. So a figure is about the key, whatever its token goes on
with, and about which constant comes, given that one comes. Where a symbol has only one alternative left, it is no
choice.

In go the exponentials of logits; out come the accuracies and, by the probability of the most likely alternative, how
often it is right: of a calibrated model, as often as it says.

Tensor names: N targets, V vocabulary, S tokens of alternatives (columns), A alternatives of one choice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemalm.evaluation.likelihood.branches import CHOICE_LABELS, Branch, Branches
from schemalm.machine.vocabulary import Vocabulary

NUM_BINS = 10


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
        branches = Branches(vocabulary)
        self._branches, self._choices_of = branches.found, branches.choices_of
        self._tokens_S = torch.tensor(branches.tokens, dtype=torch.int64)
        shape = (len(CHOICE_LABELS), NUM_BINS)
        self._num_choices, self._num_correct = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._probability_sum = np.zeros(shape)
        self._num_in_three = np.zeros(len(CHOICE_LABELS), np.int64)

    def add(self, weights_NV: Tensor, targets_N: Tensor) -> None:
        """Count the choices among some targets; `weights_NV`: exponentials of logits, 0 for what is not admitted."""
        targets = targets_N.tolist()
        rows = [row for row, target in enumerate(targets) if target in self._choices_of]
        if not rows:
            return
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, row in enumerate(rows):
            for branch, alternative in self._choices_of[targets[row]]:
                found[branch].append((number, alternative))
        weights_NS = weights_NV[rows].index_select(1, self._tokens_S.to(weights_NV.device)).cpu().numpy()
        for branch, choices in found.items():
            numbers_N, alternatives_N = np.array(choices).T
            self._count(self._branches[branch], weights_NS[numbers_N], alternatives_N)

    def _count(self, branch: Branch, weights_NS: NDArray[np.float32], alternatives_N: NDArray[np.int64]) -> None:
        """Count choices at one branch, of which `alternatives_N` stand in the documents."""
        first = branch.begins[0]
        begins = np.array(branch.begins) - first
        weights_NA = np.add.reduceat(weights_NS[:, first : branch.end], begins, axis=1, dtype=np.float64)
        has_several_N = (weights_NA > 0).sum(axis=1) > 1
        weights_NA, alternatives_N = weights_NA[has_several_N], alternatives_N[has_several_N]
        probabilities_NA = torch.from_numpy(weights_NA / weights_NA.sum(axis=1, keepdims=True))
        top = probabilities_NA.topk(min(3, len(branch.begins)))
        is_found_N3 = top.indices.numpy() == alternatives_N[:, None]
        probability_N = top.values[:, 0].numpy()
        bin_N = np.minimum(probability_N * NUM_BINS, NUM_BINS - 1).astype(np.int64)
        self._num_choices[branch.kind] += np.bincount(bin_N, minlength=NUM_BINS)
        self._num_correct[branch.kind] += np.bincount(bin_N[is_found_N3[:, 0]], minlength=NUM_BINS)
        self._probability_sum[branch.kind] += np.bincount(bin_N, weights=probability_N, minlength=NUM_BINS)
        self._num_in_three[branch.kind] += is_found_N3.sum()

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
