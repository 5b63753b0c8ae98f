"""Optimizers and learning rate schedules.

An update rule is the same for one number and for an array of numbers, because every weight is updated independently.
The torch engine uses torch's own optimizers instead.
"""

from __future__ import annotations

import math
from typing import Any

from schemalm.reference.configuration import ReferenceConfiguration

# Running means of a weight's gradients and of their squares; both start at zero.
Moments = tuple[Any, Any]


def sgd(weight: Any, gradient: Any, moments: Moments, rate: float, *_: Any) -> tuple[Any, Moments]:
    """Return w - η g, a step of gradient descent."""
    return weight - rate * gradient, moments


def adamw(
    weight: Any, gradient: Any, moments: Moments, rate: float, step: int, configuration: ReferenceConfiguration
) -> tuple[Any, Moments]:
    """Return w (1 - η λ) - η m̂ / (√v̂ + ε), a step of AdamW (Loshchilov and Hutter, 2019); m̂, v̂ are bias-corrected."""
    beta1, beta2 = configuration.beta1, configuration.beta2
    mean = beta1 * moments[0] + (1 - beta1) * gradient
    square = beta2 * moments[1] + (1 - beta2) * gradient * gradient
    move = mean / (1 - beta1**step) / ((square / (1 - beta2**step)) ** 0.5 + configuration.epsilon)
    return weight * (1 - rate * configuration.weight_decay) - rate * move, (mean, square)


def learning_rate(step: int, configuration: ReferenceConfiguration) -> float:
    """Return the learning rate of a step, counted from 1; the rate of the last step is above zero.

    `constant` keeps the rate. `linear` keeps it, and then decreases it linearly over the last `warmdown_share` of the
    steps. `cosine` decreases it along half a cosine wave.
    """
    peak, steps_left = configuration.learning_rate, configuration.steps - step + 1
    if configuration.schedule == "linear":
        return peak * min(1.0, steps_left / max(1.0, configuration.warmdown_share * configuration.steps))
    if configuration.schedule == "cosine":
        return peak * 0.5 * (1 - math.cos(math.pi * steps_left / configuration.steps))
    return peak
