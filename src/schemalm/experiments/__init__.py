"""Experiments: compare arms that differ only in their tokens or their training.

An experiment takes a TOML file, and produces the results of its runs, a table and plots.
"""
