"""The parts of the benchmark of time to quality: documents, contenders, their CPU time and the search for the mark."""
