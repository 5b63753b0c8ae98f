from __future__ import annotations

import pytest

from schemalm.inspection import visible


@pytest.mark.parametrize("text", ["", "on: push\n\tx", "é✓😀", "עברית"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", r"\u001b[31m"),
        ("a\u202eb", r"a\u202eb"),
        ("\u200b\ufeff\u2028", r"\u200b\ufeff\u2028"),
        ("\x9b\x7f\r", r"\u009b\u007f\u000d"),
        ("\udc80", r"\udc80"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_what_hides_or_controls_is_escaped(text: str, expected: str) -> None:
    assert visible(text) == expected
