"""The number format of matrix products for a device, where nobody chooses one."""

from __future__ import annotations

import torch

# Instructions of x86 processors that multiply bfloat16.
_BFLOAT16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")


def suitable_dtype(device: str) -> str:
    """Return "bfloat16" if the device has instructions that multiply it, else "float32".

    The answer depends on the hardware and on torch alone, so all processes on equal machines get the same.
    """
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # Older versions of torch cannot tell.
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return "bfloat16" if any(map(capabilities.get, _BFLOAT16_INSTRUCTIONS)) else "float32"
