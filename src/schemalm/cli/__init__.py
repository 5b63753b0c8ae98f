"""The command line: one file per command, `main` as the entry point.

In go the arguments of a command; out come its files, a summary as text or JSON, and an exit code.
"""

from __future__ import annotations

import sys

from schemalm.interruption import Interrupted, handled_signals, raise_interrupted
from schemalm.messages.visible import shell_word

__all__ = ["main"]


def main() -> None:
    """Run the program with the arguments of this process."""
    try:
        with handled_signals(raise_interrupted):
            from schemalm.cli.application import main as run  # noqa: PLC0415 (slow enough to be interrupted)
    except Interrupted as interruption:
        given = " ".join(map(shell_word, ["schemalm", *sys.argv[1:]]))
        sys.stderr.write(f"interrupted; start again with: {given}\n")
        sys.exit(128 + interruption.number)
    run()
