"""Several processes train the same as one, and if one of them dies, the job ends and says how to continue."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from schemalm.errors import SchemaLMError, TrainingError
from schemalm.interruption import TrainingInterrupted
from schemalm.training.checkpoint import checkpoint_steps
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import read_metrics
from schemalm.training.processes import Processes
from schemalm.training.progress import Progress

from .models import SMALL_MODEL

CONFIGURATION = TrainingConfiguration(
    num_steps=50,
    model=SMALL_MODEL,
    batch_size=8,
    warmup_steps=5,
    log_every=1,
    evaluate_every=25,
    checkpoint_every=25,
    num_evaluation_documents=8,
)
ENDLESS = replace(CONFIGURATION, num_steps=1_000_000, checkpoint_every=5, evaluate_every=1_000_000)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def train_one(data: Path, out: Path, configuration: TrainingConfiguration, rank: int, size: int, port: int) -> None:
    """Run one process of several, as torchrun would; write its error, if any, beside the run."""
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port)
    )
    try:
        train(data, out, configuration, resume="auto")
    except (SchemaLMError, TrainingInterrupted) as error:
        out.with_name(f"error-{rank}").write_text(f"{type(error).__name__}: {error}")


StartProcesses = Callable[[Path, Path, TrainingConfiguration, int], list[Any]]


@pytest.fixture
def start_processes() -> StartProcesses:
    """Start the processes of one run."""

    def start(data: Path, out: Path, configuration: TrainingConfiguration, size: int) -> list[Any]:
        context, port = multiprocessing.get_context("forkserver"), free_port()
        context.set_forkserver_preload(["schemalm.training.loop", "torch._dynamo"])
        arguments = [(data, out, configuration, rank, size, port) for rank in range(size)]
        processes = [context.Process(target=train_one, args=each) for each in arguments]
        for process in processes:
            process.start()
        return processes

    return start


def losses(run: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(run)]


# Sums are added in another order. Muon orthogonalizes in bfloat16, which amplifies the difference (docs/scale.md).
ADAMW, MUON = 2e-6, 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "settings", "bound"),
    [
        (2, {"optimizer": "adamw", "micro_batch_size": 1}, ADAMW),
        (4, {"optimizer": "adamw", "shard_optimizer": True}, ADAMW),
        (2, {"optimizer": "adamw", "packing": "documents", "micro_batch_size": 3}, ADAMW),
        (2, {"shard_optimizer": True}, MUON),
        (4, {}, MUON),
    ],
)
def test_the_number_of_processes_changes_nothing_but_last_digits(
    data: Path, tmp_path: Path, start_processes: StartProcesses, size: int, settings: dict[str, Any], bound: float
) -> None:
    configuration = replace(CONFIGURATION, **settings)
    train(data, tmp_path / "one", configuration)
    for process in start_processes(data, tmp_path / "several", configuration, size):
        process.join()
        assert process.exitcode == 0
    assert not list(tmp_path.glob("error-*"))
    expected, found = losses(tmp_path / "one"), losses(tmp_path / "several")
    assert len(expected) == 50 + 2
    assert found == pytest.approx(expected, abs=bound)
    assert found[0] == pytest.approx(expected[0], abs=ADAMW)


@pytest.mark.slow
def test_a_killed_process_ends_the_others_and_the_run_resumes_in_one(
    data: Path, tmp_path: Path, start_processes: StartProcesses
) -> None:
    run = tmp_path / "run"
    processes = start_processes(data, run, ENDLESS, 2)
    while len(checkpoint_steps(run)) < 2:
        assert all(process.is_alive() for process in processes)
        time.sleep(0.01)
    os.kill(processes[1].pid, signal.SIGKILL)
    processes[0].join()
    message = (tmp_path / "error-0").read_text()
    assert message.startswith("TrainingError: process 0 of 2 lost the others")
    assert "--resume auto" in message
    reached = checkpoint_steps(run)[-1]
    listener = _Stop()
    with pytest.raises(KeyboardInterrupt):
        train(data, run, replace(ENDLESS, shard_optimizer=True), resume="auto", report=listener)
    assert listener.first_step >= reached


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "asked", "settings"),
    [(signal.SIGTERM, [1], {}), (signal.SIGINT, [0, 1], {"shard_optimizer": True})],
)
def test_processes_stop_together_if_one_gets_a_signal_and_the_first_saves(
    data: Path,
    tmp_path: Path,
    start_processes: StartProcesses,
    number: int,
    asked: list[int],
    settings: dict[str, Any],
) -> None:
    run, configuration = tmp_path / "run", replace(ENDLESS, **settings)
    processes = start_processes(data, run, configuration, 2)
    while not checkpoint_steps(run):
        assert all(process.is_alive() for process in processes)
        time.sleep(0.01)
    for rank in asked:
        os.kill(processes[rank].pid, number)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    messages = {(tmp_path / f"error-{rank}").read_text() for rank in range(2)}
    reached = checkpoint_steps(run)[-1]
    assert messages == {
        f"TrainingInterrupted: interrupted, and nothing is lost: the newest checkpoint is of step {reached} in {run}"
    }
    listener = _Stop()
    with pytest.raises(KeyboardInterrupt):
        train(data, run, configuration, resume="auto", report=listener)
    assert listener.first_step == reached
    assert read_metrics(run)[-1]["step"] == reached


class _Stop(Progress):
    """Records where training starts, and interrupts it."""

    first_step = 0

    def begin(self, step: int, num_steps: int) -> None:
        self.first_step = step
        raise KeyboardInterrupt


def test_more_processes_than_rows_are_refused_by_all(
    data: Path, tmp_path: Path, start_processes: StartProcesses
) -> None:
    for process in start_processes(data, tmp_path / "run", replace(CONFIGURATION, batch_size=1), 2):
        process.join()
    for rank in range(2):
        assert "less than one row for each of 2 processes" in (tmp_path / f"error-{rank}").read_text()


def test_an_error_of_the_first_process_ends_all(data: Path, tmp_path: Path, start_processes: StartProcesses) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "other.txt").touch()
    for process in start_processes(data, tmp_path / "run", CONFIGURATION, 2):
        process.join()
    assert "not a run folder" in (tmp_path / "error-0").read_text()
    assert "the first process failed" in (tmp_path / "error-1").read_text()


def test_one_process_alone_needs_no_group() -> None:
    alone = Processes(torch.device("cpu"))
    assert alone.sums(1.0, 2.0) == [1.0, 2.0]
    assert alone.decided_by_first(lambda: 7) == 7
    alone.wait()
    with pytest.raises(TrainingError, match="as it is"):
        alone.decided_by_first(_refuse)


def _refuse() -> int:
    raise TrainingError("as it is")
