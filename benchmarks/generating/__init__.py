"""Contenders of the benchmark of generation: each writes documents in a process of its own, when it is told to."""
