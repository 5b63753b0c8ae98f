"""Training: the loop, its configuration, the optimizer, the schedule, checkpoints and metrics.

In go prepared data and a configuration; out come a run folder with checkpoints and a log of metrics.
"""
