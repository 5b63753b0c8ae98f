"""A trained run, loaded: the model, its tokenizer and its configuration."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.store import TOKENIZER_FILE
from schemalm.errors import CheckpointError, DataError
from schemalm.model.gpt import GPT
from schemalm.tokenizer import Tokenizer
from schemalm.training.locate import find_run
from schemalm.training.run import load_checkpoint, resolve_checkpoint
from schemalm.training.run_data import find_data


@dataclass(frozen=True)
class Run:
    """A model ready to write documents; `configuration` is config.json's content, `step` that of the checkpoint."""

    folder: Path
    model: GPT
    tokenizer: Tokenizer
    configuration: dict[str, Any]
    step: int
    device: torch.device

    @property
    def data(self) -> Path | None:
        """The prepared data that the run was trained on; None where it is not found any more."""
        try:
            return find_data(self.folder, self.configuration)
        except DataError:
            return None


def load_run(run_dir: str | Path, checkpoint: str | int = "latest", device: str | torch.device = "cpu") -> Run:
    """Loads a run's model at a checkpoint: "latest", "best" (by validation loss) or a step.

    `run_dir` is the run's folder, or one that holds this run alone. Raises CheckpointError where the run, its
    checkpoint or its tokenizer is missing, damaged or of another version.
    """
    folder = find_run(Path(run_dir))
    model, configuration = load_checkpoint(folder, checkpoint, device)
    path = folder / TOKENIZER_FILE
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        tokenizer = Tokenizer.load(path)
    except (OSError, DataError) as error:
        raise CheckpointError(f"the run's tokenizer cannot be read: {error}") from None
    if digest != configuration.get("tokenizer_sha256"):
        raise CheckpointError(f"{path} is not the tokenizer that the run was trained with")
    return Run(folder, model, tokenizer, configuration, resolve_checkpoint(folder, checkpoint), torch.device(device))
