"""Compare what samples write in the fields of a format with what held-out documents have there.

In go samples, held-out documents and as many training documents as samples, as nodes; out come the fields, found
automatically, with the distance between distributions. A field is a path whose scalars occur in enough held-out
documents (`min_documents`), differ, and have few frequent values: the `NUM_LISTED` most frequent ones are at least
`MIN_LISTED_SHARE` of them. Distributions are per occurrence. In distances, all values but those most frequent ones of
the held-out documents count as one value, "other".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemalm.evaluation.samples.occurrences import Nodes, Occurrences, min_documents, occurrences
from schemalm.evaluation.samples.side_by_side import SideBySide

NUM_LISTED = 10
MIN_LISTED_SHARE = 0.5
MAX_FIELDS = 40


@dataclass(frozen=True)
class FieldValue:
    """A value of a field as JSON, and its share of all values there."""

    value: str
    shares: SideBySide


@dataclass(frozen=True)
class Distance:
    """How far the values of some documents are from those of others, the real ones; each 0 to 1, or the mean of some.

    total_variation: half the sum of the differences of shares; 1 if there are no values. mode_matches: 1 if the most
    frequent real value is the most frequent one, else 0. coverage: the share of the real values that occur.
    """

    total_variation: float
    mode_matches: float
    coverage: float

    @classmethod
    def mean(cls, distances: Sequence[Distance], weights: Sequence[float] | None = None) -> Distance:
        """Return the mean of distances; there is at least one."""
        figures = [(one.total_variation, one.mode_matches, one.coverage) for one in distances]
        return cls(*np.average(figures, axis=0, weights=weights).tolist())


@dataclass(frozen=True)
class Field:
    """The values at one path: how far those of samples are from the held-out ones.

    num_samples, num_held_out: how many values there are; num_documents: how many held-out documents have one. samples:
    the distance of the samples. chance: that of random parts of the held-out documents from the rest, the mean, which
    is due to chance. train: that of as many training documents, which samples cannot be expected to beat.
    """

    path: str
    num_samples: int
    num_held_out: int
    num_documents: int
    samples: Distance
    chance: Distance
    train: Distance
    values: tuple[FieldValue, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def compare_fields(
    samples: Sequence[Nodes], held_out: Sequence[Nodes], train: Sequence[Nodes], parts: NDArray[np.bool_]
) -> tuple[Field, ...]:
    """Return the fields, those of most held-out documents first; parts: as `random_parts` returns them."""
    written, real, known = map(occurrences, (samples, held_out, train))
    paths = [path for path, found in real.items() if _is_field(found, min_documents(len(held_out)))]
    paths.sort(key=lambda path: (-real[path].num_documents, path))
    none = Occurrences()
    return tuple(
        _compare(path, written.get(path, none), real[path], known.get(path, none), parts) for path in paths[:MAX_FIELDS]
    )


def _is_field(found: Occurrences, min_documents: float) -> bool:
    frequent = Counter(found.values).most_common(NUM_LISTED)
    num_listed = sum(count for _, count in frequent)
    is_telling = len(frequent) > 1 and num_listed >= MIN_LISTED_SHARE * len(found.values)
    return is_telling and found.num_documents >= min_documents


def _compare(path: str, written: Occurrences, real: Occurrences, known: Occurrences, parts: NDArray[np.bool_]) -> Field:
    # Codes of values: the most frequent real value is 0.
    counts = sorted(Counter(real.values).items(), key=lambda entry: (-entry[1], entry[0]))
    codes = {value: code for code, (value, _) in enumerate(counts)}
    codes_of = [[codes.setdefault(value, len(codes)) for value in found.values] for found in (real, written, known)]
    theirs, ours, train = (_counts(some, len(codes)) for some in codes_of)
    real_codes = np.array(codes_of[0])
    chance = [
        _distance(_counts(real_codes[is_in], len(codes)), _counts(real_codes[~is_in], len(codes)))
        for is_in in parts[:, real.documents]
    ]
    shares = zip(*(_shares(some)[:NUM_LISTED].tolist() for some in (ours, theirs, train)), strict=True)
    return Field(
        path=path,
        num_samples=len(written.values),
        num_held_out=len(real.values),
        num_documents=real.num_documents,
        samples=_distance(ours, theirs),
        chance=Distance.mean(chance),
        train=_distance(train, theirs),
        values=tuple(FieldValue(value, SideBySide(*found)) for (value, _), found in zip(counts, shares, strict=False)),
    )


def _counts(codes: Sequence[int] | NDArray[np.int64], num_codes: int) -> NDArray[np.int64]:
    return np.bincount(np.asarray(codes, dtype=np.int64), minlength=num_codes)


def _distance(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> Distance:
    if not (ours.any() and theirs.any()):
        return Distance(1.0, 0.0, 0.0)
    shares = _shares(theirs)
    difference = _shares(ours) - shares
    return Distance(
        total_variation=float(np.abs(difference[:NUM_LISTED]).sum() + abs(difference[NUM_LISTED:].sum())) / 2,
        mode_matches=float(ours[theirs.argmax()] == ours.max()),
        coverage=float(shares[ours > 0].sum()),
    )


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / max(counts.sum(), 1)
    return shares
