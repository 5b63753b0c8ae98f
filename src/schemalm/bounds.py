"""The range check for numeric settings, with one wording for all of them."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from schemalm.errors import ConfigurationError


def check_number(
    name: str, value: Any, least: float, most: float = math.inf, *, is_above: bool = False, is_whole: bool = False
) -> None:
    """Raise `ConfigurationError`, with the value found, unless it is a finite number from `least` to `most`.

    `is_above` excludes `least` itself; `is_whole` excludes everything but integers.
    """
    is_number = isinstance(value, Integral if is_whole else Real) and not isinstance(value, bool)
    if is_number and least <= value <= most and not math.isinf(value) and not (is_above and value == least):
        return
    if is_above:
        reach = f"above {least}" if math.isinf(most) else f"above {least} and at most {most}"
    else:
        reach = f"of at least {least}" if math.isinf(most) else f"from {least} to {most}"
    raise ConfigurationError(f"{name} must be a {'whole ' if is_whole else ''}number {reach}, got {value!r}")
