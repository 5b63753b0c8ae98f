"""Runs commands in turns: all are started, but only one at a time is not stopped, so that load hits all of them alike.

If this process ends, so do the commands (on Linux even if it is killed).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TURN_SECONDS = 20.0
PATIENCE_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Command:
    """A command, the environment to run it in, and the file for what it prints."""

    arguments: Sequence[object]
    environment: Mapping[str, str]
    log: Path

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command in a session of its own."""
        with self.log.open("wb") as log:
            return subprocess.Popen(
                [sys.executable, *map(str, self.arguments)],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 (there is one thread)
            )

    def check(self, code: int) -> None:
        """Raise `RuntimeError` with the last lines that the command printed if it failed."""
        if code:
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(f"{' '.join(map(str, self.arguments))} ended with {code}:\n{last}")


def run_in_turns(commands: Sequence[Command], turn_seconds: float = TURN_SECONDS) -> None:
    """Run the commands to their ends; raises `RuntimeError` as soon as one fails, and ends the others."""
    started: list[tuple[Command, subprocess.Popen[bytes]]] = []
    try:
        for command in commands:
            process = command.start()
            started.append((command, process))
            _stop(process)
        while waiting := [(command, process) for command, process in started if process.returncode is None]:
            for command, process in waiting:
                _send(process, signal.SIGCONT)
                try:
                    command.check(process.wait(turn_seconds if len(waiting) > 1 else None))
                except subprocess.TimeoutExpired:
                    _stop(process)
    finally:
        _end([process for _, process in started if process.returncode is None])


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask processes to end, so that trainings write a checkpoint, and kill those that do not."""
    for process in processes:
        _send(process, signal.SIGTERM)
        _send(process, signal.SIGCONT)
    for process in processes:
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            _send(process, signal.SIGKILL)
            process.wait()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, and wait until it is."""
    _send(process, signal.SIGSTOP)
    if process.returncode is None:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and those that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, number)


def _end_with_parent() -> None:
    """Let the system kill this process when its parent ends; runs in the child."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
