"""A sample of numbers and its statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Distribution:
    """Numbers in the order in which they were measured."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Distribution:
        """Return the distribution of `values`."""
        return cls(tuple(float(value) for value in values))

    @property
    def mean(self) -> float | None:
        """The arithmetic mean; None if there are no numbers."""
        return float(np.mean(self.values)) if self.values else None

    def quantile(self, share: float) -> float | None:
        """Return the quantile at `share` (0 to 1), interpolated linearly; None if there are no numbers."""
        return float(np.quantile(self.values, share)) if self.values else None

    def to_dict(self) -> dict[str, Any]:
        """Return the count, mean, minimum, maximum and quantiles as plain values."""
        return {
            "count": len(self.values),
            "mean": self.mean,
            "min": self.quantile(0),
            "max": self.quantile(1),
            "quantiles": {str(share): self.quantile(share) for share in QUANTILES},
        }
