"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from schemalm.training.configuration import TrainingConfiguration


def learning_rate(step: int, configuration: TrainingConfiguration) -> float:
    """The rate for the update `step`, counted from 1: linear warm-up, then a cosine to the smallest rate.

    The peak is reached at step `warmup_steps` (at once without warm-up), the smallest rate at step `num_steps`.
    """
    peak, warmup_steps = configuration.learning_rate, configuration.warmup_steps
    if step <= warmup_steps:
        return peak * step / warmup_steps
    progress = (step - warmup_steps) / (configuration.num_steps - warmup_steps)
    floor = configuration.min_learning_rate_fraction
    return peak * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * progress)))
