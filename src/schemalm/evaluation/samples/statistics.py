"""Compare written documents with held-out ones, and both with the training documents.

In go samples, held-out documents and the training split; out come `SampleStatistics`: every figure of samples beside
the same figure of held-out documents, which says what real documents have, and where it tells something of as many
training documents. Copies are searched for in the whole split;
the nearest document, known values and pairs in evenly spaced documents, at most `MAX_SEARCHED`. Equal arguments give
equal statistics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Split
from schemalm.documents import JSONValue
from schemalm.errors import ConfigurationError
from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.samples.copies import copied_stretches
from schemalm.evaluation.samples.diversity import Neighbour, Neighbours, copied, decode_documents, distinct_share
from schemalm.evaluation.samples.fields import Distance, Field, compare_fields
from schemalm.evaluation.samples.known_values import KnownValues, KnownValueSearch
from schemalm.evaluation.samples.lengths import Length, compare_containers, num_lines
from schemalm.evaluation.samples.occurrences import random_parts
from schemalm.evaluation.samples.pairs import Pair, PairSearch
from schemalm.evaluation.samples.paths import Paths
from schemalm.evaluation.samples.presence import Presence, compare_presence
from schemalm.evaluation.samples.references import References, compare_references
from schemalm.evaluation.samples.repetition import repeated_stretches
from schemalm.evaluation.samples.side_by_side import SideBySide
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
    """What stretches cover in samples and in held-out documents, and in training documents if that tells something."""

    samples: Coverage
    held_out: Coverage
    train: Coverage | None = None

    @property
    def shares(self) -> SideBySide:
        """The shares of covered tokens."""
        return SideBySide(self.samples.share, self.held_out.share, None if self.train is None else self.train.share)

    @property
    def mean_shares(self) -> SideBySide:
        """The mean shares of covered tokens of a document."""
        train = None if self.train is None else self.train.mean_share
        return SideBySide(self.samples.mean_share, self.held_out.mean_share, train)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: the shares, and the spans of each sample."""
        spans = self.samples.to_dict()["spans"]
        return {"shares": self.shares.to_dict(), "mean_shares": self.mean_shares.to_dict(), "spans": spans}


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
    def distance(self) -> Distance | None:
        """The mean distance of samples over all fields, weighted by the held-out documents that have each; or None."""
        return self._mean([field.samples for field in self.fields])

    @property
    def chance(self) -> Distance | None:
        """The same mean between random parts of the held-out documents: what is due to chance."""
        return self._mean([field.chance for field in self.fields])

    @property
    def train_distance(self) -> Distance | None:
        """The same mean for as many training documents, which samples cannot be expected to beat."""
        return self._mean([field.train for field in self.fields])

    @property
    def complete_share(self) -> float | None:
        """The share of samples that the model ended itself."""
        return self.ends.get(COMPLETE, 0) / self.num_samples if self.num_samples else None

    def _mean(self, distances: Sequence[Distance]) -> Distance | None:
        return Distance.mean(distances, [field.num_documents for field in self.fields]) if distances else None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can represent; of the nearest documents, without their values."""
        samples, held_out = self.similarity
        return {
            "num_samples": self.num_samples,
            "num_held_out": self.num_held_out,
            "num_train": self.num_train,
            "num_searched": self.num_searched,
            "distance": _plain(self.distance),
            "chance": _plain(self.chance),
            "train_distance": _plain(self.train_distance),
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
    `ConfigurationError` if there are no samples or no held-out documents, `DataError` if the split is damaged, and
    `DecodeError` if another tokenizer made it.
    """
    if not (samples and held_out):
        found = f"{len(samples)} and {len(held_out)}"
        raise ConfigurationError(f"expected at least 1 sample and 1 held-out document to compare, found {found}")
    return _Comparison(samples, held_out, train, tokenizer).statistics()


class _Comparison:
    """The documents of one comparison: samples, held-out documents and as many training documents as samples."""

    def __init__(
        self, samples: Sequence[Written], held_out: Sequence[Written], train: Split, tokenizer: Tokenizer
    ) -> None:
        self._train, self._tokenizer = train, tokenizer
        self._paths = Paths.of(tokenizer)
        self._searched: list[int] = evenly_spaced(train.num_documents, MAX_SEARCHED).tolist()
        self._samples, self._held_out = samples, held_out
        self._documents = (samples, held_out, self._some_of_train(len(samples)))
        self._nodes = [[self._paths.nodes(one.value) for one in documents] for documents in self._documents]

    def _some_of_train(self, num_documents: int) -> list[Written]:
        chosen = evenly_spaced(self._train.num_documents, num_documents).tolist()
        tokens = [tuple(self._train.document(number)[0].tolist()) for number in chosen]
        return [Written(self._tokenizer.decode(ids), ids) for ids in tokens]

    def statistics(self) -> SampleStatistics:
        """Return all figures."""
        samples, held_out, train = self._nodes
        values = [[one.value for one in documents] for documents in self._documents]
        parts = random_parts(len(held_out), len(samples), SEED)
        neighbours, known, pairs = self._search()
        nearest, in_held_out = ([neighbours.nearest(nodes) for nodes in some] for some in (samples, held_out))
        return SampleStatistics(
            num_samples=len(samples),
            num_held_out=len(held_out),
            num_train=self._train.num_documents,
            num_searched=len(self._searched),
            fields=compare_fields(samples, held_out, train, parts),
            presence=compare_presence(samples, held_out, train, parts),
            references=compare_references(self._tokenizer.grammar, *values),
            lengths=self._lengths(),
            ends=dict(Counter(document.finish for document in self._samples).most_common()),
            distinct=SideBySide(*map(distinct_share, values)),
            novel=self._novel(),
            copied=self._copied(),
            repeated=CoverageBeside(*(repeated_stretches([one.tokens for one in some]) for some in self._documents)),
            nearest=tuple(map(self._nearest, nearest)),
            similarity=(_similarities(nearest), _similarities(in_held_out)),
            known_values=known.result(),
            pairs=pairs.result(),
        )

    def _search(self) -> tuple[Neighbours, KnownValueSearch, PairSearch]:
        """Read the training documents once, for all that needs their values."""
        samples, held_out, _ = self._nodes
        neighbours = Neighbours()
        known = KnownValueSearch(samples, held_out, self._tokenizer)
        pairs = PairSearch(samples, held_out, self._paths, SEED)
        for value in decode_documents(self._tokenizer, self._train, self._searched):
            nodes = self._paths.nodes(value)
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
        lines = (Distribution.of(num_lines(one.value) for one in some) for some in self._documents)
        tokens = (Distribution.of(len(one.tokens) for one in some) for some in self._documents)
        return Length("lines", *lines), Length("tokens", *tokens), *compare_containers(*self._nodes)

    def _novel(self) -> SideBySide:
        copies = copied([one.value for one in (*self._samples, *self._held_out)], self._tokenizer, self._train)
        is_novel = [not is_copy for is_copy in copies]
        return SideBySide.shares(is_novel[: len(self._samples)], is_novel[len(self._samples) :])

    def _copied(self) -> CoverageBeside:
        found = copied_stretches([one.tokens for one in (*self._samples, *self._held_out)], self._train)
        num_samples = len(self._samples)
        return CoverageBeside(
            Coverage(found.num_tokens[:num_samples], found.spans[:num_samples]),
            Coverage(found.num_tokens[num_samples:], found.spans[num_samples:]),
        )


def _plain(distance: Distance | None) -> dict[str, Any] | None:
    return None if distance is None else asdict(distance)


def _similarities(found: Sequence[Neighbour | None]) -> Distribution:
    return Distribution.of(0.0 if one is None else one.similarity for one in found)
