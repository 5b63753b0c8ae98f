"""Calls that end badly are results, and say how."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# In a process without threads, since the pool forks.
SCRIPT = """
import json, os, time
from conformance.pool import Failure, ProcessLimits, call_each

def spin():
    while True:
        pass

def eat():
    pieces = []
    while True:
        pieces.append(bytearray(1 << 20))

def fail():
    raise KeyError("x")

calls = {
    "returns": lambda: 42, "raises": fail, "dies": os.abort, "exits": lambda: os._exit(3),
    "eats": eat, "returns too": lambda: "x" * 1000000, "spins": spin, "sleeps": lambda: time.sleep(3600),
}
# Each limit is small for the call that must meet it alone, so a slow machine changes nothing.
small = {
    "eats": {"address_space_bytes": 1 << 28}, "spins": {"processor_seconds": 1}, "sleeps": {"wall_seconds": 0.5}
}
found = {}
for names, limits in [
    ([name for name in calls if name not in small], {}),
    *(([name], limits) for name, limits in small.items()),
]:
    for name, result in call_each(lambda name: calls[name](), names, ProcessLimits(**limits), 3):
        found[name] = [result.status, result.message] if isinstance(result, Failure) else result
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    found = os.pathsep.join([str(REPOSITORY / "benchmarks"), str(REPOSITORY / "src")])
    environment = {**os.environ, "PYTHONPATH": found}
    ended = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    return dict(json.loads(ended.stdout))


def test_results_come_back_whatever_becomes_of_other_calls(found: dict[str, object]) -> None:
    assert found["returns"] == 42
    assert found["returns too"] == "x" * 1_000_000
    assert len(found) == 8


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("raises", "crashed", "KeyError: 'x' (<string>:15 in fail)"),
        ("dies", "crashed", "killed by SIGABRT"),
        ("exits", "crashed", "exit status 3"),
        ("spins", "timed out", "processor time is up (<string>:"),
        ("sleeps", "timed out", "wall time is up"),
        ("eats", "out of memory", "memory is up (<string>:12 in eat)"),
    ],
)
def test_a_call_that_ends_badly_says_how(found: dict[str, list[str]], name: str, status: str, message: str) -> None:
    assert found[name][0] == status
    assert found[name][1].startswith(message)
