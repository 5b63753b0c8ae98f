"""What the pages of the evaluation share: the templates' environment, and figures as words."""

from __future__ import annotations

import math
import re

from jinja2 import Environment

from schemalm import pages
from schemalm.messages.visible import visible_line
from schemalm.messages.wording import duration

_TEMPLATES = "schemalm.evaluation"


def environment() -> Environment:
    """Return the environment of the templates, with filters for figures."""
    found = pages.environment(_TEMPLATES)
    found.filters |= {"percent": percent, "markdown": escape_markdown, "fence": fence, "duration": duration}
    return found


def percent(share: float | None) -> str:
    """Return a share as a percentage, rounded down, so that only the share 1 is shown as 100 %; a hyphen for None."""
    if share is None:
        return "-"
    return "100 %" if share == 1 else f"{math.floor(share * 1000) / 10:.1f} %"


def interval(bounds: tuple[float, float] | None) -> str:
    """Return the interval of a share in whole percent: `93 to 98`; a hyphen for None."""
    return "-" if bounds is None else f"{bounds[0] * 100:.0f} to {bounds[1] * 100:.0f}"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with separators; a hyphen for None."""
    return "-" if value is None else f"{value:,.{digits}f}"


def compact(count: int) -> str:
    """Return a count with three digits: `950`, `31.4 K`, `2.07 M`."""
    for size, unit in ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def escape_markdown(text: str) -> str:
    """Return the text on one line, escaped so that Markdown shows it literally, also in a table cell."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&$-])", r"\\\1", visible_line(" ".join(text.split())))


def fence(text: str) -> str:
    """Return backticks that can enclose the text as a code block: more than it contains in a row."""
    return "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
