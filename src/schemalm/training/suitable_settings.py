"""Settings that suit a device, where nobody chooses them: the number format of products, and whether to compile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from schemalm.training.compilation import compilation_error

# Compiling a tiny model takes as long as compiled code saves in about 100 steps of 4,096 tokens.
LEAST_COMPILED_STEPS = 200


def with_suitable_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run, with the `dtype` and `compile` that suit it where they are missing.

    They depend on the machine and on torch alone, so all processes on equal machines get the same. It is only tried
    whether torch.compile works if nobody has decided.
    """
    device, found = settings.get("device", "cpu"), dict(settings)
    if "dtype" not in found:
        found["dtype"] = suitable_dtype(device)
    if "compile" not in found:
        found["compile"] = found["num_steps"] >= LEAST_COMPILED_STEPS and compilation_error(device) is None
    return found


def suitable_dtype(device: str) -> str:
    """Return "bfloat16" if the device has instructions that multiply it faster than float32, else "float32"."""
    if device.partition(":")[0] == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # Older versions of torch cannot tell.
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    # Intel's AVX-512 has half as many units for bfloat16 as for float32. Only its matrix units (AMX) are faster.
    has_fast_vectors = capabilities.get("avx512_bf16") and "Intel" not in capabilities.get("cpu_name", "")
    return "bfloat16" if capabilities.get("amx_bf16") or has_fast_vectors else "float32"
