"""Training: the loop, its configuration, the optimizer, the schedule, checkpoints and metrics."""
