"""The initial weights of a run that starts from another run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from torch import Tensor

from schemalm.errors import CheckpointError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import shapes_of
from schemalm.training.checkpoint import Shapes, best_step, checkpoint_steps, read_weights, weights_sha256
from schemalm.training.continuation import differences
from schemalm.training.metrics import read_metrics, validation_losses
from schemalm.training.run_file import read_complete_config

_COMMON = ("model", "tokenizer_sha256")


def describe_initial_weights(source: Path, out: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Return what config.json of the run `out` records of `source`, the run whose weights it starts with.

    The checkpoint is the one with the lowest validation loss, or the newest if none was evaluated. Raises
    `CheckpointError` if there is none, or if its model or tokenizer differs from `config`.
    """
    theirs = read_complete_config(source)
    found = differences({key: theirs.get(key) for key in _COMMON}, {key: config[key] for key in _COMMON})
    if found:
        raise CheckpointError(
            f"the weights of {source} do not fit this run: {'; '.join(found)}. Train with the same model and tokenizer"
        )
    steps = checkpoint_steps(source)
    if not steps:
        raise CheckpointError(f"{source} has no checkpoint to start from")
    best = best_step(steps, validation_losses(read_metrics(source)))
    step = steps[-1] if best is None else best
    path = os.path.relpath(source.resolve(), out.resolve())
    return {"run": path, "step": step, "sha256": weights_sha256(source, step, _shapes(config))}


def read_initial_weights(run: Path) -> dict[str, Tensor] | None:
    """Return the weights of another run that `run` starts with, or None if they are random.

    Raises `CheckpointError` if they have changed since the run was started.
    """
    config = read_complete_config(run)
    origin, shapes = config.get("from"), _shapes(config)
    if origin is None:
        return None
    source, step = run / origin["run"], origin["step"]
    if checkpoint_steps(source).count(step) == 0 or weights_sha256(source, step, shapes) != origin["sha256"]:
        raise CheckpointError(
            f"{run} starts with the weights of step {step} of {source.resolve()}, which are missing or have changed: "
            "train into another folder"
        )
    return read_weights(source, step, "cpu", shapes)


def _shapes(config: dict[str, Any]) -> Shapes:
    return shapes_of(GPTConfiguration(**config["model"]))
