"""The command line: one file per command, `main` as the entry point."""

from schemalm.cli.application import main

__all__ = ["main"]
