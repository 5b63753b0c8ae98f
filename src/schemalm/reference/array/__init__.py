"""The array engine: NumPy only, with every derivative written by hand."""
