"""Settings that suit a device, where nobody chooses them: the number format of products, and whether to compile."""

from __future__ import annotations

from typing import Any

import torch

from schemalm.training.compilation import compilation_error

# Instructions of x86 processors that multiply bfloat16.
_BFLOAT16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")
# Compiling a tiny model takes as long as some 50 steps of 4,096 tokens save, and more steps of fewer tokens.
LEAST_COMPILED_STEPS = 500


def suitable_settings(device: str, num_steps: int) -> dict[str, Any]:
    """Return the `dtype` and `compile` of a run of so many steps.

    The answer depends on the machine and on torch alone, so all processes on equal machines get the same.
    """
    compiles = num_steps >= LEAST_COMPILED_STEPS and compilation_error(device) is None
    return {"dtype": suitable_dtype(device), "compile": compiles}


def suitable_dtype(device: str) -> str:
    """Return "bfloat16" if the device has instructions that multiply it, else "float32"."""
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # Older versions of torch cannot tell.
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return "bfloat16" if any(map(capabilities.get, _BFLOAT16_INSTRUCTIONS)) else "float32"
