"""The training configuration: every setting that decides how a run goes, validated once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from schemalm.dataset.echo import ORDERS
from schemalm.dataset.store import Metadata
from schemalm.errors import ConfigurationError
from schemalm.model.configuration import SIZES, GPTConfiguration

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class TrainingConfiguration:
    """How to train; raises `ConfigurationError` for values that make no sense.

    `model` is a named size, whose vocabulary and context come from the data, or a whole configuration. A step reads
    `batch_size` windows. The learning rate rises over `warmup_steps` and falls along a cosine to
    `min_learning_rate_fraction` of its peak. `grammar_state` tells the model what the grammar expects; `mask_loss`
    takes the loss among admitted tokens only; both have no effect on data without a grammar. `echo` tells the model
    what came next last time. The last step is
    logged, saved and evaluated in any case; the best checkpoint is looked for among steps both saved and evaluated.
    `dtype` is the type of matrix products; parameters are always float32.
    """

    num_steps: int
    model: str | GPTConfiguration = "tiny"
    batch_size: int = 8
    learning_rate: float = 5e-3
    warmup_steps: int = 50
    min_learning_rate_fraction: float = 0.1
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    gradient_clip: float = 1.0
    log_every: int = 10
    evaluate_every: int = 250
    num_evaluation_documents: int = 200
    checkpoint_every: int = 250
    keep_checkpoints: int = 3
    seed: int = 0
    device: str = "cpu"
    dtype: str = "float32"
    grammar_state: bool = True
    mask_loss: bool = True
    echo: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.model, str) and self.model not in SIZES:
            raise ConfigurationError(f"there is no model size {self.model!r}; choose one of {', '.join(SIZES)}")
        counts = ("num_steps", "batch_size", "log_every", "evaluate_every", "num_evaluation_documents")
        for name in (*counts, "checkpoint_every", "keep_checkpoints"):
            _check(name, getattr(self, name), 1, math.inf)
        for name in ("warmup_steps", "seed", "weight_decay"):
            _check(name, getattr(self, name), 0, math.inf)
        for name in ("learning_rate", "gradient_clip"):
            _check(name, getattr(self, name), 1e-12, 1e12)
        for name in ("min_learning_rate_fraction", "beta1", "beta2"):
            _check(name, getattr(self, name), 0, 1)
        if self.dtype not in DTYPES:
            raise ConfigurationError(f"dtype must be one of {', '.join(DTYPES)}, got {self.dtype!r}")
        _check_device(self.device)

    def model_configuration(self, metadata: Metadata) -> GPTConfiguration:
        """The model for given data; raises `ConfigurationError` where a whole configuration does not fit it."""
        num_states = metadata.num_states if self.grammar_state else 0
        if isinstance(self.model, str):
            return GPTConfiguration.named(
                self.model,
                vocab_size=metadata.vocab_size,
                context_size=metadata.context_size,
                num_states=num_states,
                num_echoes=len(ORDERS) if self.echo else 0,
            )
        for name, expected in (
            ("vocab_size", metadata.vocab_size),
            ("context_size", metadata.context_size),
            ("num_states", num_states),
            ("num_echoes", len(ORDERS) if self.echo else 0),
        ):
            if getattr(self.model, name) != expected:
                raise ConfigurationError(
                    f"the model's {name} is {getattr(self.model, name)}, but the data asks for {expected}"
                )
        return self.model


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        bound = f"at least {least}" if most == math.inf else f"between {least} and {most}"
        raise ConfigurationError(f"{name} must be {bound}, got {value}")


def _check_device(device: str) -> None:
    try:
        kind = torch.device(device).type
    except RuntimeError:
        kind = ""
    if kind not in ("cpu", "cuda"):
        raise ConfigurationError(f"device must be cpu or cuda, got {device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("no CUDA device is available here: choose the device cpu")
