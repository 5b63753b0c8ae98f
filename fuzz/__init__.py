"""Fuzzers for the readers of untrusted files; see README.md."""
