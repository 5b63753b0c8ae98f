"""Means with confidence intervals over a few seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

# The 97.5 % quantile of Student's t distribution for 1 to 20 degrees of freedom; beyond, the last is slightly too wide.
_STUDENT_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)


@dataclass(frozen=True)
class Estimate:
    """A mean of `num_values` values and half of its 95 % interval by Student's t, which is None for a single value."""

    mean: float
    half_width: float | None
    num_values: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Estimate:
        """Return the estimate from one or more values."""
        number = len(values)
        if number == 1:
            return cls(values[0], None, 1)
        quantile = _STUDENT_T[min(number - 1, len(_STUDENT_T)) - 1]
        return cls(fmean(values), quantile * stdev(values) / math.sqrt(number), number)
