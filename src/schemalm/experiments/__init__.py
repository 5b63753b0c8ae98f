"""Experiments: arms that differ in their tokens or their training, all else equal, and what came of them.

In goes an experiment's TOML file; out come the results of its runs, a table and plots.
"""
