"""Training: the loop, its configuration, the optimizer, the schedule, checkpoints and metrics.

Input: prepared data and a configuration. Output: a run folder with checkpoints and a log of metrics.
"""
