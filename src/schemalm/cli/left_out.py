"""Telling people what of a corpus was left out and why, and the exit code that follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemalm.cli.terminal import Terminal, counted

if TYPE_CHECKING:
    from schemalm.documents import LeftOut

NUM_SHOWN = 20


def report_left_out(terminal: Terminal, left_out: LeftOut, file: Path | None = None) -> None:
    """Show the first rejected documents with their reasons, how often each reason came, and what else is left out.

    `file` has all of them, where there is one.
    """
    from schemalm.documents.left_out import NUM_KEPT  # noqa: PLC0415

    num_rejected = left_out.num_rejected
    if num_rejected:
        terminal.warn(f"{counted(num_rejected, 'document')} left out")
    for rejection in left_out.rejections[:NUM_SHOWN]:
        terminal.show(f"rejected {rejection}")
    if num_rejected > NUM_SHOWN:
        listed = "them all" if num_rejected <= NUM_KEPT else f"the first {NUM_KEPT:,}"
        where = f"--json lists {listed}" if file is None else f"all of them are in {file}"
        terminal.show(f"... and {num_rejected - NUM_SHOWN:,} more ({where})")
    if num_rejected:
        rows = [(reason, f"{count:,}") for reason, count in left_out.count_reasons().items()]
        terminal.table(("rejected because of", "documents"), [*rows, ("all", f"{num_rejected:,}")])
    for line in left_out.unread():
        terminal.show(line)


def exit_code(left_out: LeftOut, strict: bool) -> int:
    """1 where documents were rejected and the user asked for strictness, else 0."""
    return int(strict and bool(left_out.num_rejected))
