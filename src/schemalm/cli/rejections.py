"""Telling people which documents of a corpus were left out, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from schemalm.cli.terminal import Terminal, counted

if TYPE_CHECKING:
    from schemalm.dataset.prepare import Rejection

NUM_SHOWN = 20
_PLACE = re.compile(r"^.*?:\d+:\d+: ")
_PARTICULARS = re.compile(r"'[^']*'|U\+\w+|\b\d+\b")


def report_rejections(terminal: Terminal, rejections: Sequence[Rejection]) -> None:
    """Show the first rejected documents with their reasons, then how often each reason came."""
    if not rejections:
        return
    terminal.warn(f"{counted(len(rejections), 'document')} left out")
    for rejection in rejections[:NUM_SHOWN]:
        is_named = rejection.name in rejection.reason
        terminal.show(f"rejected {rejection.reason if is_named else f'{rejection.name}: {rejection.reason}'}")
    if len(rejections) > NUM_SHOWN:
        terminal.show(f"... and {len(rejections) - NUM_SHOWN:,} more (--json lists them all)")
    rows = [(reason, f"{count:,}") for reason, count in count_reasons(rejections).items()]
    terminal.table(("rejected because of", "documents"), [*rows, ("all", f"{len(rejections):,}")])


def describe_rejections(rejections: Sequence[Rejection]) -> dict[str, Any]:
    """The same as plain values, every document included."""
    return {
        "rejected": [{"name": rejection.name, "reason": rejection.reason} for rejection in rejections],
        "rejected_by_reason": count_reasons(rejections),
    }


def count_reasons(rejections: Sequence[Rejection]) -> dict[str, int]:
    """How many documents each kind of reason rejected, most frequent first."""
    return dict(Counter(map(_kind, rejections)).most_common())


def _kind(rejection: Rejection) -> str:
    """The schema keyword that the document breaks, else the message without what only this document has."""
    if rejection.keyword:
        return f"the schema's {rejection.keyword}"
    message = _PLACE.sub("", rejection.reason).removeprefix(f"{rejection.name}: ")
    return _PARTICULARS.sub("…", message)
