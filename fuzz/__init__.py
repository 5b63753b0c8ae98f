"""Fuzzers for the readers of files that may come from anybody; see README.md."""
