"""The GPT's configuration: every constant of the model is a field, validated here.

A configuration determines the names and shapes of all parameters and the function that they compute. The caller
provides what depends on the data (vocabulary, context, states); named sizes provide the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

from schemalm.bounds import check_number
from schemalm.errors import ConfigurationError

# Upper limits of the fields that determine memory, far beyond what one process can train.
UPPER_LIMITS: Final = {
    "vocab_size": 1 << 24,
    "context_size": 1 << 20,
    "num_layers": 1 << 10,
    "num_heads": 1 << 12,
    "num_key_value_heads": 1 << 12,
    "model_width": 1 << 16,
    "mlp_width": 1 << 20,
    "num_states": 1 << 24,
    "num_echoes": 1 << 6,
    "num_recalls": 1 << 6,
    "num_certainties": 1 << 10,
}
# The rotations of positions have as many elements.
_MAX_ROTATIONS = 1 << 28


@dataclass(frozen=True)
class GPTConfiguration:
    """The configuration of a decoder-only GPT; raises `ConfigurationError` for impossible values.

    `context_size` is the number of tokens read at once, including the position token. `num_states` is the number of
    rows of the grammar-state embedding, 0 for a model without grammar state. `num_echoes` is the number of echoes
    (n-gram look-ups in the document) before each token, 0 for none. `num_recalls` is the number of recalls (n-gram
    look-ups in other documents), each with one of `num_certainties` certainties; 0 for none. `echo_gain` multiplies the
    scales of both, which start at zero: the larger it is, the faster the scales are learned. `boost_gain` does so for
    the boosts, which raise the logits of echoed and recalled tokens; 0 for a model without boosts. Hidden
    matrices are initialized with the standard deviation `hidden_gain / sqrt(inputs)`, output projections with zeros.
    `tie_head` uses the token embedding as the head. `input_norm` normalizes the embeddings before the first layer.
    `dropout` is the dropout rate in training, below 1.
    """

    vocab_size: int
    context_size: int
    num_layers: int
    num_heads: int
    num_key_value_heads: int
    model_width: int
    mlp_width: int
    num_states: int = 0
    num_echoes: int = 0
    num_recalls: int = 0
    num_certainties: int = 0
    rope_theta: float = 10_000.0
    norm_epsilon: float = 1e-6
    logit_soft_cap: float = 15.0
    embedding_std: float = 0.02
    state_std: float = 0.02
    echo_gain: float = 20.0
    boost_gain: float = 5.0
    hidden_gain: float = 1.0
    head_std: float = 0.001
    tie_head: bool = False
    input_norm: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "bool":
                if not isinstance(value, bool):
                    raise ConfigurationError(f"{field.name} must be true or false, got {value!r}")
                continue
            may_be_zero = field.name.endswith(
                ("num_states", "num_echoes", "num_recalls", "num_certainties", "dropout", "_std", "_gain")
            )
            most = UPPER_LIMITS.get(field.name, math.inf)
            check_number(field.name, value, 0, most, is_above=not may_be_zero, is_whole=field.type == "int")
        if self.dropout >= 1:
            raise ConfigurationError(f"dropout must be a number from 0 to below 1, got {self.dropout!r}")
        if self.model_width % (2 * self.num_heads):
            raise ConfigurationError(
                f"model_width {self.model_width} must be a multiple of 2 * num_heads = {2 * self.num_heads}, "
                "so that each head has an even width for rotary positions"
            )
        if bool(self.num_recalls) != bool(self.num_certainties):
            raise ConfigurationError(
                f"num_recalls {self.num_recalls} and num_certainties {self.num_certainties} must both be 0, or neither"
            )
        if self.context_size * self.head_width > _MAX_ROTATIONS:
            raise ConfigurationError(
                f"context_size {self.context_size} times the width of a head, {self.head_width}, must be at most "
                f"{_MAX_ROTATIONS:,}"
            )
        if self.rope_theta < 1:
            raise ConfigurationError(f"rope_theta {self.rope_theta} must be at least 1: positions would turn too far")
        if self.logit_soft_cap > 60:
            raise ConfigurationError(
                f"logit_soft_cap {self.logit_soft_cap} must be at most 60: the loss takes exponentials of capped logits"
            )
        if self.num_heads % self.num_key_value_heads:
            raise ConfigurationError(
                f"num_heads {self.num_heads} must be a multiple of num_key_value_heads {self.num_key_value_heads}"
            )

    @property
    def head_width(self) -> int:
        """The width of one attention head."""
        return self.model_width // self.num_heads

    @classmethod
    def named(
        cls,
        name: str,
        *,
        vocab_size: int,
        context_size: int,
        num_states: int = 0,
        num_echoes: int = 0,
        num_recalls: int = 0,
        num_certainties: int = 0,
    ) -> GPTConfiguration:
        """Return the configuration of a named size for given data; raises `ConfigurationError` for an unknown name."""
        if name not in SIZES:
            raise ConfigurationError(f"there is no model size {name!r}; choose one of {', '.join(SIZES)}")
        num_layers, num_heads, model_width = SIZES[name]
        return cls(
            vocab_size=vocab_size,
            context_size=context_size,
            num_layers=num_layers,
            num_heads=num_heads,
            num_key_value_heads=num_heads,
            model_width=model_width,
            mlp_width=4 * model_width,
            num_states=num_states,
            num_echoes=num_echoes,
            num_recalls=num_recalls,
            num_certainties=num_certainties,
        )


# Layers, heads, width; `tiny` is meant for a CPU.
SIZES = {
    "tiny": (4, 3, 192),
    "small": (8, 6, 384),
    "medium": (8, 12, 768),
    "large": (12, 16, 1024),
}
