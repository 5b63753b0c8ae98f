"""Compare the lengths of samples with those of held-out documents: lines, tokens, and sizes of frequent containers.

In go the documents; out come their lengths side by side. A container is a path whose objects have free keys, or whose
values are lists, in at least half of the held-out documents: in workflows, `jobs` and `jobs.*.steps`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from schemalm.documents import JSONValue
from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.samples.occurrences import Nodes
from schemalm.evaluation.samples.side_by_side import SideBySide
from schemalm.grammar.grammar import ANY_KEY
from schemalm.judging.interface import to_text
from schemalm.machine.stepper import extended_path

MIN_CONTAINER_SHARE = 0.5
MAX_CONTAINERS = 5


@dataclass(frozen=True)
class Length:
    """A length of samples, held-out and training documents: `name` is "lines", "tokens" or the path of containers."""

    name: str
    samples: Distribution
    held_out: Distribution
    train: Distribution

    @property
    def medians(self) -> SideBySide:
        """The medians."""
        return SideBySide(*(some.quantile(0.5) for some in (self.samples, self.held_out, self.train)))

    @property
    def means(self) -> SideBySide:
        """The means, which tell small counts better apart than medians."""
        return SideBySide(self.samples.mean, self.held_out.mean, self.train.mean)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.name,
            "samples": self.samples.to_dict(),
            "held_out": self.held_out.to_dict(),
            "train": self.train.to_dict(),
            "ratio_of_medians": self.medians.ratio,
            "ratio_of_means": self.means.ratio,
        }


def num_lines(value: JSONValue) -> int:
    """Return the number of lines of the value as YAML."""
    return to_text(value).count("\n")


def compare_containers(
    samples: Sequence[Nodes], held_out: Sequence[Nodes], train: Sequence[Nodes]
) -> tuple[Length, ...]:
    """Return the sizes of the containers of most held-out documents, at most `MAX_CONTAINERS` paths."""
    having = Counter(path for nodes in held_out for path in _growing(nodes))
    frequent = [path for path, count in having.items() if count >= MIN_CONTAINER_SHARE * len(held_out)]
    frequent = sorted(frequent, key=lambda path: (-having[path], path))[:MAX_CONTAINERS]
    return tuple(Length(path, *(_sizes(some, path) for some in (samples, held_out, train))) for path in frequent)


def _growing(nodes: Nodes) -> set[str]:
    """The paths of lists and of objects with free keys."""
    paths = {path for path, _ in nodes}
    return {
        path
        for path, value in nodes
        if isinstance(value, list) or (isinstance(value, dict) and extended_path(path, ANY_KEY) in paths)
    }


def _sizes(documents: Iterable[Nodes], at: str) -> Distribution:
    return Distribution.of(
        len(value) for nodes in documents for path, value in nodes if path == at and isinstance(value, list | dict)
    )
