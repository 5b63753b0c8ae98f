"""Learning rates by step, as shares of their peak."""

from __future__ import annotations

import math

from schemalm.training.configuration import TrainingConfiguration


def share_of_peak(step: int, configuration: TrainingConfiguration) -> float:
    """Return the share of the peak rates for the update `step`, counted from 1.

    It rises linearly to 1 at step `warmup_steps` (without warm-up it starts at its peak), and ends at
    `min_learning_rate_fraction` at step `num_steps`: constant and then linear over the last `warmdown_fraction` of the
    steps after the warm-up (Zhai et al., 2022), or along a cosine (Loshchilov and Hutter, 2017).
    """
    warmup_steps = configuration.warmup_steps
    if step <= warmup_steps:
        return step / warmup_steps
    progress = (step - warmup_steps) / (configuration.num_steps - warmup_steps)
    if configuration.schedule == "cosine":
        height = 0.5 * (1 + math.cos(math.pi * progress))
    else:
        height = min(1.0, (1 - progress) / fraction) if (fraction := configuration.warmdown_fraction) else 1.0
    floor = configuration.min_learning_rate_fraction
    return floor + (1 - floor) * height
