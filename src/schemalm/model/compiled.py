"""How functions and layers are compiled with torch.compile."""

from __future__ import annotations

from typing import Any


def compile_options(device_type: str) -> dict[str, Any]:
    """Return the options of torch.compile for a kind of device."""
    # On a CPU, each kernel is a C++ file of its own, and most of a compiler's time for one goes to headers and linking.
    # With this, a graph is one file.
    return {"cpp_wrapper": True} if device_type == "cpu" else {}
