"""Finds the CPU seconds to a mark from whole runs of planned lengths.

The score in the middle of a run says little where a schedule is at work: rates that are still high hide what the model
knows, and how much they hide depends on the schedule. So only finished runs count. Lengths double until a run ends at
or below the mark, and the seconds are interpolated between the two runs around the mark, along a power law: scores fall
about as a power of the length. Every contender thus has the schedule that it asks for, fitted to the length that it
needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

# A last run that fits the limit must be so much longer than the one before it.
WORTHWHILE = 1.1


@dataclass(frozen=True)
class Point:
    """A finished run: its planned steps, the CPU seconds that they took, and the score at its end."""

    steps: int
    seconds: float
    bits_per_byte: float


def next_steps(points: Sequence[Point], mark: float, first_steps: int, limit_seconds: float) -> int | None:
    """Return the length of the next run that helps to find the mark, or None if none does within the limit."""
    if not points:
        return first_steps
    missed, reached = _around(points, mark)
    if reached is None:
        longest = max(points, key=lambda point: point.steps)
        steps = min(2 * longest.steps, int(limit_seconds / longest.seconds * longest.steps))
        return steps if steps >= WORTHWHILE * longest.steps else None
    if missed is None:
        return reached.steps // 2 or None
    return None


def seconds_to(mark: float, points: Sequence[Point]) -> float | None:
    """Return the CPU seconds to the mark; None if there are no runs on both sides of it."""
    missed, reached = _around(points, mark)
    if missed is None or reached is None:
        return None
    share = math.log(missed.bits_per_byte / mark) / math.log(missed.bits_per_byte / reached.bits_per_byte)
    return missed.seconds * math.exp(share * math.log(reached.seconds / missed.seconds))


def _around(points: Sequence[Point], mark: float) -> tuple[Point | None, Point | None]:
    """Return the longest run that missed the mark among those shorter than the shortest that reached it, and that."""
    ordered = sorted(points, key=lambda point: point.steps)
    reached = next((point for point in ordered if point.bits_per_byte <= mark), None)
    before = [point for point in ordered if reached is None or point.steps < reached.steps]
    return (before[-1] if before else None), reached
