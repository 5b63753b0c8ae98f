"""The scalar engine: every number is a node of a graph that knows its derivative."""
