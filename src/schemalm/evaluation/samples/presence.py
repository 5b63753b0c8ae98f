"""Compare which keys samples have with those that held-out documents have.

In go samples, held-out documents and as many training documents as samples, as nodes; out come the paths of keys that
the schema names, each with the share of the documents that have it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemalm.evaluation.samples.occurrences import Nodes, min_documents
from schemalm.evaluation.samples.paths import KEY_TEXT
from schemalm.evaluation.samples.side_by_side import SideBySide
from schemalm.grammar.grammar import ANY_ITEM, ANY_KEY

MAX_PATHS = 60


@dataclass(frozen=True)
class Presence:
    """The shares of documents that have a path.

    chance: the difference between random parts of the held-out documents and the rest, the mean; None without parts.
    """

    path: str
    shares: SideBySide
    chance: float | None

    @property
    def difference(self) -> float:
        """The absolute difference of the shares of samples and held-out documents."""
        return abs((self.shares.samples or 0.0) - (self.shares.held_out or 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"difference": self.difference}


def compare_presence(
    samples: Sequence[Nodes], held_out: Sequence[Nodes], train: Sequence[Nodes], parts: NDArray[np.bool_]
) -> tuple[Presence, ...]:
    """Return the paths that enough samples or held-out documents have, those of most documents first.

    parts: as `random_parts` returns them.
    """
    sets = [(len(documents), _documents_by_path(documents)) for documents in (samples, held_out, train)]
    paths = {path for size, found in sets[:2] for path, at in found.items() if len(at) >= min_documents(size)}
    compared = []
    for path in sorted(paths):
        shares = SideBySide(*(len(found[path]) / size for size, found in sets))
        compared.append(Presence(path, shares, _chance(sets[1][1][path], parts)))
    compared.sort(key=lambda one: -max(one.shares.samples or 0.0, one.shares.held_out or 0.0))
    return tuple(compared[:MAX_PATHS])


def _chance(documents: Sequence[int], parts: NDArray[np.bool_]) -> float | None:
    """The mean difference of the shares of some documents in each part and outside of it."""
    if not len(parts):
        return None
    has = np.zeros(parts.shape[1], dtype=bool)
    has[documents] = True
    return float(np.mean([abs(has[part].mean() - has[~part].mean()) for part in parts]))


def _documents_by_path(documents: Sequence[Nodes]) -> defaultdict[str, list[int]]:
    """The documents that have a path, by index; all paths that end in a key that the schema names."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, nodes in enumerate(documents):
        for path in {path for path, _ in nodes if path and not path.endswith((ANY_ITEM, ANY_KEY, KEY_TEXT))}:
            found[path].append(number)
    return found
