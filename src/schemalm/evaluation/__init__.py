"""Evaluate trained runs: likelihood, validity by an independent judge, diversity, reports and comparisons.

In go a run, held-out data and a judge; out come figures, samples and a report.
"""
