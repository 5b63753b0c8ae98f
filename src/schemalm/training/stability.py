"""Detects failed training: a loss that is not finite, or one that rose far above its lowest value."""

from __future__ import annotations

import math

# The weight of the newest loss in the smoothed one, an average over about twenty steps.
NEWEST_SHARE = 0.05


def smoothed(before: float | None, loss: float) -> float:
    """Return the smoothed loss after a step with the given loss; `before` is None at the first step."""
    return loss if before is None else before + NEWEST_SHARE * (loss - before)


def instability(loss: float, gradient_norm: float, smoothed_loss: float, lowest: float, max_rise: float) -> str | None:
    """Describe what is wrong with a step, or return None.

    Losses are in nats per token; `lowest` is the lowest smoothed loss so far.
    """
    if not math.isfinite(loss) or not math.isfinite(gradient_norm):
        return f"the loss is {loss}, the gradient norm {gradient_norm}"
    if smoothed_loss > lowest + max_rise:
        return (
            f"the loss is {loss:.3f}, and smoothed {smoothed_loss:.3f}, more than max_loss_rise = {max_rise} above its "
            f"lowest value {lowest:.3f}"
        )
    return None
