"""Measures another checkout and this one in turns: in CPU seconds, in fresh processes, with one thread each."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def environment_of(checkout: Path) -> dict[str, str]:
    """The environment in which Python imports the package of a checkout, and the benchmarks of this one."""
    paths = [checkout / "src", REPOSITORY / "benchmarks"]
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "OMP_NUM_THREADS": "1"}


def run_command(
    environment: dict[str, str], *arguments: object, folder: Path | None = None, highest_code: int = 0
) -> float:
    """Run a command of the package in a folder; returns its CPU seconds. A higher exit code is an error."""
    command = [sys.executable, "-m", "schemalm", *map(str, arguments)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(command, check=False, capture_output=True, cwd=folder, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode > highest_code or ended.returncode < 0:
        raise RuntimeError(f"{command[3]} ended with {ended.returncode}: {ended.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(measure: Callable[[Path], dict[str, float]], other: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Returns the median of the other checkout and of this one, by operation.

    Each round measures both, and every second round in reverse order.
    """
    checkouts = (other.resolve(), REPOSITORY)
    found: dict[Path, list[dict[str, float]]] = {checkout: [] for checkout in checkouts}
    for number in range(rounds):
        for checkout in checkouts if number % 2 == 0 else checkouts[::-1]:
            found[checkout].append(measure(checkout))
    before, here = (found[checkout] for checkout in checkouts)
    return {
        operation: (
            statistics.median(each[operation] for each in before),
            statistics.median(each[operation] for each in here),
        )
        for operation in here[0]
    }
