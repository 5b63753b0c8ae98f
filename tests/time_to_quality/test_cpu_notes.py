"""The CPU seconds of the steps of a training, over interruptions."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path

import pytest

import quality
from quality.cpu_notes import CPUNotes, cpu_seconds, noted_seconds, num_interruptions


def write(path: Path, *sittings: list[tuple[int, float]]) -> Path:
    lines = [
        json.dumps({"step": step, "seconds": seconds, "is_first": number == 0})
        for sitting in sittings
        for number, (step, seconds) in enumerate(sitting)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_seconds_of_all_steps_are_summed_with_compilation(tmp_path: Path) -> None:
    notes = write(tmp_path / "cpu.jsonl", [(1, 30.0), (2, 1.0), (3, 2.0)])
    assert noted_seconds(notes, 3) == 33.0
    assert num_interruptions(notes) == 0


def test_steps_that_an_interruption_repeats_count_once(tmp_path: Path) -> None:
    notes = write(tmp_path / "cpu.jsonl", [(1, 30.0), (2, 1.0), (3, 1.0)], [(2, 40.0), (3, 5.0), (4, 1.0)])
    assert noted_seconds(notes, 4) == 33.0
    assert num_interruptions(notes) == 1


def test_the_first_step_after_an_interruption_counts_as_a_usual_step(tmp_path: Path) -> None:
    notes = write(tmp_path / "cpu.jsonl", [(1, 30.0), (2, 1.0)], [(3, 40.0), (4, 1.0)])
    assert noted_seconds(notes, 4) == 33.0


def test_a_line_that_a_killed_process_left_unfinished_is_ignored(tmp_path: Path) -> None:
    notes = write(tmp_path / "cpu.jsonl", [(1, 30.0), (2, 1.0)])
    with notes.open("a") as file:
        file.write('{"step": 3, "sec')
    CPUNotes(notes).step_done(3)
    assert noted_seconds(notes, 3) == 32.0


def test_a_missing_step_is_an_error(tmp_path: Path) -> None:
    notes = write(tmp_path / "cpu.jsonl", [(1, 30.0), (3, 1.0)])
    with pytest.raises(RuntimeError, match="missing, first of step 2"):
        noted_seconds(notes, 3)


def spend(seconds: float) -> None:
    end = cpu_seconds() + seconds
    while cpu_seconds() < end:
        pass


def test_the_tracker_counts_steps_and_neither_validation_nor_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(quality.__file__).parent / "tracker" / "wandb.py"
    spec = importlib.util.spec_from_file_location("stand_in", path)
    assert spec is not None
    assert spec.loader is not None
    wandb = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wandb)
    monkeypatch.setenv(wandb.NOTES, str(tmp_path / "cpu.jsonl"))
    run = wandb.init(project="any", settings=wandb.Settings(console="off"))
    spend(0.05)
    run.log({"train/loss": 1.0}, step=1)
    spend(0.3)
    run.log({"validation/loss": 1.0}, step=1)
    time.sleep(0.3)
    run.log({"train/loss": 1.0}, step=2)
    run.finish()
    assert 0.04 < noted_seconds(tmp_path / "cpu.jsonl", 2) < 0.2
