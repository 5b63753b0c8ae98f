"""The workers of an engine end with the process that opened it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engines.tasks import Slow
from tests.processes import is_running

from schemalm.engines import open_engine

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from pathlib import Path
from schemalm.engines import open_engine
from schemalm.interruption import Interrupted, handled_signals, raise_interrupted
from tests.engines.tasks import Slow

try:
    with handled_signals(raise_interrupted), open_engine(sys.argv[1], workers=2) as engine:
        list(engine.map(Slow(Path(sys.argv[2]), 3600), range(9)))
except Interrupted as interruption:
    sys.exit(128 + interruption.number)
"""


def wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.02)


def end(engine: str, number: int, folder: Path) -> int:
    """Start the program, send it a signal while two workers run, wait for their end, and return its exit code."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])}
    command = [sys.executable, "-c", PROGRAM, engine, str(folder)]
    with subprocess.Popen(command, env=environment, cwd=REPOSITORY) as program:
        try:
            wait_until(lambda: len(list(folder.iterdir())) == 2)
            program.send_signal(number)
            code = program.wait()
        finally:
            program.kill()
    wait_until(lambda: not any(is_running(int(file.name)) for file in folder.iterdir()))
    return code


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_of_a_pool_end_at_once(number: int, tmp_path: Path) -> None:
    assert end("local", number, tmp_path) == (-9 if number == signal.SIGKILL else 128 + number)


def test_a_pool_ends_workers_whose_results_are_not_needed(tmp_path: Path) -> None:
    with open_engine("local", workers=2) as engine:
        found = engine.map(Slow(tmp_path, 0.0), range(8))
        assert next(found) == 0
    assert not any(is_running(int(file.name)) for file in tmp_path.iterdir())
