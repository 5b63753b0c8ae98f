"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers

from schemalm.engines import Engine, open_engine

# Every run has the same examples, so only a change can cause a failure. `LAW_EXAMPLES=5000` draws new ones, that many
# in tests/laws. There are no deadlines: the time of an example says more about the machine than about the code.
hypothesis.settings.register_profile("project", derandomize="LAW_EXAMPLES" not in os.environ, deadline=None)
hypothesis.settings.load_profile("project")
# Hypothesis mixes constants of the modules that are loaded at the time into its examples. Which ones are loaded depends
# on the tests that a process has run before, so equal runs would have different examples all the same.
providers._get_local_constants = lambda: providers._local_constants

# One thread per process; libraries read this when they are loaded. Several processes share the cores, and models as
# small as those in the tests are slower on two threads than on one, much slower on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell that starts the tests in the background makes them ignore SIGINT, and so all processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]
pytest_plugins = ["tests.lifeline"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a Ray cluster as slow: starting and ending one takes many CPU seconds."""
    for item in items:
        if "ray_engine" in (*getattr(item, "fixturenames", ()), item.name.rpartition("[")[2].rstrip("]")):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data next to the repository; tests that need it are skipped if it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not part of the repository")
    return folder


@pytest.fixture
def outputs_in_processes() -> Callable[[str], set[str]]:
    """The outputs of a program under different string hashes: only one if it does not depend on the hashes."""

    def outputs(program: str) -> set[str]:
        return {
            subprocess.run(
                [sys.executable, "-c", program],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("0", "1", "2")
        }

    return outputs


@pytest.fixture(scope="session")
def num_lines() -> Callable[[Callable[[], object]], int]:
    """The number of lines of Python that a call executes: its cost, independent of the machine."""

    def count(work: Callable[[], object]) -> int:
        lines = 0

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal lines
            lines += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            work()
        finally:
            sys.settrace(before)
        return lines

    return count


@pytest.fixture(scope="session")
def ray_engine() -> Iterator[Engine]:
    """A local Ray cluster of two workers for all tests: every engine `ray` opened in this process uses it."""
    pytest.importorskip("ray", reason="needs the extra `ray`")
    with open_engine("ray", workers=2) as engine:
        yield engine
