"""The command line: one file per command, `main` as the entry point."""

from __future__ import annotations

import shlex
import sys

from schemalm.interruption import Interrupted, end_at_once, handled_signals

__all__ = ["main"]


def main() -> None:
    """Run the program with the arguments of this process."""
    try:
        with handled_signals(end_at_once):
            from schemalm.cli.application import main as run  # noqa: PLC0415 (long enough to be interrupted)
    except Interrupted as interruption:
        sys.stderr.write(f"interrupted; start again with: {shlex.join(['schemalm', *sys.argv[1:]])}\n")
        sys.exit(128 + interruption.number)
    run()
