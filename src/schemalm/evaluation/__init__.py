"""What trained runs are worth: likelihood, validity by an independent judge, diversity, reports and comparisons."""
