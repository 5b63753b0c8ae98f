"""Runs each call in a process of its own, so that a crash, a hang or memory exhaustion is a result like any other.

Processes are forked. This is cheap and starts every call from the same state: no call sees another call's caches, so
results do not depend on order. The calling process must have no other threads, because fork copies only the calling
one. For Linux: `RLIMIT_AS` is not enforced everywhere.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import FrameType
from typing import Any, Generic, Literal, TypeVar

FailureStatus = Literal["crashed", "timed out", "out of memory"]
Argument = TypeVar("Argument")
Result = TypeVar("Result")
_FORK = multiprocessing.get_context("fork")
# When its CPU time is up, a call gets a signal; if it does not end, it is killed this much later.
_GRACE_SECONDS = 5


@dataclass(frozen=True)
class ProcessLimits:
    """Resources of one call; the long wall time catches calls that sleep, so a busy machine changes no result."""

    address_space_bytes: int = 2 << 30
    processor_seconds: int = 120
    wall_seconds: float = 900.0


@dataclass(frozen=True)
class Failure:
    """How a call ended without a result."""

    status: FailureStatus
    message: str = ""


class OutOfTime(BaseException):
    """Raised in a call whose CPU time is up."""


def describe(error: BaseException) -> Failure:
    """Returns a failure from the error of a call, with the innermost frame of its traceback.

    Removes this process's memory limit, since it may need memory to report the failure.
    """
    hard_memory = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard_memory, hard_memory))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name != _stop.__name__]
    location = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name})" if frames else ""
    if isinstance(error, OutOfTime):
        return Failure("timed out", f"processor time is up{location}")
    if isinstance(error, MemoryError):
        return Failure("out of memory", f"memory is up{location}")
    return Failure("crashed", f"{type(error).__name__}: {error}{location}")


def call_each(
    function: Callable[[Argument], Result],
    arguments: Iterable[Argument],
    limits: ProcessLimits,
    num_processes: int,
) -> Iterator[tuple[Argument, Result | Failure]]:
    """Calls the function on each argument in a process of its own; yields each argument with its result as it ends."""
    waiting = iter(arguments)
    running: dict[Connection, _Call[Argument]] = {}
    try:
        while True:
            for argument in islice(waiting, num_processes - len(running)):
                receiver, call = _start(function, argument, limits)
                running[receiver] = call
            if not running:
                return
            first_deadline = min(call.deadline for call in running.values())
            ready = wait(list(running), max(0.0, first_deadline - time.monotonic()))
            ended = [
                (receiver, call)
                for receiver, call in running.items()
                if receiver in ready or call.deadline <= time.monotonic()
            ]
            for receiver, call in ended:
                del running[receiver]
                yield call.argument, _finish(receiver, call, in_time=receiver in ready)
    finally:
        for call in running.values():
            call.process.kill()
            call.process.join()


@dataclass(frozen=True)
class _Call(Generic[Argument]):
    argument: Argument
    process: ForkProcess
    deadline: float


def _start(
    function: Callable[[Argument], Any], argument: Argument, limits: ProcessLimits
) -> tuple[Connection, _Call[Argument]]:
    receiver, sender = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_run, args=(function, argument, limits, sender))
    process.start()
    sender.close()  # no later process inherits it, so the pipe closes when this process ends
    return receiver, _Call(argument, process, time.monotonic() + limits.wall_seconds)


def _finish(receiver: Connection, call: _Call[Any], in_time: bool) -> Any:
    try:
        if not in_time:
            call.process.kill()
            return Failure("timed out", "wall time is up")
        return receiver.recv()
    except (EOFError, OSError):
        call.process.join()
        code = call.process.exitcode or 0
        ended = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        return Failure("crashed", ended)
    finally:
        receiver.close()
        call.process.join()
        call.process.close()


def _run(function: Callable[[Any], Any], argument: Any, limits: ProcessLimits, sender: Connection) -> None:
    """Sets the limits, calls the function and sends the result; runs in the new process."""
    hard_memory = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limits.address_space_bytes, hard_memory))
    seconds = limits.processor_seconds
    signal.signal(signal.SIGXCPU, _stop)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + _GRACE_SECONDS))
    result: Any
    try:
        result = function(argument)
    except (Exception, OutOfTime) as error:
        result = describe(error)
    sender.send(result)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # only once, because handling it may take a moment
    raise OutOfTime
