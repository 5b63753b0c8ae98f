"""What a trained run is worth: likelihood, validity by an independent judge, diversity, and the report."""
