"""A loaded run: the model, its tokenizer and its configuration."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from schemalm.dataset.echo import ORDERS
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS, RecallTable
from schemalm.dataset.recall_files import RECALL_FILE
from schemalm.dataset.store import TOKENIZER_FILE, hash_file, open_recall_table, read_tokenizer
from schemalm.errors import CheckpointError, DataError
from schemalm.generation.side_features import SideFeatures
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.inference import InferenceModel
from schemalm.model.quantization import linears_of
from schemalm.tokenizer import Tokenizer
from schemalm.training.locate import find_run
from schemalm.training.run import load_checkpoint, resolve_checkpoint
from schemalm.training.run_data import find_data
from schemalm.training.run_file import CONFIG_FILE


@dataclass(frozen=True)
class Run:
    """A model that is ready to write documents.

    configuration: the content of config.json.
    step: the step of the checkpoint.
    dtype: the number format that it generates in (`model/quantization.py`).
    recall: what follows the same tokens in the training documents; None for a model without recalls.
    """

    folder: Path
    model: GPT
    tokenizer: Tokenizer
    configuration: dict[str, Any]
    step: int
    device: torch.device
    dtype: str = "float32"
    recall: RecallTable | None = None

    @cached_property
    def decoder(self) -> InferenceModel:
        """The model, prepared for decoding on first use; it does not follow later changes of the weights."""
        return InferenceModel(self.model, linears_of(self.dtype, self.device))

    @cached_property
    def side_features(self) -> SideFeatures:
        """Finds what the model is told before each token."""
        return SideFeatures(GrammarStateReader(self.tokenizer), self.recall)

    @property
    def data(self) -> Path | None:
        """The prepared data that the run was trained on; None if it cannot be found."""
        try:
            return find_data(self.folder, self.configuration)
        except DataError:
            return None


def load_run(
    run_dir: str | Path,
    checkpoint: str | int = "latest",
    device: str | torch.device = "cpu",
    dtype: str = "float32",
) -> Run:
    """Load a run's model at a checkpoint: "latest", "best" (by validation loss) or a step.

    `run_dir` is the run folder, or a folder that contains only this run. `dtype` is the number format of generation:
    "float32", "bfloat16" or "int8" (CPU only). Raises CheckpointError if the run, its checkpoint or its tokenizer is
    missing, damaged or of another version, and ConfigurationError for a number format that the device does not have.
    """
    linears_of(dtype, device)  # raises before anything is read
    folder = find_run(Path(run_dir))
    model, configuration = load_checkpoint(folder, checkpoint, device)
    tokenizer = _tokenizer_of(folder, configuration, model.configuration)
    step = resolve_checkpoint(folder, checkpoint)
    recall = recall_of(folder, configuration, model.configuration)
    return Run(folder, model, tokenizer, configuration, step, torch.device(device), dtype, recall)


def recall_of(folder: Path, configuration: dict[str, Any], model: GPTConfiguration) -> RecallTable | None:
    """Return the run's table of recall, after checking its hash; None for a model without recalls."""
    if not model.num_recalls:
        return None
    path = folder / RECALL_FILE
    try:
        if hash_file(path) != configuration.get("recall_sha256"):
            raise CheckpointError(f"{path} is not the table of recall that the run was trained with")
        return open_recall_table(folder, RECALL_FILE, model.vocab_size)
    except DataError as error:
        raise CheckpointError(f"the run's table of recall cannot be read: {error}") from None


def _tokenizer_of(folder: Path, configuration: dict[str, Any], model: GPTConfiguration) -> Tokenizer:
    """Return the run's tokenizer, after checking its hash and that its sizes match the model's."""
    path = folder / TOKENIZER_FILE
    try:
        content = read_tokenizer(folder)
        if hashlib.sha256(content).hexdigest() != configuration["tokenizer_sha256"]:
            raise CheckpointError(f"{path} is not the tokenizer that the run was trained with")
        tokenizer = Tokenizer.from_json(content, str(path))
    except DataError as error:
        raise CheckpointError(f"the run's tokenizer cannot be read: {error}") from None
    sizes = {"vocab_size": tokenizer.vocab_size}
    sizes |= {"num_states": tokenizer.states.num_states} if model.num_states else {}
    sizes |= {"num_echoes": len(ORDERS)} if model.num_echoes else {}
    if model.num_recalls:
        sizes |= {"num_recalls": len(RECALL_ORDERS), "num_certainties": NUM_CERTAINTIES}
    for name, expected in sizes.items():
        if getattr(model, name) != expected:
            raise CheckpointError(
                f"{folder / CONFIG_FILE}: the model's {name} is {getattr(model, name)}, but {path} needs {expected}"
            )
    return tokenizer
