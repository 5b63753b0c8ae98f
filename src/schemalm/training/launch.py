"""How this process was started: alone, or by torchrun as one of several."""

from __future__ import annotations

import os


def num_processes() -> int:
    """Return the number of processes that torchrun started for this run; 1 without torchrun."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first_process() -> bool:
    """Whether this process is alone or the first that torchrun started."""
    return int(os.environ.get("RANK", "0")) == 0


def is_started_by_torchrun() -> bool:
    """Whether torchrun started this process, even as the only one."""
    return "TORCHELASTIC_RUN_ID" in os.environ or num_processes() > 1
