"""The training configuration: every setting that determines a run, validated here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from schemalm.bounds import check_number
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.packing import DEFAULT_PACKING, PACKINGS
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS
from schemalm.dataset.store import Metadata
from schemalm.errors import ConfigurationError
from schemalm.model.configuration import SIZES, GPTConfiguration

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
OPTIMIZERS = ("muon", "adamw")
SCHEDULES = ("cosine", "linear")
# The rows of a step are read into memory, and counts are stored in 64 bits.
_UPPER_LIMITS, _MAX_COUNT = {"batch_size": 1 << 16}, (1 << 63) - 1
# The values of later fields in runs whose config.json does not have them.
LEGACY_VALUES: dict[str, Any] = {"packing": "windows", "recall": False, "boosts": False}
# Fields that affect how steps are computed, reported and saved, but not their result, so a resumed run may change them.
# With dropout, another `micro_batch_size` drops other numbers at the same rate.
EXECUTION_FIELDS = frozenset(
    {
        *("micro_batch_size", "activation_checkpointing", "compile", "shard_optimizer", "device"),
        *("log_every", "evaluate_every", "checkpoint_every", "keep_checkpoints"),
    }
)


@dataclass(frozen=True)
class TrainingConfiguration:
    """How to train; raises `ConfigurationError` for impossible values.

    model: a named size, whose vocabulary and context come from the data, or a complete configuration. `grammar_state`
    feeds the model what the grammar expects; `mask_loss` computes the loss among admitted tokens only. Neither has an
    effect on data without a grammar. `echo` feeds the model what followed the same tokens in the document, `recall`
    what followed them in other documents; the latter has no effect on data without recall. `boosts` lets a model of a
    named size raise the logits of both (`model/boosts.py`); in a complete configuration, `boost_gain` does.

    batch_size: the rows of one context that a step reads, over all processes. Each process computes at most
    `micro_batch_size` rows of its share at once (None: all) and accumulates the gradients. With `packing` "windows", a
    row is one window; with "documents", short documents share a row without attending to each other.

    optimizer: "muon" for hidden matrices, at `muon_learning_rate`, with AdamW at `learning_rate` for all other
    parameters, or "adamw" for all. Rates rise over `warmup_steps` and then fall to `min_learning_rate_fraction` of
    their peak: with the schedule "linear" over the last `warmdown_fraction` of the steps, or along a cosine.

    max_loss_rise: training stops if the loss, smoothed over about 20 steps, is this many nats above its lowest value.

    The last step is always logged, saved and evaluated; the best checkpoint is chosen among steps that are both saved
    and evaluated. `dtype` is the type of matrix products; parameters are always float32. `compile` compiles the layers
    with torch.compile, `activation_checkpointing` recomputes them to save memory, and `shard_optimizer` distributes the
    optimizer's state over the processes.
    """

    num_steps: int
    model: str | GPTConfiguration = "tiny"
    batch_size: int = 8
    packing: str = DEFAULT_PACKING
    micro_batch_size: int | None = None
    optimizer: str = "muon"
    learning_rate: float = 5e-3
    muon_learning_rate: float = 0.02
    schedule: str = "linear"
    warmup_steps: int = 15
    warmdown_fraction: float = 0.4
    min_learning_rate_fraction: float = 0.01
    weight_decay: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.95
    gradient_clip: float = 1.0
    max_loss_rise: float = 2.0
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
    recall: bool = True
    boosts: bool = True
    compile: bool = False
    activation_checkpointing: bool = False
    shard_optimizer: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.model, str) and self.model not in SIZES:
            raise ConfigurationError(f"there is no model size {self.model!r}; choose one of {', '.join(SIZES)}")
        counts = ("num_steps", "batch_size", "log_every", "evaluate_every", "num_evaluation_documents")
        for name in (*counts, "checkpoint_every", "keep_checkpoints"):
            check_number(name, getattr(self, name), 1, _UPPER_LIMITS.get(name, _MAX_COUNT), is_whole=True)
        for name in ("warmup_steps", "seed"):
            check_number(name, getattr(self, name), 0, _MAX_COUNT, is_whole=True)
        for name in ("learning_rate", "muon_learning_rate", "gradient_clip", "max_loss_rise"):
            check_number(name, getattr(self, name), 0, is_above=True)
        for name in ("min_learning_rate_fraction", "warmdown_fraction", "beta1", "beta2"):
            check_number(name, getattr(self, name), 0, 1)
        check_number("weight_decay", self.weight_decay, 0)
        if self.micro_batch_size is not None:
            check_number("micro_batch_size", self.micro_batch_size, 1, _UPPER_LIMITS["batch_size"], is_whole=True)
        choices_of = {"optimizer": OPTIMIZERS, "schedule": SCHEDULES, "dtype": tuple(DTYPES), "packing": PACKINGS}
        for name, choices in choices_of.items():
            if getattr(self, name) not in choices:
                raise ConfigurationError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")
        _check_device(self.device)

    @property
    def model_name(self) -> str:
        """The named size, or "custom"."""
        return self.model if isinstance(self.model, str) else "custom"

    def model_configuration(self, metadata: Metadata) -> GPTConfiguration:
        """Return the model for given data; raises `ConfigurationError` if a complete configuration does not fit it."""
        sizes = sizes_of_data(metadata, grammar_state=self.grammar_state, echo=self.echo, recall=self.recall)
        if isinstance(self.model, str):
            named = GPTConfiguration.named(self.model, **sizes)
            return named if self.boosts else replace(named, boost_gain=0.0)
        for name, expected in sizes.items():
            if getattr(self.model, name) != expected:
                raise ConfigurationError(
                    f"the model's {name} is {getattr(self.model, name)}, but the data requires {expected}"
                )
        return self.model


def sizes_of_data(metadata: Metadata, *, grammar_state: bool, echo: bool, recall: bool) -> dict[str, int]:
    """Return the fields of a model configuration that the data and the model's side features determine."""
    return {
        "vocab_size": metadata.vocab_size,
        "context_size": metadata.context_size,
        "num_states": metadata.num_states if grammar_state else 0,
        "num_echoes": len(ORDERS) if echo else 0,
        "num_recalls": len(RECALL_ORDERS) if recall and metadata.recall else 0,
        "num_certainties": NUM_CERTAINTIES if recall and metadata.recall else 0,
    }


def _check_device(device: str) -> None:
    try:
        kind = torch.device(device).type
    except RuntimeError:
        kind = ""
    if kind not in ("cpu", "cuda"):
        raise ConfigurationError(f"device must be cpu or cuda, got {device!r}")
    if kind == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("no CUDA device is available here: choose the device cpu (--device cpu)")
