"""Find the tokens of a document that repeat an earlier stretch of the same document: what a loop writes.

In go documents as tokens; out comes what is repeated. A token counts if it is inside a stretch of `SIZE` tokens that
began earlier in the document as well; the two may overlap, as they do where a short piece is written over and over.
Real documents repeat some as well: the same steps in several jobs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from schemalm.evaluation.samples.stretches import Coverage, covered_spans, window_hashes

SIZE = 16


def repeated_stretches(documents: Sequence[Sequence[int]]) -> Coverage:
    """Return the tokens of each document that repeat earlier ones."""
    return Coverage(tuple(map(len, documents)), tuple(map(_repeated, documents)))


def _repeated(tokens: Sequence[int]) -> tuple[tuple[int, int], ...]:
    hashes = window_hashes(tokens, SIZE)
    _, first, numbers = np.unique(hashes, return_index=True, return_inverse=True)
    return covered_spans(np.flatnonzero(first[numbers] < np.arange(len(hashes))), SIZE, len(tokens))
