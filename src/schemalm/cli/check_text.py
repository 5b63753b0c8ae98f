"""Findings as text, for people: the line, the excerpt with a caret, and a summary; in colour on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from schemalm.checking.findings import MAX_FINDINGS, DocumentFindings, Finding
from schemalm.messages.visible import visible, visible_line

_BOLD, _RED, _DIM, _END = "\x1b[1m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


def is_colourful() -> bool:
    """Return whether standard output is a terminal that shows colours; NO_COLOR, if it is set, turns them off."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def lines_of(documents: Sequence[DocumentFindings], in_colour: bool) -> Iterator[str]:
    """Yield the findings, with an empty line between two documents."""
    has_begun = False
    for document in documents:
        if document.findings and has_begun:
            yield ""
        has_begun |= bool(document.findings)
        for finding in document.findings:
            yield _in_colour(finding) if in_colour else visible(finding.to_text())
        if document.is_cut:
            yield cut_message(document.name)


def cut_message(name: str) -> str:
    """Say that a document has more errors than are shown."""
    return f"{visible_line(name)}: more than {MAX_FINDINGS} errors; the first {MAX_FINDINGS} are shown"


def _in_colour(finding: Finding) -> str:
    shown = [f"{_BOLD}{visible(finding.position)}:{_END} {visible(finding.message)}"]
    for line in visible(finding.excerpt).splitlines():
        gutter, bar, rest = line.partition("|")
        style = _RED if rest.strip() == "^" else ""
        shown.append(f"{_DIM}{gutter}{bar}{_END}{style}{rest}{_END if style else ''}")
    return "\n".join(shown)
