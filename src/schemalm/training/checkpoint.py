"""Checkpoints: everything that training needs to resume exactly, in folders that are complete or absent.

    RUN/checkpoints/000500/
        model.safetensors       weights, float32
        optimizer.safetensors   the optimizer's state, `parameter/quantity`
        training.json           step, the loader's position, counters
        manifest.json           sha256 of the three; written last

A checkpoint is written into a hidden folder, every file is flushed to disk, and the folder is renamed: after a kill at
any moment the checkpoint is complete or absent. Removal renames first as well. Checkpoints may come from untrusted
sources: links in the run folder are not followed, shapes are compared before tensors are read, and there is no pickle
in the files. No generator state is kept: the loader's position determines the order of rows, and the step determines
what dropout drops.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from schemalm.dataset.store import hash_file
from schemalm.errors import CheckpointError, DataError
from schemalm.files.folders import open_inside, path_inside
from schemalm.files.typed_json import MAX_BYTES, Amount, CheckedFile, Count, Finite, Sha256
from schemalm.files.writing import remove_entry, sync_file, sync_folder
from schemalm.messages.visible import visible_name
from schemalm.messages.wording import reason_of

_MODEL, _OPTIMIZER, _TRAINING, _MANIFEST = (
    "model.safetensors",
    "optimizer.safetensors",
    "training.json",
    "manifest.json",
)
_FILES = (_MODEL, _OPTIMIZER, _TRAINING)
CHECKPOINTS = "checkpoints"
_ADVICE = "it is damaged or of another version: use another checkpoint, or train again"
# A safetensors file starts with the length of its header in 8 bytes, which must not exceed this. 1,000 layers take 1
# MB.
_MAX_HEADER_BYTES = 1 << 24

# The shape of each tensor by name.
Shapes = Mapping[str, tuple[int, ...]]
# The step of a new run.
NO_STEP = -1


@dataclass(frozen=True)
class TrainingState:
    """The state of a run after `step` updates.

    `interval_*` are sums since the last logged line. The smoothed loss and its lowest value are in nats per token, None
    before the first update.
    """

    step: Count = 0
    epoch: Count = 0
    position: Count = 0
    num_tokens: Count = 0
    interval_loss: Finite = 0.0
    interval_tokens: Count = 0
    smoothed_loss: Finite | None = None
    lowest_loss: Finite | None = None
    elapsed_seconds: Amount = 0.0


@dataclass(frozen=True)
class _Manifest:
    files: dict[str, Sha256]

    def __post_init__(self) -> None:
        if self.files.keys() != set(_FILES):
            raise ValueError(f"files must name {', '.join(_FILES)}")


def checkpoint_folder(run: Path, step: int) -> Path:
    """Return the folder of the checkpoint of `step`; raises `CheckpointError` if a link is on the way."""
    return _path_in(run, f"{step:06d}")


def _path_in(run: Path, *names: str) -> Path:
    try:
        return path_inside(run, CHECKPOINTS, *names)
    except OSError as error:
        raise CheckpointError(f"{error.filename} is not read: {reason_of(error)}") from None


def checkpoint_steps(run: Path) -> list[int]:
    """Return the steps with a checkpoint folder, ascending, whether damaged or not."""
    folder = _path_in(run)
    # Links are listed too, so that reading them is refused.
    names = [path.name for path in folder.iterdir() if path.is_dir() or path.is_symlink()] if folder.is_dir() else []
    return sorted(
        {int(name) for name in names if name.isascii() and name.isdigit() and f"{int(name[:18]):06d}" == name}
    )


def save_checkpoint(run: Path, state: TrainingState, model: dict[str, Tensor], optimizer: dict[str, Tensor]) -> None:
    """Write the checkpoint of `state.step` and flush it to disk, replacing one of the same step.

    Raises `CheckpointError` if that fails; earlier checkpoints are unchanged then, and nothing half-written remains.
    """
    try:
        _write_checkpoint(run, state, model, optimizer)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(_partial_folder(run, state.step), ignore_errors=True)
        saved = ", ".join(map(str, checkpoint_steps(run))) or "none"
        raise CheckpointError(
            f"the checkpoint of step {state.step} could not be written into {run}: {error}. Complete checkpoints "
            f"exist of the steps: {saved}. Free space or repair the disk, and continue with --resume auto"
        ) from None


def _write_checkpoint(run: Path, state: TrainingState, model: dict[str, Tensor], optimizer: dict[str, Tensor]) -> None:
    target = checkpoint_folder(run, state.step)
    partial = _partial_folder(run, state.step)
    remove_entry(partial)
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
    """Remove checkpoints atomically; steps without a checkpoint are ignored."""
    for step in steps:
        folder = checkpoint_folder(run, step)
        if folder.exists():
            removed = folder.with_name(f".{folder.name}.removed")
            remove_entry(removed)
            folder.rename(removed)
            remove_entry(removed)


def remove_leftovers(run: Path) -> None:
    """Remove what interrupted writes and removals left behind."""
    for pattern in (".*.partial", ".*.removed"):
        for path in _path_in(run).glob(pattern):
            remove_entry(_path_in(run, path.name))


def prune_checkpoints(run: Path, num_kept: int, losses: dict[int, float]) -> None:
    """Remove all checkpoints but the last `num_kept` and the one with the lowest of the validation `losses`."""
    steps = checkpoint_steps(run)
    best = best_step(steps, losses)
    remove_checkpoints(run, [step for step in steps[:-num_kept] if step != best])


def best_step(steps: Iterable[int], losses: dict[int, float]) -> int | None:
    """Return the step with the lowest validation loss, the earliest if equal; None if none was evaluated."""
    return min((step for step in steps if step in losses), key=lambda step: (losses[step], step), default=None)


def verify_checkpoint(run: Path, step: int, shapes: Shapes | None = None) -> None:
    """Raise `CheckpointError` unless the checkpoint exists and every file has the sha256 in its manifest.

    shapes: the expected shapes of the weights, compared before any file is read in full; None skips this.
    """
    folder = checkpoint_folder(run, step)
    if not folder.is_dir():
        steps = ", ".join(map(str, checkpoint_steps(run))) or "none"
        raise CheckpointError(f"{run} has no checkpoint of step {step}; it has: {steps}")
    try:
        files = CheckedFile(folder, _MANIFEST, CheckpointError, _ADVICE).read(_Manifest).files
        _check_sizes(folder, shapes)
        damaged = [name for name in _FILES if hash_file(folder / name) != files[name]]
    except (CheckpointError, DataError) as error:
        raise CheckpointError(f"checkpoint {folder} is damaged: {error}") from None
    if damaged:
        raise CheckpointError(f"checkpoint {folder} is damaged: {', '.join(damaged)} differs from its manifest")


def read_checkpoint(
    run: Path, step: int, shapes: Shapes | None = None
) -> tuple[TrainingState, dict[str, Tensor], dict[str, Tensor]]:
    """Return the verified checkpoint of `step`: state, weights and the optimizer's tensors, on the CPU."""
    verify_checkpoint(run, step, shapes)
    folder = checkpoint_folder(run, step)
    file = CheckedFile(folder, _TRAINING, CheckpointError, _ADVICE)
    state = file.read(TrainingState)
    if state.step != step:
        file.fail(f"expected {step}, the step of its folder, found {state.step}", ("step",))
    return state, read_tensors(folder / _MODEL), read_tensors(folder / _OPTIMIZER)


def read_weights(run: Path, step: int, device: torch.device | str, shapes: Shapes | None = None) -> dict[str, Tensor]:
    """Return the weights of the verified checkpoint of `step`, on `device`."""
    verify_checkpoint(run, step, shapes)
    return read_tensors(checkpoint_folder(run, step) / _MODEL, device)


def weights_sha256(run: Path, step: int, shapes: Shapes | None = None) -> str:
    """Return the sha256 of the weights in the verified checkpoint of `step`."""
    verify_checkpoint(run, step, shapes)
    return hash_file(checkpoint_folder(run, step) / _MODEL)


def read_tensors(path: Path, device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """Return the tensors of a safetensors file; raises `CheckpointError` unless all are finite float32."""
    _check_header(path)
    try:
        with safe_open(path, "pt", str(device)) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dictionary)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read: {reason_of(error)}") from None
    for name, tensor in tensors.items():
        if tensor.dtype != torch.float32 or not tensor.isfinite().all():
            found = tensor.dtype if tensor.dtype != torch.float32 else "NaN or infinity among them"
            raise CheckpointError(
                f"{path}: {visible_name(name)} must be finite numbers of torch.float32, found {found}"
            )
    return tensors


def _check_sizes(folder: Path, shapes: Shapes | None) -> None:
    """Raise `CheckpointError` if a file is larger than possible, before any file is read in full."""
    most = {_TRAINING: MAX_BYTES}
    if shapes is not None:
        _check_shapes(folder / _MODEL, shapes)
        # An optimizer has at most two numbers for each weight, and one for each tensor.
        most[_OPTIMIZER] = 2 * (folder / _MODEL).stat().st_size + _MAX_HEADER_BYTES
    for name, max_bytes in most.items():
        if (size := _size(folder / name)) > max_bytes:
            raise CheckpointError(f"{name} has {size:,} bytes, expected at most {max_bytes:,}")


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {reason_of(error)}") from None


def _check_header(path: Path, num_weights: int | None = None) -> None:
    """Raise `CheckpointError` unless a file is a regular file whose header has an acceptable length.

    num_weights: the number of float32 numbers after the header, or None if unknown.
    """
    try:
        with open_inside(path.parent, path.name) as file:
            header_bytes, size = int.from_bytes(file.read(8), "little"), os.fstat(file.fileno()).st_size
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {reason_of(error)}") from None
    if num_weights is not None and size != 8 + header_bytes + 4 * num_weights:
        raise CheckpointError(
            f"{path} does not fit the configuration: it has {size:,} bytes, expected {4 * num_weights:,} "
            "for the weights, plus the header"
        )
    most = min(_MAX_HEADER_BYTES, size - 8)
    if header_bytes > most:
        raise CheckpointError(
            f"{path} is not a safetensors file: its header has {header_bytes:,} bytes, expected at most {most:,}"
        )


def _check_shapes(path: Path, shapes: Shapes) -> None:
    """Raise `CheckpointError` unless the header of a file declares tensors of these shapes; no tensor is read."""
    _check_header(path, sum(map(math.prod, shapes.values())))
    try:
        with safe_open(path, "pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be read: {reason_of(error)}") from None
    differing = [name for name in sorted(found.keys() | shapes.keys()) if found.get(name) != shapes.get(name)]
    if differing:
        name = differing[0]
        then, now = shapes.get(name, "no such tensor"), found.get(name, "none")
        raise CheckpointError(
            f"{path} does not fit the configuration: {visible_name(name)}: expected {then}, found {now}"
        )


def newest_undamaged_checkpoint(run: Path, shapes: Shapes | None = None) -> tuple[int | None, list[str]]:
    """Return the newest step with an undamaged checkpoint (or None), and the problems of the newer ones."""
    problems: list[str] = []
    for step in reversed(checkpoint_steps(run)):
        try:
            verify_checkpoint(run, step, shapes)
        except CheckpointError as error:
            problems.append(str(error))
        else:
            return step, problems
    return None, problems
