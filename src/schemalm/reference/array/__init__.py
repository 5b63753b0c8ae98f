"""The array engine: NumPy alone, with every derivative written by hand."""
