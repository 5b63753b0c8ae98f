"""Tell whether two texts of one object fit each other: the name of a step and the action that it uses, for example.

In go samples, held-out and training documents as nodes; out come pairs of keys that depend on each other, found
automatically, with the share of their values that occur together in training documents, among those that both occur
there at all. Two keys depend on each other if the held-out values occur together more often, by `MIN_GAIN`, than the
same values paired at random. That is what mutual information measures, without its bias for rare values.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, TypeAlias

from schemalm.evaluation.samples.occurrences import Nodes, min_documents
from schemalm.evaluation.samples.paths import Paths
from schemalm.evaluation.samples.side_by_side import SideBySide, share
from schemalm.evaluation.samples.sightings import Sightings

MIN_GAIN = 0.1
# Fewer pairs of known values say nothing.
MIN_PAIRS = 20
MAX_CANDIDATES = 30
MAX_PAIRS = 5

# The path of an object and two of its keys, in alphabetical order.
KeyPair: TypeAlias = "tuple[str, str, str]"
Texts: TypeAlias = "tuple[str, str]"


@dataclass(frozen=True)
class Pair:
    """Two keys of one object: the shares of their values that occur together in training documents, 0 to 1.

    Only values that both occur in training documents count: num_samples, num_held_out. at_random: the share for the
    held-out values, paired at random.
    """

    path: str
    keys: Texts
    num_samples: int
    num_held_out: int
    fitting: SideBySide
    at_random: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


class PairSearch:
    """Finds pairs of texts in training documents, which are added one by one."""

    def __init__(self, samples: Sequence[Nodes], held_out: Sequence[Nodes], paths: Paths, seed: int) -> None:
        keys = _candidates(held_out, paths)
        self._at: dict[str, list[KeyPair]] = {}
        for pair in keys:
            self._at.setdefault(pair[0], []).append(pair)
        self._samples, self._held_out = self._texts(samples), self._texts(held_out)
        self._at_random = {pair: _shuffled(texts, seed) for pair, texts in self._held_out.items()}
        everything = [
            (pair, texts)
            for found in (self._samples, self._held_out, self._at_random)
            for pair, some in found.items()
            for texts in some
        ]
        self._together = Sightings(everything)
        self._alone = Sightings((pair, side, texts[side]) for pair, texts in everything for side in (0, 1))

    def add(self, document: Nodes) -> None:
        """Look through a training document."""
        found = list(self._pairs(document))
        self._together.add(found)
        self._alone.add((pair, side, texts[side]) for pair, texts in found for side in (0, 1))

    def result(self) -> tuple[Pair, ...]:
        """Return the pairs of keys that depend on each other, the most frequent ones."""
        compared = [self._compare(pair) for pair in self._held_out]
        telling = [one for one in compared if one.num_held_out >= MIN_PAIRS and _gain(one) >= MIN_GAIN]
        telling.sort(key=lambda one: (-one.num_held_out, one.path, one.keys))
        return tuple(telling[:MAX_PAIRS])

    def _compare(self, pair: KeyPair) -> Pair:
        flags = [self._fitting(pair, found.get(pair, [])) for found in (self._samples, self._held_out, self._at_random)]
        fitting, at_random = SideBySide.shares(flags[0], flags[1]), share(flags[2]) or 0.0
        return Pair(pair[0], pair[1:], len(flags[0]), len(flags[1]), fitting, at_random)

    def _fitting(self, pair: KeyPair, found: Iterable[Texts]) -> list[bool]:
        """Whether texts occur together, for those that both occur."""
        known = (texts for texts in found if all((pair, side, texts[side]) in self._alone for side in (0, 1)))
        return [(pair, texts) in self._together for texts in known]

    def _texts(self, documents: Iterable[Nodes]) -> dict[KeyPair, list[Texts]]:
        found: dict[KeyPair, list[Texts]] = {}
        for nodes in documents:
            for pair, texts in self._pairs(nodes):
                found.setdefault(pair, []).append(texts)
        return found

    def _pairs(self, nodes: Nodes) -> Iterator[tuple[KeyPair, Texts]]:
        for path, value in nodes:
            if isinstance(value, dict):
                for pair in self._at.get(path, ()):
                    first, second = value.get(pair[1]), value.get(pair[2])
                    if isinstance(first, str) and isinstance(second, str):
                        yield pair, (first, second)


def _gain(pair: Pair) -> float:
    return (pair.fitting.held_out or 0.0) - pair.at_random


def _candidates(documents: Sequence[Nodes], paths: Paths) -> list[KeyPair]:
    """The most frequent pairs of keys that the schema names, with texts, in one object."""
    counts: Counter[KeyPair] = Counter()
    num_documents: Counter[KeyPair] = Counter()
    for nodes in documents:
        found = [pair for path, value in nodes if isinstance(value, dict) for pair in _key_pairs(path, value, paths)]
        counts.update(found)
        num_documents.update(set(found))
    enough = min_documents(len(documents))
    frequent = [pair for pair in counts if num_documents[pair] >= enough]
    return sorted(frequent, key=lambda pair: (-counts[pair], pair))[:MAX_CANDIDATES]


def _key_pairs(path: str, value: dict[str, Any], paths: Paths) -> Iterator[KeyPair]:
    texts = [key for key, inner in value.items() if isinstance(inner, str)]
    named = sorted(key for key in texts if not paths.is_free(path, key))
    yield from ((path, first, second) for first, second in combinations(named, 2))


def _shuffled(texts: Sequence[Texts], seed: int) -> list[Texts]:
    """The same first and second texts, paired at random."""
    seconds = [second for _, second in texts]
    random.Random(seed).shuffle(seconds)
    return [(first, second) for (first, _), second in zip(texts, seconds, strict=True)]
