"""How functions and layers are compiled with torch.compile."""

from __future__ import annotations

from typing import Any

import torch


def compile_options(device_type: str, dtype: torch.dtype) -> dict[str, Any]:
    """Return the options of torch.compile for a kind of device, and for the number format of products."""
    if device_type != "cpu":
        return {}
    # By default each kernel is a C++ file of its own, and half of the compiler's time goes to headers and linking. With
    # this, a graph is one file.
    options: dict[str, Any] = {"cpp_wrapper": True}
    # g++ loses most of what kernels for AVX-512 write when they transpose 16-bit numbers, so that gradients are not
    # numbers (findings/torch-compiled-transposes-lose-rows.sh). Vectors of 256 bits take as long.
    if dtype.itemsize == 2 and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512"):
        options["cpp.simdlen"] = 256
    return options
