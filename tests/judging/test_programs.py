"""A program is run with bounds: what it writes, how long it takes, and what it leaves behind."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.processes import is_running

from schemalm.judging.programs import FailedJudgeError, Finished, run_program

Program = Callable[[str, str], Path]


def run(program: Path, text: str = "", **options: float) -> Finished:
    limits = {"limit_seconds": 60.0, **options}
    return run_program([str(program)], text, **limits)  # type: ignore[arg-type]


def test_a_program_gets_its_input_and_its_streams_and_code_are_kept(program: Program) -> None:
    echo = program("echo", "text = sys.stdin.read(); print(text); print('late', file=sys.stderr); sys.exit(3)")
    assert run(echo, "ü" * 100_000) == Finished(3, "ü" * 100_000 + "\n", "late\n")


def test_a_program_that_reads_nothing_and_writes_much_does_not_block(program: Program) -> None:
    deaf = program("deaf", "sys.stdout.write('x' * 1_000_000)")
    assert len(run(deaf, "y" * 1_000_000).output) == 1_000_000


def test_a_program_that_hangs_is_ended_with_all_that_it_started(program: Program, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    child = "import time; time.sleep(600)"
    start = f"child = subprocess.Popen([sys.executable, '-c', {child!r}])"
    hanging = program(
        "hanging", f"import subprocess\n{start}\npathlib.Path({str(pid)!r}).write_text(str(child.pid))\nchild.wait()"
    )
    with pytest.raises(FailedJudgeError, match="no verdict within"):
        while not pid.exists() or not pid.read_text():
            run(hanging, limit_seconds=3)
    assert has_ended(int(pid.read_text()))


def has_ended(pid: int) -> bool:
    """Whether a process ends; the one that adopted it may take a moment to notice."""
    for _ in range(1000):
        if not is_running(pid):
            return True
        time.sleep(0.01)
    return False


def test_a_program_that_writes_without_end_is_ended(program: Program) -> None:
    endless = program("endless", "while True: sys.stdout.write('x' * 10_000)")
    with pytest.raises(FailedJudgeError, match="more than 50,000 bytes of output"):
        run(endless, max_bytes=50_000)


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    with pytest.raises(FailedJudgeError, match="absent cannot be run: No such file"):
        run(tmp_path / "absent")


def test_no_shell_reads_the_words_of_a_command() -> None:
    done = run_program([sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME; ls"], limit_seconds=60)
    assert done.output == f"$HOME; ls{os.linesep}"


def test_output_that_is_no_json_is_a_failure() -> None:
    assert Finished(0, "[1]", "").json("it") == [1]
    with pytest.raises(FailedJudgeError, match="it ended with 0: why"):
        Finished(0, "[1", "why").json("it")
