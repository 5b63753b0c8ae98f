"""The lines of a text, which end at LF, CR LF and CR."""

from __future__ import annotations

import re

_LINE_BREAK = re.compile(r"\r\n?|\n")


def line_break_of(text: str) -> str:
    """Return the first line break of a text; LF if it has none."""
    found = _LINE_BREAK.search(text)
    return found[0] if found else "\n"


def last_line(text: str) -> str:
    """Return the line at the end of a text."""
    return text[max(text.rfind("\n"), text.rfind("\r")) + 1 :]
