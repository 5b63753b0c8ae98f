"""A pytest plugin: no process that the tests start outlives pytest, even if pytest itself is killed.

pytest puts a mark of its own into the environment, which every process that is started from then on inherits, however
deep and in whatever session. A watchdog waits for the end of a pipe that pytest alone holds open, and then kills every
process with the mark. It begins before the mark is set, in a session of its own, so neither it nor Ctrl-C ends it.
Linux only, as it reads `/proc`; elsewhere it does nothing.
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

if TYPE_CHECKING:  # this file is the watchdog's program too, which has the standard library alone
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
    os.environ[MARK] = os.environ.get(MARK, "") + mark  # a pytest that a test starts has that of the outer one too
    config.add_cleanup(watchdog.communicate)  # closes the pipe and waits until all is killed


def watch(mark: str) -> None:
    """Wait for the end of the standard input, then kill all processes that have the mark."""
    sys.stdin.buffer.read()
    while marked := processes_with(mark):
        for pid in marked:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def processes_with(mark: str) -> list[int]:
    """The processes whose environment has the mark; those that ended and wait for their parents have none."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark.encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
    return found


if __name__ == "__main__":
    watch(sys.argv[1])
