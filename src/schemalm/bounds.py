"""Numbers that settings may be: one check and one wording for all of them."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from schemalm.errors import ConfigurationError


def check_number(
    name: str, value: Any, least: float, most: float = math.inf, *, is_above: bool = False, is_whole: bool = False
) -> None:
    """Raise `ConfigurationError`, with the value found, unless it is a finite number from `least` to `most`.

    With `is_above`, `least` itself is refused too; with `is_whole`, whatever is no integer.
    """
    is_number = isinstance(value, Integral if is_whole else Real) and not isinstance(value, bool)
    if is_number and least <= value <= most and not math.isinf(value) and not (is_above and value == least):
        return
    if is_above:
        reach = f"above {least}" if math.isinf(most) else f"above {least} and at most {most}"
    else:
        reach = f"of at least {least}" if math.isinf(most) else f"from {least} to {most}"
    raise ConfigurationError(f"{name} must be a {'whole ' if is_whole else ''}number {reach}, got {value!r}")
