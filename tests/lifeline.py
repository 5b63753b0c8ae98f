"""A pytest plugin: no process that the tests start outlives pytest, even if pytest itself is killed.

pytest puts a unique mark into its environment, and every process started later inherits it, at any depth and in any
session. A watchdog waits for the end of a pipe that only pytest holds open, and then kills every process with the mark.
The watchdog starts before the mark is set and in its own session, so it does not kill itself and Ctrl-C does not reach
it. It works on Linux only, because it reads `/proc`; elsewhere it does nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # this file is also the watchdog's program, which has only the standard library
    import pytest

MARK = "SCHEMALM_TEST_SESSION"


def pytest_configure(config: pytest.Config) -> None:
    """Start the watchdog; workers of pytest-xdist belong to the pytest that started them."""
    if hasattr(config, "workerinput") or not Path("/proc/self/environ").exists():
        return
    mark = uuid.uuid4().hex
    watchdog = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, mark], stdin=subprocess.PIPE, start_new_session=True
    )
    os.environ[MARK] = os.environ.get(MARK, "") + mark  # a pytest that a test starts keeps the outer mark too
    config.add_cleanup(watchdog.communicate)  # closes the pipe and waits until all processes are killed


def watch(mark: str) -> None:
    """Wait for the end of the standard input, then kill all processes that have the mark."""
    sys.stdin.buffer.read()
    while marked := processes_with(mark):
        for pid in marked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def processes_with(mark: str) -> list[int]:
    """Return the processes whose environment has the mark; a zombie has no environment, so it is not among them."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
    return found


if __name__ == "__main__":
    watch(sys.argv[1])
