"""The memory of this process, as the operating system counts it."""

from __future__ import annotations

import sys


def peak_resident_bytes() -> int:
    """Return the peak memory of this process in bytes; 0 if the system does not report it, as on Windows."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
