"""Checkpoints are complete or refused; pruning keeps the newest and the best."""

from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from schemalm.dataset.store import hash_file
from schemalm.errors import CheckpointError
from schemalm.training.checkpoint import (
    TrainingState,
    best_step,
    checkpoint_folder,
    checkpoint_steps,
    newest_undamaged_checkpoint,
    prune_checkpoints,
    read_checkpoint,
    remove_leftovers,
    save_checkpoint,
    verify_checkpoint,
)

FILES = ["model.safetensors", "optimizer.safetensors", "training.json", "manifest.json"]


def save(run: Path, *steps: int) -> None:
    for step in steps:
        state = TrainingState(step=step, epoch=1, position=7, interval_loss=0.1 + 0.2, interval_tokens=3)
        save_checkpoint(run, state, {"w": torch.full((3, 4), float(step))}, {"w/step": torch.tensor(1.0)})


def test_a_checkpoint_is_read_back_exactly(tmp_path: Path) -> None:
    save(tmp_path, 500)
    state, weights, optimizer = read_checkpoint(tmp_path, 500)
    assert (tmp_path / "checkpoints" / "000500").is_dir()
    assert state == TrainingState(step=500, epoch=1, position=7, interval_loss=0.1 + 0.2, interval_tokens=3)
    assert torch.equal(weights["w"], torch.full((3, 4), 500.0))
    assert torch.equal(optimizer["w/step"], torch.tensor(1.0))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["remove", "truncate", "change"])
def test_damage_is_found_and_the_older_checkpoint_used(tmp_path: Path, name: str, damage: str) -> None:
    save(tmp_path, 10, 20)
    path = checkpoint_folder(tmp_path, 20) / name
    content = bytearray(path.read_bytes())
    path.unlink()
    if damage == "truncate":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "change":
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match="000020 is damaged"):
        verify_checkpoint(tmp_path, 20)
    step, problems = newest_undamaged_checkpoint(tmp_path)
    assert step == 10
    assert len(problems) == 1


def test_state_of_another_version_is_refused(tmp_path: Path) -> None:
    save(tmp_path, 10)
    folder = checkpoint_folder(tmp_path, 10)
    (folder / "training.json").write_text('{"step": 10, "unheard_of": 1}')
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["training.json"] = hash_file(folder / "training.json")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(CheckpointError, match="another version"):
        read_checkpoint(tmp_path, 10)


def test_a_missing_checkpoint_is_named_with_those_that_exist(tmp_path: Path) -> None:
    save(tmp_path, 10, 20)
    with pytest.raises(CheckpointError, match="no checkpoint of step 15; it has: 10, 20"):
        read_checkpoint(tmp_path, 15)


def test_leftovers_of_a_kill_are_not_a_checkpoint(tmp_path: Path) -> None:
    save(tmp_path, 10)
    for name in (".000020.partial", ".000005.removed"):
        checkpoint_folder(tmp_path, 10).with_name(name).mkdir()
    assert checkpoint_steps(tmp_path) == [10]
    remove_leftovers(tmp_path)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["000010"]


def test_pruning_keeps_the_newest_and_the_best(tmp_path: Path) -> None:
    save(tmp_path, 10, 20, 30, 40, 50)
    prune_checkpoints(tmp_path, 2, {10: 3.0, 20: 1.0, 30: 2.0, 45: 0.5})
    assert checkpoint_steps(tmp_path) == [20, 40, 50]
    prune_checkpoints(tmp_path, 1, {})
    assert checkpoint_steps(tmp_path) == [50]


def test_the_best_of_equals_is_the_earliest() -> None:
    assert best_step([10, 20, 30], {10: 2.0, 20: 1.0, 30: 1.0}) == 20
    assert best_step([10], {20: 1.0}) is None


def test_steps_beyond_six_digits_are_ordered_as_numbers(tmp_path: Path) -> None:
    save(tmp_path, 999_999, 1_000_000)
    assert checkpoint_steps(tmp_path) == [999_999, 1_000_000]


def save_under_limit(run: Path, num_bytes: int) -> None:
    """Save a checkpoint with a limit on file sizes, as on a full disk, and write the error beside the run."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, num_bytes))
    try:
        save_checkpoint(run, TrainingState(step=2), {"w": torch.zeros(1 << 16)}, {"w/step": torch.zeros(1 << 18)})
    except CheckpointError as error:
        run.with_name("error").write_text(str(error))


@pytest.mark.parametrize("num_bytes", [1 << 12, 1 << 19])
def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, num_bytes: int) -> None:
    run = tmp_path / "run"
    save_checkpoint(run, TrainingState(step=1), {"w": torch.ones(2)}, {})
    process = multiprocessing.get_context("forkserver").Process(target=save_under_limit, args=(run, num_bytes))
    process.start()
    process.join()
    message = (tmp_path / "error").read_text()
    assert "the checkpoint of step 2 could not be written" in message
    assert "of the steps: 1. Free space" in message
    assert newest_undamaged_checkpoint(run) == (1, [])
    assert [path.name for path in (run / "checkpoints").iterdir()] == [
        "000001"
    ]  # nor a part of one that fills the disk


def test_a_failing_rename_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, TrainingState(step=1), {"w": torch.ones(2)}, {})

    def fail(path: Path, target: Path) -> Path:
        raise PermissionError(13, "Permission denied", str(target))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", fail)
        with pytest.raises(CheckpointError, match=r"step 2 could not be written .* Permission denied"):
            save_checkpoint(tmp_path, TrainingState(step=2), {"w": torch.zeros(2)}, {})
    assert newest_undamaged_checkpoint(tmp_path) == (1, [])
    save_checkpoint(tmp_path, TrainingState(step=2), {"w": torch.zeros(2)}, {})
    assert newest_undamaged_checkpoint(tmp_path) == (2, [])


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo])
def test_a_file_in_place_of_a_checkpoint_is_not_a_checkpoint(tmp_path: Path, make: Callable[[Path], None]) -> None:
    save(tmp_path, 500)
    make(checkpoint_folder(tmp_path, 1000))
    assert newest_undamaged_checkpoint(tmp_path) == (500, [])
    save(tmp_path, 1000)
    assert newest_undamaged_checkpoint(tmp_path) == (1000, [])


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo])
def test_leftovers_that_are_not_folders_are_removed(tmp_path: Path, make: Callable[[Path], None]) -> None:
    save(tmp_path, 500)
    for name in (".000600.partial", ".000600.removed"):
        make(checkpoint_folder(tmp_path, 500).with_name(name))
    remove_leftovers(tmp_path)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["000500"]
