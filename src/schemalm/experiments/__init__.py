"""Experiments: compare arms that differ only in their tokens or their training.

In goes the TOML file of an experiment; out come the results of its runs, a table and plots.
"""
