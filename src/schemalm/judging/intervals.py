"""Intervals of shares."""

from __future__ import annotations

import math

# The normal distribution has 95 % of its mass within so many standard deviations.
_DEVIATIONS = 1.959963984540054


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
