"""All processes that tests start end with pytest, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.processes import running_in

REPOSITORY = Path(__file__).resolve().parents[1]
# A test that starts a process in another session, which starts another process, and then forgets both.
FORGETFUL = """
import subprocess, sys, time
CHILD = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"

def test_forgets():
    subprocess.Popen([sys.executable, "-c", CHILD + "; time.sleep(600)"], start_new_session=True)
    time.sleep({seconds})
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc"),
]


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.02)


@pytest.fixture(params=[[], ["-n", "1"]], ids=["alone", "with workers"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Starts pytest in the temporary folder on a test that runs for some seconds after it has started processes."""

    def begin(seconds: int) -> subprocess.Popen[bytes]:
        (tmp_path / "test_forgets.py").write_text(FORGETFUL.replace("{seconds}", str(seconds)))
        command = [sys.executable, "-m", "pytest", "-p", "tests.lifeline", "-q", *request.param]
        found = os.pathsep.join([str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, "PYTHONPATH": found, "PYTHONWARNINGS": "ignore"}
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)

    yield begin
    wait_until(lambda: not running_in(tmp_path))


def test_a_killed_pytest_leaves_no_process(start: Callable[[int], subprocess.Popen[bytes]], tmp_path: Path) -> None:
    program = start(600)
    wait_until(lambda: is_sleeping_twice(tmp_path) or program.poll() is not None)
    program.send_signal(signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL
    wait_until(lambda: not running_in(tmp_path))


def is_sleeping_twice(folder: Path) -> bool:
    """Return whether the process and its child, known by their command lines, run in the folder."""
    return sum(b"time.sleep(600)" in command for command in running_in(folder).values()) == 2


def test_a_finished_pytest_leaves_no_process(start: Callable[[int], subprocess.Popen[bytes]], tmp_path: Path) -> None:
    assert start(0).wait() == 0
    assert not running_in(tmp_path)
