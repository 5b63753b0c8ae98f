"""Report the documents of a corpus that were left out, with the reasons, and choose the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemalm.cli.terminal import Terminal, counted

if TYPE_CHECKING:
    from schemalm.documents import LeftOut

NUM_SHOWN = 20


def report_left_out(terminal: Terminal, left_out: LeftOut, file: Path | None = None) -> None:
    """Show the first rejected documents with their reasons, a count for each reason, and what else was left out.

    file: the file that lists all rejected documents, if there is one.
    """
    from schemalm.documents.left_out import NUM_KEPT  # noqa: PLC0415

    num_rejected = left_out.num_rejected
    if num_rejected:
        terminal.warn(f"{counted(num_rejected, 'document')} left out")
    for rejection in left_out.rejections[:NUM_SHOWN]:
        terminal.show(f"rejected {rejection}")
    if num_rejected > NUM_SHOWN:
        listed = "all" if num_rejected <= NUM_KEPT else f"the first {NUM_KEPT:,}"
        where = f"--json lists {listed}" if file is None else f"{file} lists all"
        terminal.show(f"... and {num_rejected - NUM_SHOWN:,} more ({where})")
    if num_rejected:
        rows = [(reason, f"{count:,}") for reason, count in left_out.count_reasons().items()]
        terminal.table(("reason for rejection", "documents"), [*rows, ("all", f"{num_rejected:,}")])
    for line in left_out.unread():
        terminal.show(line)


def exit_code(left_out: LeftOut, strict: bool) -> int:
    """Return 1 if `strict` is set and documents were rejected, else 0."""
    return int(strict and bool(left_out.num_rejected))
