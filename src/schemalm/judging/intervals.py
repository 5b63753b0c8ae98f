"""Intervals of shares, and of one share relative to another."""

from __future__ import annotations

import math

# The normal distribution has 95 % of its mass within so many standard deviations.
_DEVIATIONS = 1.959963984540054
_TINY = 1e-12


def share_interval(successes: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of Wilson for a share, within 0 and 1; it is (0, 1) if nothing was counted.

    Raises ValueError unless `successes` is between 0 and `total`.
    """
    if not 0 <= successes <= total:
        raise ValueError(f"expected between 0 and {total} successes, found {successes}")
    if total == 0:
        return 0.0, 1.0
    share, squared = successes / total, _DEVIATIONS**2
    centre = (share + squared / (2 * total)) / (1 + squared / total)
    width = _DEVIATIONS * math.sqrt(share * (1 - share) / total + squared / (4 * total**2)) / (1 + squared / total)
    # Rounding must not leave the interval without the share itself.
    return max(0.0, min(centre - width, share)), min(1.0, max(centre + width, share))


def ratio_interval(share: tuple[int, int], other: tuple[int, int]) -> tuple[float, float] | None:
    """Return the 95 % interval of one share divided by another, each given as (successes, total).

    It combines the intervals of both (MOVER; Donner and Zou, "Closed-form confidence intervals for functions of the
    normal mean and standard deviation", 2012). None if nothing was counted, or the other share is 0.
    """
    if not (share[1] and other[0]):
        return None
    first, second = share[0] / share[1], other[0] / other[1]
    (low, high), (other_low, other_high) = share_interval(*share), share_interval(*other)
    product = first * second
    below, above = low * (2 * first - low), high * (2 * first - high)
    least, most = other_low * (2 * second - other_low), other_high * (2 * second - other_high)
    # The first is a quotient that tends to the second where its denominator tends to 0.
    bottom = (product - _root(product, below * most)) / most if abs(most) > _TINY else below / (2 * product or 1.0)
    return max(0.0, bottom), (product + _root(product, above * least)) / least


def _root(product: float, correction: float) -> float:
    return math.sqrt(max(product**2 - correction, 0.0))
