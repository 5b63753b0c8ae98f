"""Numbers out of bounds are refused with the value found and the expected range."""

from __future__ import annotations

import math

import numpy as np
import pytest

from schemalm.bounds import check_number
from schemalm.errors import ConfigurationError


@pytest.mark.parametrize("value", [1, 1.0, 2.5, 10, np.float32(2), np.int64(3)])
def test_a_number_within_its_bounds_passes(value: float) -> None:
    check_number("rate", value, 1, 10)


@pytest.mark.parametrize(
    ("value", "settings", "message"),
    [
        (-1.0, {"is_above": True}, "rate must be a number above 0, got -1.0"),
        (0, {"is_above": True}, "rate must be a number above 0, got 0"),
        (-1, {}, "rate must be a number of at least 0, got -1"),
        (1.5, {"most": 1}, "rate must be a number from 0 to 1, got 1.5"),
        (1.5, {"is_whole": True}, "rate must be a whole number of at least 0, got 1.5"),
        (1.5, {"most": 1, "is_above": True}, "rate must be a number above 0 and at most 1, got 1.5"),
        (True, {}, "rate must be a number of at least 0, got True"),
        ("3", {}, "rate must be a number of at least 0, got '3'"),
        (None, {}, "rate must be a number of at least 0, got None"),
        (math.nan, {}, "rate must be a number of at least 0, got nan"),
        (math.inf, {}, "rate must be a number of at least 0, got inf"),
    ],
)
def test_other_values_are_refused(value: object, settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_number("rate", value, 0, **settings)  # type: ignore[arg-type]
    assert str(caught.value) == message
