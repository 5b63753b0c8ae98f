"""A run that is killed at any moment and resumed is the run that was not (law 6)."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import MEASURED_FIELDS

from .models import SMALL_MODEL

NUM_KILLS = 20
CONFIGURATION = TrainingConfiguration(
    num_steps=400,
    model=replace(SMALL_MODEL, num_layers=2, model_width=32, mlp_width=64),
    batch_size=4,
    warmup_steps=10,
    log_every=1,
    evaluate_every=30,
    checkpoint_every=10,
    num_evaluation_documents=4,
    keep_checkpoints=2,
)


def metrics_without_clock(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key not in MEASURED_FIELDS} for line in lines]


class Training:
    """A process that trains until it is killed or done; its processes are forked from one that has torch loaded."""

    def __init__(self, data: Path, out: Path) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["schemalm.training.loop", "torch._dynamo"])  # optimizers import the latter
        self._out = out
        self._process = context.Process(target=train, args=(data, out, CONFIGURATION), kwargs={"resume": "auto"})
        self._process.start()

    def kill_at(self, step: int, seconds_later: float) -> None:
        """Kill the process `seconds_later` after it logged `step`."""
        path, wanted = self._out / "metrics.jsonl", f'"step": {step},'.encode()
        while self._process.is_alive() and not (path.exists() and wanted in path.read_bytes()):
            time.sleep(0.001)
        time.sleep(seconds_later)
        assert self._process.is_alive(), "the run ended before it could be killed"
        self._process.kill()
        self._process.join()

    def finish(self) -> None:
        """Wait for the end of the run, which must be a good one."""
        self._process.join()
        assert self._process.exitcode == 0


def test_a_run_killed_at_twenty_moments_logs_what_an_uninterrupted_one_logs(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    generator = random.Random(0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    uninterrupted = Training(data, whole)
    # A step anywhere in the run, and then some milliseconds, to fall into every part of a step.
    for step in sorted(generator.sample(range(1, CONFIGURATION.num_steps - 200), NUM_KILLS)):
        Training(data, killed).kill_at(step, generator.uniform(0, 0.02))
    Training(data, killed).finish()
    uninterrupted.finish()

    assert metrics_without_clock(killed) == metrics_without_clock(whole)
    for name in ("model.safetensors", "optimizer.safetensors"):
        place = Path("checkpoints") / f"{CONFIGURATION.num_steps:06d}" / name
        assert (killed / place).read_bytes() == (whole / place).read_bytes()
