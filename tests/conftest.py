"""Fixtures shared by all tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import hypothesis
import pytest

from schemalm.engines import Engine, open_engine

# The same examples in every run: a failure is a change's doing. `LAW_EXAMPLES=5000` draws new ones, in tests/laws that
# many. No deadlines: how long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("project", derandomize="LAW_EXAMPLES" not in os.environ, deadline=None)
hypothesis.settings.load_profile("project")

# One thread for each process, which libraries read when they are loaded: several of them share the cores, and models as
# small as those of tests are slower on two threads than on one, many times so where the machine is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

REPOSITORY = Path(__file__).resolve().parents[1]
pytest_plugins = ["tests.lifeline"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a Ray cluster as slow: it takes many seconds of a processor to start and to end one."""
    for item in items:
        if "ray_engine" in (*getattr(item, "fixturenames", ()), item.name.rpartition("[")[2].rstrip("]")):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository; tests that need it are skipped where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not part of the repository")
    return folder


@pytest.fixture
def outputs_in_processes() -> Callable[[str], set[str]]:
    """What a program prints in processes that hash strings differently: one output where it does not depend on that."""

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
    """How many lines of Python a call executes: what it costs, whatever the machine."""

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
    """A local Ray cluster of two workers, one for all tests: what opens an engine `ray` in this process finds it."""
    pytest.importorskip("ray", reason="needs the extra `ray`")
    with open_engine("ray", workers=2) as engine:
        yield engine
