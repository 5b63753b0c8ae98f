"""Numbers that settings may be: one check and one wording for all of them."""

from __future__ import annotations

import math

from schemalm.errors import ConfigurationError


def check_number(
    name: str, value: object, least: float, most: float = math.inf, *, is_above: bool = False, is_whole: bool = False
) -> None:
    """Raise `ConfigurationError`, with the value found, unless it is a finite number from `least` to `most`.

    With `is_above`, `least` itself is refused too; with `is_whole`, whatever is no integer.
    """
    kinds = int if is_whole else int | float
    if not isinstance(value, kinds) or isinstance(value, bool) or not math.isfinite(value):
        expected = "a whole number" if is_whole else "a finite number"
    elif least <= value <= most and not (is_above and value == least):
        return
    else:
        expected = f"{'above' if is_above else 'at least'} {least:g}"
        expected += "" if math.isinf(most) else f" and at most {most:g}"
    raise ConfigurationError(f"{name} must be {expected}, got {value!r}")
