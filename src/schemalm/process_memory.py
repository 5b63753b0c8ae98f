"""The memory of this process, as the system counts it."""

from __future__ import annotations

import sys


def peak_resident_bytes() -> int:
    """The most bytes of memory that this process held so far; 0 where the system does not say, as on Windows."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
