"""Compiles a model's layers and its loss with torch.compile, if it works here."""

from __future__ import annotations

import warnings
from functools import cache

import torch

from schemalm.errors import ConfigurationError
from schemalm.model.compiled import compile_options
from schemalm.model.gpt import GPT


def compile_model(model: GPT, dtype: torch.dtype) -> None:
    """Compile each layer and the loss when they first run; the layers are alike, so the compiled code is shared.

    dtype: the number format of products. Code that was compiled for another model of this process is compiled again
    when that runs next. Raises `ConfigurationError` if torch.compile does not work here.
    """
    device = model.tokens.weight.device.type
    error = compilation_error(device)
    if error is not None:
        raise ConfigurationError(
            f"torch.compile does not work here ({error}): install a C++ compiler (for a GPU, triton), or train without "
            "compile"
        )
    # Code compiled for earlier models of this process counts against a limit, beyond which nothing more is compiled.
    torch.compiler.reset()
    model.is_compiled = True
    for layer in model.layers:
        layer.compile(options=compile_options(device, dtype))


@cache
def compilation_error(device: str) -> str | None:
    """Return why torch.compile does not work on a device, or None if it does; this is tried once in a process."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the compiler warns about itself
            torch.compile(torch.square, options=compile_options(device, torch.float32))(torch.ones(2, device=device))
    except Exception as error:  # compilers raise all kinds of errors
        cause = getattr(error, "inner_exception", error)  # torch names the backend first, then its error
        reason = str(cause).strip().partition("\n")[0]
        return f"{type(cause).__name__}: {reason}"
    return None
