"""The GPT of a nanochat checkout, with the shape of one of our models."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from pathlib import Path
from typing import Any

from schemalm.model.configuration import GPTConfiguration


def load_nanochat(path: Path, shape: GPTConfiguration) -> Any:
    """Returns an initialized model of the checkout's code; fields that this version does not have are left out."""
    sys.path.insert(0, str(path))
    module = importlib.import_module("nanochat.gpt")
    settings = {
        "sequence_len": shape.context_size,
        "vocab_size": shape.vocab_size,
        "n_layer": shape.num_layers,
        "n_head": shape.num_heads,
        "n_kv_head": shape.num_key_value_heads,
        "n_embd": shape.model_width,
        "window_pattern": "L",
    }
    known = {field.name for field in dataclasses.fields(module.GPTConfig)}
    model = module.GPT(module.GPTConfig(**{name: value for name, value in settings.items() if name in known}))
    model.init_weights()
    return model
