"""A sample of numbers and what to say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Distribution:
    """Numbers in the order they were measured."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Distribution:
        """The distribution of any numbers."""
        return cls(tuple(float(value) for value in values))

    @property
    def mean(self) -> float | None:
        """The arithmetic mean; None of nothing."""
        return float(np.mean(self.values)) if self.values else None

    def quantile(self, share: float) -> float | None:
        """The value that `share` of the numbers (0 to 1) do not exceed, interpolated linearly; None of nothing."""
        return float(np.quantile(self.values, share)) if self.values else None

    def to_dict(self) -> dict[str, Any]:
        """Count, mean, extremes and quantiles by their share."""
        return {
            "count": len(self.values),
            "mean": self.mean,
            "min": self.quantile(0),
            "max": self.quantile(1),
            "quantiles": {str(share): self.quantile(share) for share in QUANTILES},
        }
