"""How far the fields of written documents are from those of real held-out ones.

In go the values of documents; out comes a distance, the mean total variation over the fields that are found in the
held-out documents (`evaluation/samples/fields.py`). The paths are those of the experiment's typed tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from schemalm.documents import JSONValue, read_corpus
from schemalm.evaluation.samples.fields import Distance, compare_fields
from schemalm.evaluation.samples.occurrences import Nodes, random_parts
from schemalm.evaluation.samples.paths import Paths
from schemalm.experiments.corpus import VALIDATION_FILE
from schemalm.tokenizer import Tokenizer

SEED = 0


@dataclass(frozen=True)
class FieldYardstick:
    """Held-out documents, as nodes."""

    paths: Paths
    held_out: Sequence[Nodes]

    @classmethod
    def of(cls, out: Path) -> FieldYardstick | None:
        """Return the yardstick of the experiment in the folder `out`; None without held-out or typed documents."""
        tokenizer = next(iter(sorted(out.glob("tokenizers/typed-*.json"))), None)
        corpus = next(iter(sorted(out.glob(f"corpus/*/{VALIDATION_FILE}"))), None)
        if tokenizer is None or corpus is None:
            return None
        paths = Paths.of(Tokenizer.load(tokenizer))
        return cls(paths, [paths.nodes(row.value) for row in read_corpus([corpus])])

    def distance(self, values: Sequence[JSONValue]) -> float | None:
        """Return the distance of some documents, 0 to 1; None if there are no fields to compare."""
        nodes = [self.paths.nodes(value) for value in values]
        return self._mean(nodes, "samples")

    def chance(self, num_documents: int) -> float | None:
        """Return the distance between random parts of so many held-out documents and the others."""
        return self._mean(self.held_out[:num_documents], "chance")

    def _mean(self, nodes: Sequence[Nodes], name: str) -> float | None:
        parts = random_parts(len(self.held_out), len(nodes), SEED)
        fields = compare_fields(nodes, self.held_out, [], parts)
        distances = [getattr(field, name) for field in fields]
        weights = [field.num_documents for field in fields]
        return Distance.mean(distances, weights).total_variation if fields else None
