"""A run that is killed at any moment and resumed is the run that was not (law 6).

Run as a program, this file is the process that gets killed: `test_interruption.py DATA OUT`.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from schemalm.model.configuration import GPTConfiguration
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import WALL_CLOCK_FIELDS

NUM_KILLS = 20
CONFIGURATION = TrainingConfiguration(
    num_steps=1500,
    model=GPTConfiguration(
        vocab_size=64,
        context_size=16,
        num_layers=2,
        num_heads=2,
        num_key_value_heads=2,
        model_width=32,
        mlp_width=64,
        num_states=10,
    ),
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
    return [{key: value for key, value in line.items() if key not in WALL_CLOCK_FIELDS} for line in lines]


def start(data: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, __file__, str(data), str(out)], stderr=subprocess.PIPE)


def wait_for_step(out: Path, step: int, process: subprocess.Popen[bytes]) -> None:
    """Return once `step` is logged, or the process has ended."""
    path = out / "metrics.jsonl"
    wanted = f'"step": {step},'.encode()
    while process.poll() is None and not (path.exists() and wanted in path.read_bytes()):
        time.sleep(0.001)


def test_a_run_killed_at_twenty_moments_logs_what_an_uninterrupted_one_logs(data: Path, tmp_path: Path) -> None:
    generator = random.Random(0)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    process = start(data, whole)
    # Twenty moments: a step somewhere in the run, and then some milliseconds, to fall into every part of a step.
    for step in sorted(generator.sample(range(1, CONFIGURATION.num_steps - 50), NUM_KILLS)):
        victim = start(data, killed)
        wait_for_step(killed, step, victim)
        time.sleep(generator.uniform(0, 0.02))
        assert victim.poll() is None, victim.communicate()[1].decode()
        victim.kill()
        victim.communicate()
    for last in (process, start(data, killed)):
        assert last.wait() == 0, last.communicate()[1].decode()
        last.communicate()

    assert metrics_without_clock(killed) == metrics_without_clock(whole)
    for name in ("model.safetensors", "optimizer.safetensors"):
        place = Path("checkpoints") / f"{CONFIGURATION.num_steps:06d}" / name
        assert (killed / place).read_bytes() == (whole / place).read_bytes()


if __name__ == "__main__":
    torch.set_num_threads(1)
    train(Path(sys.argv[1]), Path(sys.argv[2]), CONFIGURATION, resume="auto")
