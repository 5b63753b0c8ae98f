"""What `/proc` tells about processes that tests start, each of which may end while it is being read."""

from __future__ import annotations

from pathlib import Path


def is_running(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def running_in(folder: Path) -> dict[int, bytes]:
    """Return the command lines of the processes whose working folder this is."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                found[int(process.name)] = (process / "cmdline").read_bytes()
        except OSError:  # it has ended, or belongs to another user
            pass
    return found
