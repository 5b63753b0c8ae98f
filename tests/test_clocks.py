"""Tests leave the clocks of their process alone.

Other threads read them: the event loop of a server that is kept for later tests slept until a time that a test had
invented, and the process hung at its end. A test that needs a clock replaces the name `time` in the module it tests.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SETS_A_CLOCK = re.compile(r"""setattr\(\s*([\w.]*\btime,|["'][\w.]*\btime\.)""")


def test_no_test_sets_a_clock_of_the_process() -> None:
    this = Path(__file__)
    files = [path for path in sorted(this.parent.rglob("*.py")) if path != this]
    assert [str(path) for path in files if SETS_A_CLOCK.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("code", "sets"),
    [
        ("setattr(time, 'monotonic', now)", True),
        ("setattr(engine.time, 'monotonic', now)", True),
        ("setattr(engine, 'time', clock)", False),
        ('setattr("schemalm.generation.engine.time.monotonic", now)', True),
        ('setattr(\n    "time.process_time", now)', True),
        ('setattr("schemalm.generation.engine.time", clock)', False),
        ('setattr("schemalm.runtime.seconds", 3)', False),
    ],
)
def test_what_sets_a_clock_is_found(code: str, sets: bool) -> None:
    assert bool(SETS_A_CLOCK.search("monkeypatch." + code)) == sets
