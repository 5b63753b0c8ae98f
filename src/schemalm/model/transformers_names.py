"""Translates parameter names and settings to those of `NanoChatForCausalLM` of `transformers`, and back.

The weights are the same numbers in the same shapes. The grammar-state embeddings and the scales of the echoes have no
counterpart there and are left out. An engine can add the input part through input embeddings, but not the part before
the head. A model without the input norm has no counterpart at all. `dropout` is left out: it matters only in training,
and there NanoChat drops attention weights only. Nothing here imports `transformers`.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration

_OUTSIDE_LAYERS = {"tokens.weight": "model.embed_tokens.weight", "head.weight": "lm_head.weight"}
_IN_LAYER = {
    "attention.query": "self_attn.q_proj",
    "attention.key": "self_attn.k_proj",
    "attention.value": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "up": "mlp.fc1",
    "down": "mlp.fc2",
}


def transformers_settings(configuration: GPTConfiguration) -> dict[str, Any]:
    """Return the arguments of `NanoChatConfig` for the same model; raises `ConfigurationError` if there are none.

    `transformers` rejects an integer where it expects a float, so such settings are always converted to floats.
    """
    _check(configuration)
    return {
        "vocab_size": configuration.vocab_size,
        "hidden_size": configuration.model_width,
        "intermediate_size": configuration.mlp_width,
        "num_hidden_layers": configuration.num_layers,
        "num_attention_heads": configuration.num_heads,
        "num_key_value_heads": configuration.num_key_value_heads,
        "max_position_embeddings": configuration.context_size,
        "hidden_act": "relu2",
        "rms_norm_eps": float(configuration.norm_epsilon),
        "rope_parameters": {"rope_type": "default", "rope_theta": float(configuration.rope_theta)},
        "final_logit_softcapping": float(configuration.logit_soft_cap),
        "attention_bias": False,
        "tie_word_embeddings": configuration.tie_head,
    }


def _check(configuration: GPTConfiguration) -> None:
    if not configuration.input_norm:
        raise ConfigurationError(
            "transformers has no NanoChat model without the input norm: train with input_norm = true"
        )


def _names(configuration: GPTConfiguration) -> dict[str, str]:
    _check(configuration)
    names = dict(_OUTSIDE_LAYERS)
    if configuration.tie_head:
        del names["head.weight"]
    for layer in range(configuration.num_layers):
        for ours, theirs in _IN_LAYER.items():
            names[f"layers.{layer}.{ours}.weight"] = f"model.layers.{layer}.{theirs}.weight"
    return names


def to_transformers(weights: dict[str, Tensor], configuration: GPTConfiguration) -> dict[str, Tensor]:
    """Return a state dict of `GPT` under the names of `NanoChatForCausalLM`, without grammar state and echoes."""
    named = {theirs: weights[ours] for ours, theirs in _names(configuration).items()}
    if configuration.tie_head:
        named[_OUTSIDE_LAYERS["head.weight"]] = weights["tokens.weight"]
    return named


def from_transformers(weights: dict[str, Tensor], configuration: GPTConfiguration) -> dict[str, Tensor]:
    """Return a state dict of `NanoChatForCausalLM` under our names, for a `GPT` without grammar state and echoes."""
    return {ours: weights[theirs] for ours, theirs in _names(configuration).items()}
