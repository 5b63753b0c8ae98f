"""The run folder: its configuration file, its lock, where to resume, and loading a trained model from it.

config.json contains everything that determined the run; `continuation` describes what may change when it is resumed.
`from` is the run whose weights it started with, if any. `parent` is the run that this one is a variation of. It has no
effect, and is recorded at the start as the path from this folder to that one.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.recall_files import RECALL_FILE
from schemalm.dataset.store import (
    METADATA_FILE,
    TOKENIZER_FILE,
    Metadata,
    hash_file,
    read_recall,
    read_tokenizer,
    split_counts,
)
from schemalm.errors import CheckpointError
from schemalm.files.folders import path_inside
from schemalm.files.locks import acquire_lock, open_lock_file
from schemalm.files.writing import write_atomically
from schemalm.messages.wording import reason_of
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT, shapes_of
from schemalm.training.checkpoint import (
    NO_STEP,
    Shapes,
    best_step,
    checkpoint_steps,
    newest_undamaged_checkpoint,
    read_weights,
    remove_checkpoints,
    remove_leftovers,
    verify_checkpoint,
)
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.continuation import continued_config, initial_length
from schemalm.training.metrics import METRICS_FILE, read_metrics, validation_losses
from schemalm.training.progress import Progress
from schemalm.training.run_file import CONFIG_FILE, read_complete_config, read_config

_LOCK_FILE = ".lock"


def describe_run(
    data: Path, metadata: Metadata, configuration: TrainingConfiguration, out: Path, parent: Path | None = None
) -> dict[str, Any]:
    """Return the content of config.json for a run on the prepared folder `data`, to be written to `out`.

    Raises `CheckpointError` if `parent` is not a run folder, and `DataError` if there is no validation split.
    """
    model, validation = configuration.model_configuration(metadata), split_counts(data, "val", metadata)
    training = asdict(configuration)
    training["model"] = configuration.model_name
    return {
        "model": asdict(model),
        "training": training,
        "lengths": [initial_length(configuration.num_steps)],
        "from": None,
        "parent": None if parent is None else _path_to_parent(out, parent),
        "data": {
            "context_size": metadata.context_size,
            "stride": metadata.stride,
            "num_validation_documents": validation.num_documents,
            "num_validation_bytes": validation.num_bytes,
        },
        "data_sha256": hash_file(data / METADATA_FILE),
        "tokenizer_sha256": metadata.tokenizer_sha256,
        "recall_sha256": metadata.files[RECALL_FILE] if model.num_recalls else None,
        "versions": {name: version(name) for name in ("schemalm", "torch", "numpy")},
        "environment": {
            "python": platform.python_version(),
            "platform": platform.platform(),
            "num_threads": torch.get_num_threads(),
            "data": str(data.resolve()),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    }


def _path_to_parent(run: Path, parent: Path) -> str:
    read_config(parent)
    return os.path.relpath(parent.resolve(), run.resolve())


@contextmanager
def run_lock(run: Path) -> Iterator[None]:
    """Lock a run folder, creating it if needed; raises `CheckpointError` if another process holds it or locks fail."""
    if run.exists() and not run.is_dir():
        raise CheckpointError(f"{run} is a file: choose a folder for the run")
    run.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_lock_file(run, _LOCK_FILE))
            is_free = acquire_lock(file.fileno())
        except OSError as error:
            raise CheckpointError(f"{run / _LOCK_FILE} cannot be locked: {reason_of(error)}") from None
        if not is_free:
            raise CheckpointError(f"another process is training into {run}: wait for it, or end it")
        yield


def open_run(run: Path, config: dict[str, Any], data: Path, resume: str | int | None, progress: Progress) -> int:
    """Prepare `run` for writing, and return the step to resume from, or `NO_STEP` for a new run.

    What generation needs of the prepared folder `data` is copied: the tokenizer, and the table of recall if the model
    has recalls.

    Raises `CheckpointError` if the folder is not empty and `resume` is None, if the run has another configuration, or
    if the requested checkpoint is missing or damaged.
    """
    # Hidden files are the lock, and what a kill left half-written.
    is_fresh = all(path.name.startswith(".") for path in run.iterdir())
    if not is_fresh and not (run / CONFIG_FILE).exists():
        raise CheckpointError(
            f"{run} is not empty and not a run folder, since it has no {CONFIG_FILE}: choose another folder"
        )
    if not is_fresh and resume is None:
        raise CheckpointError(f"{run} is not empty: resume the run (--resume auto), or choose another folder")
    remove_leftovers(run)
    for name in (CONFIG_FILE, TOKENIZER_FILE, RECALL_FILE, METRICS_FILE):
        for partial in run.glob(f".{name}.*"):
            partial.unlink()
    if not is_fresh:
        read_metrics(run)  # raises before anything is changed
        _refuse_links(run)
    recorded = None if is_fresh else read_complete_config(run)
    step = _resume_step(run, resume, shapes_of(GPTConfiguration(**(recorded or config)["model"])), progress)
    if recorded is not None:
        config = continued_config(run, recorded, config, max(step, 0), progress)
    write_atomically(run / CONFIG_FILE, json.dumps(config, indent=2).encode() + b"\n")
    write_atomically(run / TOKENIZER_FILE, read_tokenizer(data))
    if config.get("recall_sha256") is not None:
        write_atomically(run / RECALL_FILE, read_recall(data))
    later = [other for other in checkpoint_steps(run) if other > step]
    if later:
        progress.warning(f"going back to step {step}: removing the later checkpoints {', '.join(map(str, later))}")
        remove_checkpoints(run, later)
    return step


def _refuse_links(run: Path) -> None:
    """Raise `CheckpointError` if a path to be written to would lead out of the run folder."""
    try:
        for name in (TOKENIZER_FILE, RECALL_FILE, "samples"):
            path_inside(run, name)
    except OSError as error:
        raise CheckpointError(f"{error.filename}: {reason_of(error)}") from None


def _resume_step(run: Path, resume: str | int | None, shapes: Shapes, progress: Progress) -> int:
    if resume is None:
        return NO_STEP
    if resume != "auto":
        if not str(resume).isdecimal():
            raise CheckpointError(f"resume must be auto or the step of a checkpoint, got {resume!r}")
        verify_checkpoint(run, int(resume), shapes)
        return int(resume)
    step, problems = newest_undamaged_checkpoint(run, shapes)
    for problem in problems:
        progress.warning(problem)
    if step is None and problems:
        raise CheckpointError(f"no checkpoint of {run} can be read: train into another folder")
    return NO_STEP if step is None else step


def resolve_checkpoint(run: Path, checkpoint: str | int) -> int:
    """Return the step of "latest", "best" (by validation loss) or a step; raises `CheckpointError` if there is none."""
    steps = checkpoint_steps(run)
    if not steps:
        raise CheckpointError(f"{run} has no checkpoint yet: `schemalm train --out {run} --resume auto` continues it")
    if checkpoint == "latest":
        return steps[-1]
    if checkpoint == "best":
        step = best_step(steps, validation_losses(read_metrics(run)))
        if step is None:
            raise CheckpointError(f"no checkpoint of {run} was evaluated yet: use the latest one")
        return step
    if not str(checkpoint).isdecimal():
        raise CheckpointError(f"checkpoint must be latest, best or a step, got {checkpoint!r}")
    return int(checkpoint)


def load_checkpoint(
    run: Path, checkpoint: str | int = "latest", device: torch.device | str = "cpu"
) -> tuple[GPT, dict[str, Any]]:
    """Return the trained model of a run, in eval mode, and the content of config.json.

    Raises `CheckpointError` if the run or the checkpoint is missing, damaged or of another version.
    """
    config = read_complete_config(run)
    configuration = GPTConfiguration(**config["model"])
    weights = read_weights(run, resolve_checkpoint(run, checkpoint), device, shapes_of(configuration))
    model = GPT(configuration).to(device)
    model.load_state_dict(weights)
    return model.eval(), config
