"""Folders that anybody may have made: run folders and prepared data. Nothing in them leads out of them.

A folder that a user names may be a link; what lies inside may not, on the way to a file or at its end. Only regular
files are read, so no pipe or device blocks or fills the memory, and none that is larger than what is asked for can be.
What is refused is an `OSError` that says why and has the path, as the system's own errors do.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def inside(folder: Path, *names: str) -> Path:
    """The path of `names` below `folder`, there or not; raises `OSError` where one of them is a link."""
    path = folder
    for part in Path(*names).parts:
        path = path / part
        if path.is_symlink():
            raise refusal(path, errno.ELOOP, "it is a link, and links in such folders are not followed")
    return path


def open_inside(folder: Path, *names: str) -> BufferedReader:
    """Open a regular file below `folder` for reading; raises `OSError` for anything else."""
    path = inside(folder, *names)
    status = path.lstat()  # opening a pipe or a device could block for ever
    if not stat.S_ISREG(status.st_mode):
        raise refusal(path, errno.EINVAL, "it is no regular file")
    file = path.open("rb")
    if not os.path.samestat(status, os.fstat(file.fileno())):
        file.close()
        raise refusal(path, errno.EINVAL, "it was exchanged while it was opened")
    return file


def read_inside(folder: Path, *names: str, max_bytes: int) -> bytes:
    """The content of a regular file below `folder`; raises `OSError` where it is larger than `max_bytes`."""
    with open_inside(folder, *names) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise refusal(inside(folder, *names), errno.EFBIG, f"it is larger than the {max_bytes:,} bytes that it may be")
    return content


def refusal(path: Path, number: int, reason: str) -> OSError:
    """The error for something that is not read or written: the system's `number` for it, why, and its path."""
    return OSError(number, reason, str(path))
