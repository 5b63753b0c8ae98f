"""What a tokenizer learns from: values with their sources, a seeded sample of them where there are too many.

Each value draws a number, and those with the smallest numbers are kept, as many as the bounds have room for: a fair
sample, whatever the order of the corpus, and all of it where it fits. Values are kept as bytes, and made again when
they are asked for: as Python objects they would take six times the memory.
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
    """Values in the order in which they came; `num_given` counts those that were not kept as well."""

    def __init__(self, contents: list[bytes], sources: list[str | None], num_given: int) -> None:
        self._contents, self._sources = contents, sources
        self.num_given = num_given

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
        """Yield the values of each source, in their order; a value without one is a source of its own."""
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
    """The sample of values with their sources, None for one of its own; the bounds are of what is kept, as bytes."""
    drawing = _Drawing(seed, max_documents, max_bytes)
    for value, source in documents:
        drawing.offer(value, source)
    kept = drawing.kept.values()
    return Sample([content for content, _ in kept], [source for _, source in kept], drawing.num_offered)


class _Drawing:
    """What is kept so far, in the order in which it came."""

    def __init__(self, seed: int, max_documents: int, max_bytes: int) -> None:
        self.kept: dict[int, tuple[bytes, str | None]] = {}
        self.num_offered = 0
        self._draw = random.Random(seed).random
        self._limit = 1.0  # numbers from here on are too large
        self._max_documents, self._max_bytes = max_documents, max_bytes
        self._num_bytes = 0
        self._largest: list[tuple[float, int]] = []  # a heap of the numbers, negative, with what drew them

    def offer(self, value: Any, source: str | None) -> None:
        """Keep a value unless its number is too large."""
        self.num_offered += 1
        number = self._draw()
        if number < self._limit:
            self._add(number, pickle.dumps(value), source)

    def _add(self, number: float, content: bytes, source: str | None) -> None:
        """Keep a value, and let go of those with the largest numbers until the rest fits."""
        self.kept[self.num_offered] = content, source
        heapq.heappush(self._largest, (-number, self.num_offered))
        self._num_bytes += len(content)
        while len(self.kept) > self._max_documents or self._num_bytes > self._max_bytes:
            largest, number = heapq.heappop(self._largest)
            self._limit = -largest
            self._num_bytes -= len(self.kept.pop(number)[0])
