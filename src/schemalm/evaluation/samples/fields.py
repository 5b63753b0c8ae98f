"""Compare what samples write in the fields of a format with what held-out documents have there.

In go samples and held-out documents as nodes; out come the fields, found automatically, with the distance between both
distributions. A field is a path whose scalars occur in at least `MIN_SHARE` of the held-out documents, differ, and have
few frequent values: the `NUM_LISTED` most frequent ones are at least `MIN_LISTED_SHARE` of them. Distributions are per
occurrence. All values but those most frequent ones of the held-out documents count as one value, "other".
"""

from __future__ import annotations

from collections import Counter, defaultdict
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
MAX_PATHS = 60


@dataclass(frozen=True)
class FieldValue:
    """A value of a field as JSON, and its share of all occurrences in samples and held-out documents."""

    value: str
    shares: SideBySide


@dataclass(frozen=True)
class Field:
    """The values at one path of samples beside those of held-out documents; shares and distances are 0 to 1.

    num_samples, num_held_out: how many values there are; num_documents: how many held-out documents have one.
    total_variation: half the sum of the differences of shares; 1 if the samples have no value. coverage: the share of
    the held-out values that occur in the samples. mode_matches: whether the most frequent held-out value is the most
    frequent one of the samples as well. baseline, mode_baseline, coverage_baseline: what these are between random parts
    of the held-out documents, the mean.
    """

    path: str
    num_samples: int
    num_held_out: int
    num_documents: int
    total_variation: float
    baseline: float
    mode_matches: bool
    mode_baseline: float
    coverage: float
    coverage_baseline: float
    values: tuple[FieldValue, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Presence:
    """The shares of samples and held-out documents that have a path.

    baseline: the difference between random parts of the held-out documents, the mean.
    """

    path: str
    shares: SideBySide
    baseline: float

    @property
    def difference(self) -> float:
        """The absolute difference of both shares."""
        return abs((self.shares.samples or 0.0) - (self.shares.held_out or 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"difference": self.difference}


def compare_fields(samples: Sequence[Nodes], held_out: Sequence[Nodes], parts: NDArray[np.bool_]) -> tuple[Field, ...]:
    """Return the fields, those of most held-out documents first; parts: as `random_parts` returns them."""
    written, real = occurrences(samples), occurrences(held_out)
    paths = [path for path, found in real.items() if _is_field(found, min_documents(len(held_out)))]
    paths.sort(key=lambda path: (-real[path].num_documents, path))
    return tuple(_compare(path, written.get(path, Occurrences()), real[path], parts) for path in paths[:MAX_FIELDS])


def _is_field(found: Occurrences, min_documents: float) -> bool:
    frequent = Counter(found.values).most_common(NUM_LISTED)
    num_listed = sum(count for _, count in frequent)
    is_telling = len(frequent) > 1 and num_listed >= MIN_LISTED_SHARE * len(found.values)
    return is_telling and found.num_documents >= min_documents


def _compare(path: str, written: Occurrences, real: Occurrences, parts: NDArray[np.bool_]) -> Field:
    counts = sorted(Counter(real.values).items(), key=lambda entry: (-entry[1], entry[0]))
    codes = {value: code for code, (value, _) in enumerate(counts)}
    real_codes = np.array([codes[value] for value in real.values])
    written_codes = np.array([codes.setdefault(value, len(codes)) for value in written.values], dtype=np.int64)
    ours, theirs = _counts(written_codes, len(codes)), _counts(real_codes, len(codes))
    chosen = parts[:, real.documents]
    pairs = [(_counts(real_codes[is_in], len(codes)), _counts(real_codes[~is_in], len(codes))) for is_in in chosen]
    listed = [value for value, _ in counts[:NUM_LISTED]]
    shares = zip(listed, _shares(ours), _shares(theirs), strict=False)
    return Field(
        path=path,
        num_samples=len(written.values),
        num_held_out=len(real.values),
        num_documents=real.num_documents,
        total_variation=_total_variation(ours, theirs),
        baseline=_mean([_total_variation(part, rest) for part, rest in pairs]),
        mode_matches=_mode_matches(ours, theirs),
        mode_baseline=_mean([_mode_matches(part, rest) for part, rest in pairs]),
        coverage=_coverage(ours, theirs),
        coverage_baseline=_mean([_coverage(part, rest) for part, rest in pairs]),
        values=tuple(FieldValue(value, SideBySide(float(here), float(there))) for value, here, there in shares),
    )


def _counts(codes: NDArray[np.int64], num_codes: int) -> NDArray[np.int64]:
    return np.bincount(codes, minlength=num_codes)


def _shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / max(counts.sum(), 1)
    return shares


def _total_variation(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> float:
    if not (ours.any() and theirs.any()):
        return 1.0
    difference = _shares(ours) - _shares(theirs)
    return float(np.abs(difference[:NUM_LISTED]).sum() + abs(difference[NUM_LISTED:].sum())) / 2


def _mode_matches(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> bool:
    return bool(ours.any() and ours[theirs.argmax()] == ours.max())


def _coverage(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> float:
    return float(_shares(theirs)[ours > 0].sum())


def _mean(numbers: Sequence[float]) -> float:
    return float(np.mean(numbers))


def compare_presence(
    samples: Sequence[Nodes], held_out: Sequence[Nodes], parts: NDArray[np.bool_]
) -> tuple[Presence, ...]:
    """Return the paths that enough samples or held-out documents have, those of most documents first."""
    ours, theirs = _documents_by_path(samples), _documents_by_path(held_out)
    paths = _frequent(ours, len(samples)) | _frequent(theirs, len(held_out))
    compared = [
        _presence(path, ours.get(path, []), len(samples), theirs.get(path, []), parts) for path in sorted(paths)
    ]
    compared.sort(key=lambda one: -max(one.shares.samples or 0.0, one.shares.held_out or 0.0))
    return tuple(compared[:MAX_PATHS])


def _presence(path: str, ours: list[int], num_samples: int, theirs: list[int], parts: NDArray[np.bool_]) -> Presence:
    has = np.zeros(parts.shape[1], dtype=bool)
    has[theirs] = True
    differences = [abs(has[part].mean() - has[~part].mean()) for part in parts]
    return Presence(path, SideBySide(len(ours) / max(num_samples, 1), len(theirs) / len(has)), _mean(differences))


def _frequent(documents: dict[str, list[int]], num_documents: int) -> set[str]:
    return {path for path, having in documents.items() if len(having) >= min_documents(num_documents)}


def _documents_by_path(documents: Sequence[Nodes]) -> dict[str, list[int]]:
    """The documents that have a path, by index; all paths that end in a key that the schema names."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, nodes in enumerate(documents):
        for path in _paths(nodes):
            found[path].append(number)
    return found


def _paths(nodes: Nodes) -> set[str]:
    """The paths of a document that end in a key that the schema names."""
    return {path for path, _ in nodes if path and not path.endswith(("]", "*", ")"))}
