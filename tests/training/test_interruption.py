"""A run that is killed at any moment and resumed equals one that was not (law 6)."""

from __future__ import annotations

import json
import multiprocessing
import random
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import MEASURED_FIELDS
from schemalm.training.progress import Progress

from .models import SMALL_MODEL

NUM_KILLS = 20
CONFIGURATION = TrainingConfiguration(
    num_steps=250,
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


@dataclass(frozen=True)
class Killed(Progress):
    """Kills the process `seconds_later` after it logged `step`, whatever it is doing, even on a busy machine."""

    step: int
    seconds_later: float

    def log(self, line: dict[str, Any]) -> None:
        if line["step"] == self.step:
            signal.setitimer(signal.ITIMER_REAL, self.seconds_later)  # nothing handles the signal, so it kills


def exit_code(data: Path, out: Path, report: Progress | None = None) -> int | None:
    """Train in a separate process, forked from one that has loaded torch."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["schemalm.training.loop", "torch._dynamo"])  # optimizers import the latter
    options = {"resume": "auto", "report": report}
    process = context.Process(target=train, args=(data, out, CONFIGURATION), kwargs=options)
    process.start()
    process.join()
    return process.exitcode


@pytest.mark.slow
def test_a_run_killed_at_twenty_moments_logs_what_an_uninterrupted_one_logs(data: Path, tmp_path: Path) -> None:
    generator = random.Random(0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert exit_code(data, whole) == 0
    # A random step and some milliseconds, to hit every part of a step.
    for step in sorted(generator.sample(range(1, CONFIGURATION.num_steps - 50), NUM_KILLS)):
        assert exit_code(data, killed, Killed(step, generator.uniform(0.0001, 0.02))) == -signal.SIGALRM
    assert exit_code(data, killed) == 0

    assert metrics_without_clock(killed) == metrics_without_clock(whole)
    for name in ("model.safetensors", "optimizer.safetensors"):
        place = Path("checkpoints") / f"{CONFIGURATION.num_steps:06d}" / name
        assert (killed / place).read_bytes() == (whole / place).read_bytes()
