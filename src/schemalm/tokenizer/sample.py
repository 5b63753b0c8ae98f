"""Samples a corpus: a tokenizer learns from all values if they fit into memory, else from a seeded sample.

In: a stream of values with their sources. Out: a `Sample`. Each value gets a random number, and as many values as fit
the bounds are kept, those with the smallest numbers. This is reservoir sampling: the sample is uniform, whatever the
order of the corpus. Values are stored pickled and restored on access: as Python objects they would take six times the
memory.
"""

from __future__ import annotations

import heapq
import pickle
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, overload

MAX_DOCUMENTS = 1 << 16
MAX_BYTES = 160 << 20


class Sample(Sequence[Any]):
    """Values in the order of the stream; `num_offered` counts all values of the stream."""

    def __init__(self, contents: list[bytes], sources: list[str | None], num_offered: int) -> None:
        self._contents, self._sources = contents, sources
        self.num_offered = num_offered

    def __len__(self) -> int:
        return len(self._contents)

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [pickle.loads(content) for content in self._contents[index]]
        return pickle.loads(self._contents[index])

    def by_source(self) -> Iterator[Iterator[Any]]:
        """Yields the values of each source, in their order; a value without a source is a source of its own."""
        for index, source in enumerate(self._sources):
            if source is None:
                yield iter([self[index]])
        named = ((source, index) for index, source in enumerate(self._sources) if source is not None)
        for _, group in groupby(sorted(named), key=lambda pair: pair[0]):
            yield (self[index] for _, index in group)


def draw_sample(
    documents: Iterable[tuple[Any, str | None]],
    seed: int = 0,
    max_documents: int = MAX_DOCUMENTS,
    max_bytes: int = MAX_BYTES,
) -> Sample:
    """Draws a sample from pairs of a value and its source, which is None if the value is a source of its own.

    max_documents, max_bytes: bounds of the sample; bytes are those of the pickled values.
    """
    reservoir = _Reservoir(seed, max_documents, max_bytes)
    for value, source in documents:
        reservoir.offer(value, source)
    kept = reservoir.kept.values()
    return Sample([content for content, _ in kept], [source for _, source in kept], reservoir.num_offered)


class _Reservoir:
    """The values that are kept so far, in the order of the stream."""

    def __init__(self, seed: int, max_documents: int, max_bytes: int) -> None:
        self.kept: dict[int, tuple[bytes, str | None]] = {}
        self.num_offered = 0
        self._draw = random.Random(seed).random
        self._threshold = 1.0  # only smaller numbers are kept
        self._max_documents, self._max_bytes = max_documents, max_bytes
        self._num_bytes = 0
        self._largest: list[tuple[float, int]] = []  # a heap of negated numbers with the index of their value

    def offer(self, value: Any, source: str | None) -> None:
        """Draws a number for a value and keeps the value unless the number is too large."""
        self.num_offered += 1
        number = self._draw()
        if number < self._threshold:
            self._add(number, pickle.dumps(value), source)

    def _add(self, number: float, content: bytes, source: str | None) -> None:
        """Keeps a value, and drops those with the largest numbers until the rest fits."""
        self.kept[self.num_offered] = content, source
        heapq.heappush(self._largest, (-number, self.num_offered))
        self._num_bytes += len(content)
        while len(self.kept) > self._max_documents or self._num_bytes > self._max_bytes:
            largest, number = heapq.heappop(self._largest)
            self._threshold = -largest
            self._num_bytes -= len(self.kept.pop(number)[0])
