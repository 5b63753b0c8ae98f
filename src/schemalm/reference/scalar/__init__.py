"""The scalar engine: every number is a node of a graph that computes derivatives."""
