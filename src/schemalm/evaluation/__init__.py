"""Evaluate trained runs: likelihood, validity by an independent judge, diversity, reports and comparisons.

An evaluation takes a run, held-out data and a judge, and produces figures, samples and a report.
"""
