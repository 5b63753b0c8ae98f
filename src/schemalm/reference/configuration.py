"""The configuration of the reference implementation: every setting that determines a run is a field, validated here.

Sizes have the same names as in nanochat (`n_layer`, `n_head`, `n_embd`). `model_configuration` converts them to the
configuration of SchemaLM's model, which all three engines compute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from schemalm.bounds import check_number
from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration

CHOICES = {
    "engine": ("scalar", "array", "torch"),
    "model": ("bigram", "mini-gpt"),
    "optimizer": ("sgd", "adamw"),
    "schedule": ("constant", "linear", "cosine"),
    "dtype": ("float32", "float64"),
}
_FRACTIONS = ("beta1", "beta2", "warmdown_share")
_MAY_BE_ZERO = ("seed", "weight_decay", *_FRACTIONS)


@dataclass(frozen=True)
class ReferenceConfiguration:
    """The model to train and the training settings; raises `ConfigurationError` for invalid values.

    A step reads `batch_size` windows of `context_size` tokens. Weight decay, the betas and epsilon are for AdamW,
    `dtype` is for the torch engine.

    tokenizer: `character`, `typed` or a tokenizer file.
    init_std: every weight is initialized from a normal distribution with this standard deviation.
    seed: determines all random numbers.
    """

    engine: str = "array"
    dtype: str = "float32"
    model: str = "mini-gpt"
    tokenizer: str = "character"
    n_layer: int = 1
    n_head: int = 4
    n_embd: int = 16
    context_size: int = 16
    tie_head: bool = False
    input_norm: bool = True
    init_std: float = 0.08
    steps: int = 200
    batch_size: int = 4
    optimizer: str = "adamw"
    learning_rate: float = 0.01
    schedule: str = "linear"
    warmdown_share: float = 0.5
    weight_decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-8
    num_evaluation_windows: int = 32
    max_memory_growth: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name in CHOICES and value not in CHOICES[name]:
                raise ConfigurationError(f"{name} must be {' or '.join(CHOICES[name])}, got {value!r}")
            if field.type in ("int", "float"):
                most, may_be_zero = (1 if name in _FRACTIONS else math.inf), name in _MAY_BE_ZERO
                check_number(name, value, 0, most, is_above=not may_be_zero, is_whole=field.type == "int")
        if self.n_embd % (2 * self.n_head):
            raise ConfigurationError(f"n_embd {self.n_embd} must be a multiple of 2 * n_head = {2 * self.n_head}")

    def model_configuration(self, vocab_size: int) -> GPTConfiguration:
        """Return SchemaLM's configuration of the same model, without its extensions."""
        return GPTConfiguration(
            vocab_size=vocab_size,
            context_size=self.context_size,
            num_layers=self.n_layer,
            num_heads=self.n_head,
            num_key_value_heads=self.n_head,
            model_width=self.n_embd,
            mlp_width=4 * self.n_embd,
            tie_head=self.tie_head,
            input_norm=self.input_norm,
        )
