"""Compiles a model's layers and its loss with torch.compile, if it works here."""

from __future__ import annotations

import torch

from schemalm.errors import ConfigurationError
from schemalm.model.gpt import GPT


def compile_model(model: GPT) -> None:
    """Compile each layer and the loss when they first run; the layers are alike, so the compiled code is shared.

    Raises `ConfigurationError` if torch.compile does not work here.
    """
    tried = torch.compile(torch.square)
    try:
        tried(torch.ones(2, device=model.tokens.weight.device))
    except Exception as error:  # compilers raise all kinds of errors
        cause = getattr(error, "inner_exception", error)  # torch names the backend first, then its error
        reason = str(cause).strip().split("\n", 1)[0]
        raise ConfigurationError(
            f"torch.compile does not work here ({type(cause).__name__}: {reason}): install a C++ compiler (for a GPU, "
            "triton), or train without compile"
        ) from None
    model.is_compiled = True
    for layer in model.layers:
        layer.compile()
