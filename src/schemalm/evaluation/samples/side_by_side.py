"""A figure of samples beside the same figure of held-out documents, which says what real documents have.

Where it tells something, the figure of as many training documents stands beside both: held-out documents come from
other sources, so even a perfect model of the training documents is some way from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class SideBySide:
    """A figure of samples, held-out and training documents; None where there is nothing to measure."""

    samples: float | None
    held_out: float | None
    train: float | None = None

    @classmethod
    def shares(cls, samples: Sequence[bool], held_out: Sequence[bool]) -> SideBySide:
        """Return the shares of what is true."""
        return cls(share(samples), share(held_out))

    @property
    def ratio(self) -> float | None:
        """The samples' figure divided by that of the held-out documents; None without one, or if that is 0."""
        if self.samples is None or not self.held_out:
            return None
        return self.samples / self.held_out

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def share(flags: Sequence[bool]) -> float | None:
    """Return the share of what is true, 0 to 1; None if there is nothing."""
    return sum(flags) / len(flags) if flags else None
