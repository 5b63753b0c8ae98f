"""Commands that take turns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.processes import is_running

from quality.turns import Command, run_in_turns

# Notes the state of the other command, until it has had 0.4 seconds of the processor.
BUSY = """
import os, sys, time
from pathlib import Path
folder, own, other = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
(folder / f"{own}.partial").write_text(str(os.getpid()))
(folder / f"{own}.partial").rename(folder / own)
end = time.process_time() + 0.4
with open(folder / f"{own}.seen", "w") as file:
    while time.process_time() < end:
        try:
            status = Path("/proc", (folder / other).read_text(), "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        file.write(status.rpartition(")")[2].split()[0])
"""


def command(folder: Path, script: str, *arguments: str) -> Command:
    return Command(("-c", script, *arguments), dict(os.environ), folder / f"{'-'.join(arguments[1:])}.log")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the state of a process in a file")
def test_only_one_command_runs_at_a_time(tmp_path: Path) -> None:
    commands = [command(tmp_path, BUSY, str(tmp_path), *names) for names in ("ab", "ba")]
    run_in_turns(commands, turn_seconds=0.05)
    seen = [(tmp_path / f"{name}.seen").read_text() for name in "ab"]
    assert set("".join(seen)) <= {"T", "Z"}  # stopped, or at its end
    assert all("T" in states for states in seen)


def test_a_command_that_fails_ends_the_others_and_is_quoted(tmp_path: Path) -> None:
    slow = command(tmp_path, "import time; time.sleep(1000)", "", "slow")
    failing = command(tmp_path, "import sys; sys.exit('it broke')", "", "failing")
    with pytest.raises(RuntimeError, match="ended with 1:\nit broke"):
        run_in_turns([slow, failing], turn_seconds=0.2)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_commands_end_with_a_killed_benchmark(tmp_path: Path) -> None:
    script = f"""
import os, sys
from pathlib import Path
from quality.turns import Command, run_in_turns
code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(1000)"
names = [Path({str(tmp_path)!r}) / name for name in "ab"]
run_in_turns([Command(("-c", code, name), dict(os.environ), name.with_suffix(".log")) for name in names], 1)
"""
    benchmark = subprocess.Popen(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    files = [tmp_path / name for name in "ab"]
    while not all(file.exists() and file.read_text() for file in files):
        assert benchmark.poll() is None
        time.sleep(0.01)
    benchmark.kill()
    benchmark.wait()
    for file in files:
        while is_running(int(file.read_text())):
            time.sleep(0.01)


def test_an_interrupted_benchmark_lets_a_stopped_command_end_by_itself(tmp_path: Path) -> None:
    polite = """
import signal, sys, time
def end(number, frame):
    open(sys.argv[1], "w").write("ended")
    sys.exit()
signal.signal(signal.SIGTERM, end)
open(sys.argv[1] + ".ready", "w").close()
time.sleep(1000)
"""
    names = [tmp_path / name for name in "ab"]

    def interrupt(_number: int, _frame: object) -> None:
        if all(name.with_name(f"{name.name}.ready").exists() for name in names):
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_in_turns([command(tmp_path, polite, str(name), name.name) for name in names], turn_seconds=0.3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert [name.read_text() for name in names] == ["ended", "ended"]
