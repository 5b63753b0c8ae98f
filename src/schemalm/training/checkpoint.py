"""Checkpoints: everything that training needs to go on exactly, in folders that are whole or absent.

    RUN/checkpoints/000500/
        model.safetensors       weights, float32
        optimizer.safetensors   the optimizer's state, `parameter/quantity`
        training.json           step, the loader's place, counters
        manifest.json           sha256 of the three; written last

A checkpoint is written into a hidden folder, every file is synced, and the folder is renamed into place: a kill at any
moment leaves a whole checkpoint or none. Removal renames first as well. Training draws the order of rows at random,
which the loader's place determines, and what a model drops, which the step does, so no generator state is kept. There
is no pickle in these files.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from schemalm.dataset.store import hash_file
from schemalm.errors import CheckpointError, DataError
from schemalm.files import sync_file, sync_folder
from schemalm.wording import reason_of

_MODEL, _OPTIMIZER, _TRAINING, _MANIFEST = (
    "model.safetensors",
    "optimizer.safetensors",
    "training.json",
    "manifest.json",
)
_FILES = (_MODEL, _OPTIMIZER, _TRAINING)
# Of a start from nothing.
NO_STEP = -1


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands after `step` updates.

    `interval_*` accumulate since the last logged line; the smoothed loss and the lowest that it was are in nats per
    token, None before the first update.
    """

    step: int = 0
    epoch: int = 0
    position: int = 0
    num_tokens: int = 0
    interval_loss: float = 0.0
    interval_tokens: int = 0
    smoothed_loss: float | None = None
    lowest_loss: float | None = None
    elapsed_seconds: float = 0.0


def checkpoint_folder(run: Path, step: int) -> Path:
    """The folder of the checkpoint of `step`."""
    return run / "checkpoints" / f"{step:06d}"


def checkpoint_steps(run: Path) -> list[int]:
    """The steps that have a checkpoint folder, ascending, whether or not the folder is undamaged."""
    folder = run / "checkpoints"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def save_checkpoint(run: Path, state: TrainingState, model: dict[str, Tensor], optimizer: dict[str, Tensor]) -> None:
    """Write the checkpoint of `state.step` durably, replacing one of the same step.

    Raises `CheckpointError` where that fails; the checkpoints before are left as they are, and nothing half written.
    """
    try:
        _write_checkpoint(run, state, model, optimizer)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(_partial_folder(run, state.step), ignore_errors=True)
        saved = ", ".join(map(str, checkpoint_steps(run))) or "none"
        raise CheckpointError(
            f"the checkpoint of step {state.step} could not be written into {run}: {error}. Whole ones are there "
            f"of the steps: {saved}. Make room or repair the disk, and go on with --resume auto"
        ) from None


def _write_checkpoint(run: Path, state: TrainingState, model: dict[str, Tensor], optimizer: dict[str, Tensor]) -> None:
    target = checkpoint_folder(run, state.step)
    partial = _partial_folder(run, state.step)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file(model, partial / _MODEL)
    save_file(optimizer, partial / _OPTIMIZER)
    (partial / _TRAINING).write_text(json.dumps(asdict(state), indent=2) + "\n")
    for name in _FILES:
        sync_file(partial / name)
    manifest = {"files": {name: hash_file(partial / name) for name in _FILES}}
    (partial / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    sync_file(partial / _MANIFEST)
    sync_folder(partial)
    remove_checkpoints(run, [state.step])
    partial.rename(target)
    sync_folder(target.parent)


def _partial_folder(run: Path, step: int) -> Path:
    target = checkpoint_folder(run, step)
    return target.with_name(f".{target.name}.partial")


def remove_checkpoints(run: Path, steps: Iterable[int]) -> None:
    """Remove checkpoints so that none is ever seen half removed; steps without one are passed over."""
    for step in steps:
        folder = checkpoint_folder(run, step)
        if folder.exists():
            removed = folder.with_name(f".{folder.name}.removed")
            shutil.rmtree(removed, ignore_errors=True)
            folder.rename(removed)
            shutil.rmtree(removed)


def remove_leftovers(run: Path) -> None:
    """Remove what interrupted writing and removing left behind."""
    for pattern in (".*.partial", ".*.removed"):
        for path in (run / "checkpoints").glob(pattern):
            shutil.rmtree(path)


def prune_checkpoints(run: Path, num_kept: int, losses: dict[int, float]) -> None:
    """Remove all but the last `num_kept` checkpoints and the one with the lowest of the validation `losses`."""
    steps = checkpoint_steps(run)
    best = best_step(steps, losses)
    remove_checkpoints(run, [step for step in steps[:-num_kept] if step != best])


def best_step(steps: Iterable[int], losses: dict[int, float]) -> int | None:
    """The step with the lowest validation loss, the earliest of equals; None where none was evaluated."""
    return min((step for step in steps if step in losses), key=lambda step: (losses[step], step), default=None)


def verify_checkpoint(run: Path, step: int) -> None:
    """Raise `CheckpointError` unless the checkpoint is there and every file has the sha256 of its manifest."""
    folder = checkpoint_folder(run, step)
    if not folder.is_dir():
        steps = ", ".join(map(str, checkpoint_steps(run))) or "none"
        raise CheckpointError(f"{run} has no checkpoint of step {step}; it has: {steps}")
    try:
        files = json.loads((folder / _MANIFEST).read_bytes())["files"]
        damaged = [name for name in _FILES if hash_file(folder / name) != files[name]]
    except (OSError, ValueError, KeyError, TypeError, DataError) as error:
        raise CheckpointError(f"checkpoint {folder} is damaged: {reason_of(error)}") from None
    if damaged:
        raise CheckpointError(f"checkpoint {folder} is damaged: {', '.join(damaged)} differs from its manifest")


def read_checkpoint(run: Path, step: int) -> tuple[TrainingState, dict[str, Tensor], dict[str, Tensor]]:
    """The verified checkpoint of `step`: state, weights and the optimizer's tensors, on the CPU."""
    verify_checkpoint(run, step)
    folder = checkpoint_folder(run, step)
    try:
        state = TrainingState(**json.loads((folder / _TRAINING).read_bytes()))
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"checkpoint {folder} is of another version: {error}") from None
    return state, read_tensors(folder / _MODEL), read_tensors(folder / _OPTIMIZER)


def read_weights(run: Path, step: int, device: torch.device | str) -> dict[str, Tensor]:
    """The weights of the verified checkpoint of `step`, on `device`."""
    verify_checkpoint(run, step)
    return read_tensors(checkpoint_folder(run, step) / _MODEL, device)


def weights_sha256(run: Path, step: int) -> str:
    """The sha256 of the weights in the verified checkpoint of `step`."""
    verify_checkpoint(run, step)
    return hash_file(checkpoint_folder(run, step) / _MODEL)


def read_tensors(path: Path, device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """The tensors of a safetensors file; raises `CheckpointError` where it is none."""
    try:
        return load_file(path, device=str(device))
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read: {reason_of(error)}") from None


def newest_whole_checkpoint(run: Path) -> tuple[int | None, list[str]]:
    """The newest step whose checkpoint verifies, None where there is none, and what is wrong with newer ones."""
    problems: list[str] = []
    for step in reversed(checkpoint_steps(run)):
        try:
            verify_checkpoint(run, step)
        except CheckpointError as error:
            problems.append(str(error))
        else:
            return step, problems
    return None, problems
