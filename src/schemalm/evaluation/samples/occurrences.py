"""Where the scalars of documents occur, by path, and random parts of the held-out documents to compare with the rest.

Two samples of one distribution are never quite alike, so each distance between samples and held-out documents needs
the distance that is due to chance: that between a random part of the held-out documents, as large as the samples but at
most half, and the rest of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemalm.documents import canonical_json
from schemalm.evaluation.samples.paths import Node

Nodes: TypeAlias = "Sequence[Node]"

# What fewer held-out documents have is too rare to compare: this share of them, and at least this many.
MIN_SHARE = 0.05
MIN_DOCUMENTS = 20
NUM_PARTS = 10


@dataclass
class Occurrences:
    """The scalars at one path as JSON, and the index of the document of each."""

    values: list[str] = field(default_factory=list)
    documents: list[int] = field(default_factory=list)

    @property
    def num_documents(self) -> int:
        """In how many documents there is one."""
        return len(set(self.documents))


def occurrences(documents: Iterable[Nodes]) -> dict[str, Occurrences]:
    """Return the scalars of documents by path."""
    found: dict[str, Occurrences] = defaultdict(Occurrences)
    for number, nodes in enumerate(documents):
        for node in nodes:
            if node.is_scalar:
                found[node.path].values.append(canonical_json(node.value).decode())
                found[node.path].documents.append(number)
    return dict(found)


def min_documents(num_documents: int) -> float:
    """Return in how many of some held-out documents something must occur to be compared."""
    return max(MIN_SHARE * num_documents, MIN_DOCUMENTS)


def random_parts(num_documents: int, num_samples: int, seed: int) -> NDArray[np.bool_]:
    """Return random parts of documents, as large as the samples but at most half: [NUM_PARTS, num_documents].

    One document has no parts: [0, 1].
    """
    generator = np.random.default_rng(seed)
    parts = np.zeros((NUM_PARTS if num_documents > 1 else 0, num_documents), dtype=bool)
    for part in parts:
        part[generator.permutation(num_documents)[: min(num_samples, num_documents // 2)]] = True
    return parts
