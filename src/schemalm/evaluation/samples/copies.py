"""Find the stretches of documents that stand in the training documents, token by token.

In go documents as tokens and the training split, which is read once as a stream: memory grows with the documents, not
with the split. A token counts as copied if it is inside a stretch of `SIZE` tokens or more that stands in one training
document. A document that is shorter than that has no such stretch; it counts whole if it equals a training document.
A run of copied tokens may be longer than what any one training document has: its stretches then come from several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.store import Split
from schemalm.evaluation.samples.stretches import Coverage, covered_spans, window_hashes

SIZE = 32
# So many training tokens are hashed at once: about 100 MB.
TOKENS_AT_ONCE = 1 << 20
# Most training windows stand in no document, and a look-up of this many bits of the hash shows it for most of these.
FILTER_BITS = 22


def copied_stretches(documents: Sequence[Sequence[int]], train: Split) -> Coverage:
    """Return the tokens of each document that are copied from a training document."""
    hashes = [window_hashes(tokens, SIZE) for tokens in documents]
    wanted = np.unique(np.concatenate([*hashes, np.zeros(0, np.uint64)]))
    short = {tuple(tokens) for tokens in documents if len(tokens) < SIZE}
    search = _Search(wanted, short)
    for batch in _batches(train):
        search.read(batch)
    found = wanted[search.is_found]
    spans = [
        _whole(tokens, search.found_short)
        if len(tokens) < SIZE
        else covered_spans(np.flatnonzero(np.isin(windows, found)), SIZE, len(tokens))
        for tokens, windows in zip(documents, hashes, strict=True)
    ]
    return Coverage(tuple(map(len, documents)), tuple(spans))


def _whole(tokens: Sequence[int], copies: set[tuple[int, ...]]) -> tuple[tuple[int, int], ...]:
    return ((0, len(tokens)),) if tuple(tokens) in copies else ()


def _batches(train: Split) -> Iterator[list[NDArray[np.integer]]]:
    """Yield the tokens of all training documents in their order, some documents at a time."""
    batch: list[NDArray[np.integer]] = []
    num_tokens = 0
    for number in range(train.num_documents):
        batch.append(train.document(number)[0])
        num_tokens += len(batch[-1])
        if num_tokens >= TOKENS_AT_ONCE:
            yield batch
            batch, num_tokens = [], 0
    if batch:
        yield batch


class _Search:
    """Looks for windows, by their sorted hashes, and for short documents.

    is_found: for each hash, whether a training document has such a window. found_short: the short documents that equal
    a training document.
    """

    def __init__(self, wanted: NDArray[np.uint64], short: set[tuple[int, ...]]) -> None:
        self._wanted, self._short = wanted, short
        self.is_found = np.zeros(len(wanted), dtype=bool)
        self.found_short: set[tuple[int, ...]] = set()
        self._may_be_wanted = np.zeros(1 << FILTER_BITS, dtype=bool)
        self._may_be_wanted[_first_bits(wanted)] = True

    def read(self, documents: Sequence[NDArray[np.integer]]) -> None:
        """Look through some training documents."""
        self.found_short |= self._short & {tuple(tokens.tolist()) for tokens in documents if len(tokens) < SIZE}
        lengths = np.array([len(tokens) for tokens in documents])
        hashes = window_hashes(np.concatenate(documents), SIZE)
        num_to_end = np.repeat(np.cumsum(lengths), lengths)[: len(hashes)] - np.arange(len(hashes))
        hashes = hashes[self._may_be_wanted[_first_bits(hashes)] & (num_to_end >= SIZE)]
        places = np.searchsorted(self._wanted, hashes)
        is_hit = places < len(self._wanted)
        is_hit[is_hit] = self._wanted[places[is_hit]] == hashes[is_hit]
        self.is_found[places[is_hit]] = True


def _first_bits(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (hashes >> np.uint64(64 - FILTER_BITS)).astype(np.int64)
