"""Runs a program with bounds on its time and its output, without a shell.

In go the words of a command and its standard input; out come its exit code and what it wrote. A program that is not
done in time or writes too much is ended, with all that it started.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO, Any

from schemalm.messages.wording import reason_of

MAX_OUTPUT_BYTES = 1 << 24
_READ_BYTES = 1 << 16
_NUM_CHARACTERS = 200  # of the errors in a message
# For the last of the output, after the program ended.
_SECONDS_FOR_THE_REST = 5.0


class FailedJudgeError(Exception):
    """A program ended without verdicts."""


@dataclass(frozen=True)
class Finished:
    """How a program ended: its exit code, and what it wrote to its standard output and error streams."""

    code: int
    output: str
    errors: str

    def failed(self, program: str) -> FailedJudgeError:
        """Return the error of a program that ended without verdicts."""
        return FailedJudgeError(f"{program} ended with {self.code}: {self.errors[-_NUM_CHARACTERS:].strip()}")

    def json(self, program: str) -> Any:
        """Return its output, which is JSON; raises `FailedJudgeError` if it is not."""
        try:
            return json.loads(self.output)
        except (ValueError, RecursionError):
            raise self.failed(program) from None


def run_program(
    command: Sequence[str],
    text: str = "",
    *,
    folder: Path | None = None,
    limit_seconds: float,
    max_bytes: int = MAX_OUTPUT_BYTES,
) -> Finished:
    """Run a program in a folder with a text as its standard input.

    max_bytes: of each of its two streams. Raises `FailedJudgeError` if it cannot be started, or breaks a bound.
    """
    with TemporaryFile() as given:
        given.write(text.encode("utf-8", "surrogatepass"))
        given.seek(0)
        process = _started(command, given, folder)
    streams = [_Stream(process, stream, max_bytes) for stream in (process.stdout, process.stderr) if stream]
    try:
        code = process.wait(limit_seconds)
    except subprocess.TimeoutExpired:
        raise FailedJudgeError(f"no verdict within {limit_seconds:,.0f} s") from None
    finally:
        end_program(process)
        output, errors = (stream.close() for stream in streams)
    if any(stream.is_too_long for stream in streams):
        raise FailedJudgeError(f"more than {max_bytes:,} bytes of output")
    return Finished(code, output, errors)


def _started(command: Sequence[str], given: IO[bytes], folder: Path | None) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            bufsize=0,
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise FailedJudgeError(f"{command[0]} cannot be run: {reason_of(error)}") from None


def end_program(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started, which share its process group; nothing happens to what has ended."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


class _Stream:
    """What a program writes to one of its streams, read in a thread of its own so that the program never waits."""

    def __init__(self, process: subprocess.Popen[bytes], stream: IO[bytes], max_bytes: int) -> None:
        self.is_too_long = False
        self._process, self._stream, self._max_bytes = process, stream, max_bytes
        self._content = bytearray()
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with suppress(OSError, ValueError):  # closed, since somebody outside the group still held the other end
            while piece := self._stream.read(_READ_BYTES):
                self._content += piece
                if len(self._content) > self._max_bytes:
                    self.is_too_long = True
                    self._process.kill()
                    return

    def close(self) -> str:
        """Return what was written, once the program has ended."""
        self._thread.join(_SECONDS_FOR_THE_REST)
        self._stream.close()
        return self._content[: self._max_bytes].decode("utf-8", "replace")
