"""Compare written documents with held-out ones, and both with the training documents.

In go samples, held-out documents and the training split; out come `SampleStatistics`: every figure of samples beside
the same figure of held-out documents, which says what real documents have. Copies are searched for in the whole split;
the nearest document, known values and pairs in evenly spaced documents, at most `MAX_SEARCHED`. Equal arguments give
equal statistics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Split
from schemalm.documents import JSONValue
from schemalm.errors import ConfigurationError
from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.samples.copies import copied_stretches
from schemalm.evaluation.samples.diversity import Neighbour, Neighbours, copied, decode_documents, distinct_share
from schemalm.evaluation.samples.fields import Field, Presence, compare_fields, compare_presence
from schemalm.evaluation.samples.known_values import KnownValues, KnownValueSearch
from schemalm.evaluation.samples.lengths import Length, compare_containers, num_lines
from schemalm.evaluation.samples.occurrences import Nodes, random_parts
from schemalm.evaluation.samples.pairs import Pair, PairSearch
from schemalm.evaluation.samples.paths import Paths
from schemalm.evaluation.samples.references import References, compare_references
from schemalm.evaluation.samples.repetition import repeated_stretches
from schemalm.evaluation.samples.side_by_side import SideBySide, share
from schemalm.evaluation.samples.stretches import Coverage
from schemalm.tokenizer import Tokenizer

MAX_SEARCHED = 10_000
# Draws the random parts of the held-out documents, and random pairs of their values.
SEED = 0
COMPLETE = "complete"


@dataclass(frozen=True)
class Written:
    """A document: its value, its tokens, and how it ended.

    finish: "complete" if the model ended it, as real documents are; else what ended it, as in `Generated`.
    """

    value: JSONValue
    tokens: tuple[int, ...]
    finish: str = COMPLETE


@dataclass(frozen=True)
class Nearest:
    """The training document that is nearest to a sample: its index in the split, its similarity (0 to 1), its value."""

    index: int
    similarity: float
    value: JSONValue


@dataclass(frozen=True)
class CoverageBeside:
    """What stretches cover in samples and in held-out documents."""

    samples: Coverage
    held_out: Coverage

    @property
    def shares(self) -> SideBySide:
        """The shares of covered tokens."""
        return SideBySide(self.samples.share, self.held_out.share)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the shares, and the spans of each sample."""
        return {"shares": self.shares.to_dict(), "spans": self.samples.to_dict()["spans"]}


@dataclass(frozen=True)
class SampleStatistics:
    """All figures of samples beside held-out documents; shares are 0 to 1.

    num_searched: how many of the `num_train` training documents were searched for neighbours, known values and pairs.
    ends: how many samples ended in which way (`Written.finish`). novel: what equals no training document. nearest: of
    each sample; None if no training document shares anything with it. similarity: that of the nearest ones.
    """

    num_samples: int
    num_held_out: int
    num_train: int
    num_searched: int
    fields: tuple[Field, ...]
    presence: tuple[Presence, ...]
    references: tuple[References, ...]
    lengths: tuple[Length, ...]
    ends: dict[str, int]
    distinct: SideBySide
    novel: SideBySide
    copied: CoverageBeside
    repeated: CoverageBeside
    nearest: tuple[Nearest | None, ...]
    similarity: tuple[Distribution, Distribution]
    known_values: tuple[KnownValues, ...]
    pairs: tuple[Pair, ...]

    @property
    def total_variation(self) -> float | None:
        """The mean distance of all fields, each with the weight of the held-out documents that have it; or None."""
        return self._mean([field.total_variation for field in self.fields])

    @property
    def baseline(self) -> float | None:
        """The same mean between random parts of the held-out documents: what is due to chance."""
        return self._mean([field.baseline for field in self.fields])

    @property
    def complete_share(self) -> float | None:
        """The share of samples that the model ended itself."""
        return self.ends.get(COMPLETE, 0) / self.num_samples if self.num_samples else None

    def _mean(self, distances: Sequence[float]) -> float | None:
        weights = [field.num_documents for field in self.fields]
        return float(np.average(distances, weights=weights)) if weights else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can represent; of the nearest documents, without their values."""
        samples, held_out = self.similarity
        return {
            "num_samples": self.num_samples,
            "num_held_out": self.num_held_out,
            "num_train": self.num_train,
            "num_searched": self.num_searched,
            "total_variation": self.total_variation,
            "baseline": self.baseline,
            "fields": [field.to_dict() for field in self.fields],
            "presence": [presence.to_dict() for presence in self.presence],
            "references": [references.to_dict() for references in self.references],
            "lengths": [length.to_dict() for length in self.lengths],
            "ends": self.ends,
            "complete_share": self.complete_share,
            "distinct": self.distinct.to_dict(),
            "novel": self.novel.to_dict(),
            "copied": self.copied.to_dict(),
            "repeated": self.repeated.to_dict(),
            "nearest": [None if one is None else [one.index, one.similarity] for one in self.nearest],
            "similarity": {"samples": samples.to_dict(), "held_out": held_out.to_dict()},
            "known_values": [known.to_dict() for known in self.known_values],
            "pairs": [pair.to_dict() for pair in self.pairs],
        }


def sample_statistics(
    samples: Sequence[Written], held_out: Sequence[Written], train: Split, tokenizer: Tokenizer
) -> SampleStatistics:
    """Return the figures of samples beside those of held-out documents.

    tokenizer: that of the training documents, whose tokens the samples and held-out documents have. Raises
    `ConfigurationError` if there are no samples or fewer than two held-out documents, `DataError` if the split is
    damaged, and `DecodeError` if another tokenizer made it.
    """
    if not samples or len(held_out) < 2:
        found = f"{len(samples)} and {len(held_out)}"
        raise ConfigurationError(f"expected at least 1 sample and 2 held-out documents to compare, found {found}")
    return _Comparison(samples, held_out, train, tokenizer).statistics()


class _Comparison:
    """The documents of one comparison, with their nodes."""

    def __init__(
        self, samples: Sequence[Written], held_out: Sequence[Written], train: Split, tokenizer: Tokenizer
    ) -> None:
        self._samples, self._held_out, self._train, self._tokenizer = samples, held_out, train, tokenizer
        self._paths = Paths.of(tokenizer)
        self._sample_nodes = [self._paths.nodes(document.value) for document in samples]
        self._held_out_nodes = [self._paths.nodes(document.value) for document in held_out]
        self._searched: list[int] = evenly_spaced(train.num_documents, MAX_SEARCHED).tolist()

    def statistics(self) -> SampleStatistics:
        parts = random_parts(len(self._held_out), len(self._samples), SEED)
        neighbours, known, pairs = self._search()
        nearest = [neighbours.nearest(nodes) for nodes in self._sample_nodes]
        in_held_out = [neighbours.nearest(nodes) for nodes in self._held_out_nodes]
        return SampleStatistics(
            num_samples=len(self._samples),
            num_held_out=len(self._held_out),
            num_train=self._train.num_documents,
            num_searched=len(self._searched),
            fields=compare_fields(self._sample_nodes, self._held_out_nodes, parts),
            presence=compare_presence(self._sample_nodes, self._held_out_nodes, parts),
            references=compare_references(self._tokenizer.grammar, self._values[0], self._values[1]),
            lengths=self._lengths(),
            ends=dict(Counter(document.finish for document in self._samples).most_common()),
            distinct=SideBySide(*map(distinct_share, self._values)),
            novel=self._novel(),
            copied=self._copied(),
            repeated=CoverageBeside(*map(repeated_stretches, self._tokens)),
            nearest=tuple(map(self._nearest, nearest)),
            similarity=(_similarities(nearest), _similarities(in_held_out)),
            known_values=known.result(),
            pairs=pairs.result(),
        )

    @property
    def _values(self) -> tuple[list[JSONValue], list[JSONValue]]:
        return [one.value for one in self._samples], [one.value for one in self._held_out]

    @property
    def _tokens(self) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        return [one.tokens for one in self._samples], [one.tokens for one in self._held_out]

    def _search(self) -> tuple[Neighbours, KnownValueSearch, PairSearch]:
        """Read the training documents once, for all that needs their values."""
        neighbours = Neighbours()
        known = KnownValueSearch(self._sample_nodes, self._held_out_nodes, self._tokenizer)
        pairs = PairSearch(self._sample_nodes, self._held_out_nodes, self._paths, SEED)
        for value in decode_documents(self._tokenizer, self._train, self._searched):
            nodes: Nodes = self._paths.nodes(value)
            neighbours.add(nodes)
            known.add(nodes)
            pairs.add(nodes)
        return neighbours, known, pairs

    def _nearest(self, found: Neighbour | None) -> Nearest | None:
        if found is None:
            return None
        index = self._searched[found.number]
        (value,) = decode_documents(self._tokenizer, self._train, [index])
        return Nearest(index, found.similarity, value)

    def _lengths(self) -> tuple[Length, ...]:
        lines, tokens = (
            Length(name, *(Distribution.of(map(measure, documents)) for documents in (self._samples, self._held_out)))
            for name, measure in (
                ("lines", lambda document: num_lines(document.value)),
                ("tokens", lambda document: len(document.tokens)),
            )
        )
        return lines, tokens, *compare_containers(self._sample_nodes, self._held_out_nodes)

    def _novel(self) -> SideBySide:
        copies = copied([*self._values[0], *self._values[1]], self._tokenizer, self._train)
        is_novel = [not is_copy for is_copy in copies]
        return SideBySide(share(is_novel[: len(self._samples)]), share(is_novel[len(self._samples) :]))

    def _copied(self) -> CoverageBeside:
        found = copied_stretches([*self._tokens[0], *self._tokens[1]], self._train)
        num_samples = len(self._samples)
        return CoverageBeside(
            Coverage(found.num_tokens[:num_samples], found.spans[:num_samples]),
            Coverage(found.num_tokens[num_samples:], found.spans[num_samples:]),
        )


def _similarities(found: Sequence[Neighbour | None]) -> Distribution:
    return Distribution.of(0.0 if one is None else one.similarity for one in found)
