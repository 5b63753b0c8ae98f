"""Compiling a model's layers with torch.compile, where it works."""

from __future__ import annotations

import torch

from schemalm.errors import ConfigurationError
from schemalm.model.gpt import GPT


def compile_layers(model: GPT) -> None:
    """Have each layer compiled when it first runs: they are alike, so the work is done once.

    Raises `ConfigurationError` where nothing can be compiled here.
    """
    tried = torch.compile(torch.square)
    try:
        tried(torch.ones(2, device=model.tokens.weight.device))
    except Exception as error:  # whatever compilers raise
        reason = str(error).strip().split("\n", 1)[0]
        raise ConfigurationError(
            f"torch.compile does not work here ({type(error).__name__}: {reason}): install a C++ compiler (for a GPU, "
            "triton), or train without compile"
        ) from None
    for layer in model.layers:
        layer.compile()
