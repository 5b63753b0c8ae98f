"""A Sphinx extension that turns the project's plain-text docstrings into reStructuredText.

Three conventions of the docstrings have a meaning: a line that begins with `name:` describes a parameter, an
indented block is shown as it is, and `text` between backticks is code. Everything else is plain text, whatever its
characters mean in reStructuredText.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

PARAMETER = re.compile(r"(\w+): (.+)")
CODE = re.compile(r"(`[^`]+`)")
MARKS = re.compile(r"([*|\\]|_\b)")


def setup(app: Any) -> dict[str, bool]:
    """Registers the extension."""
    app.connect("autodoc-process-docstring", _rewrite)
    return {"parallel_read_safe": True}


def _rewrite(_: Any, what: str, name: str, found: object, options: object, lines: list[str]) -> None:
    lines[:] = restructured(lines)


def restructured(lines: Iterable[str]) -> list[str]:
    """Returns the lines of a docstring in reStructuredText."""
    written: list[str] = []
    for is_blank, block in groupby(lines, key=lambda line: not line.strip()):
        if not is_blank:
            paragraph = list(block)
            is_shown = paragraph[0].startswith("    ")
            written += ["::", "", *paragraph] if is_shown else _text(paragraph)
            written.append("")
    return written


def _text(paragraph: list[str]) -> Iterator[str]:
    """Yields the lines of a paragraph, with each parameter as a field and its further lines indented."""
    in_field = False
    for line in paragraph:
        parameter = PARAMETER.fullmatch(line)
        if parameter:
            if not in_field:
                yield ""
            yield f":param {parameter[1]}: {_escaped(parameter[2])}"
            in_field = True
        elif in_field and line.startswith("Raises "):
            yield from ("", _escaped(line))
            in_field = False
        else:
            yield "    " * in_field + _escaped(line.strip())


def _escaped(line: str) -> str:
    """Returns a line with everything escaped except code."""
    parts = CODE.split(line)
    return "".join(f"`{part}`" if CODE.fullmatch(part) else MARKS.sub(r"\\\1", part) for part in parts)
