"""Untrusted folders, such as run folders and prepared data: no path in them leads out of them.

A folder that a user names may be a link; nothing inside it may be, neither a file nor a folder above it. Only regular
files up to a size are read, so no pipe or device can block and no large file can fill the memory. Everything else
raises an `OSError` with the reason and the path, as the operating system's own errors do.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


def path_inside(folder: Path, *names: str) -> Path:
    """Return the path of `names` below `folder`, existing or not; raises `OSError` if one of them is a link."""
    path = folder
    for part in Path(*names).parts:
        path = path / part
        if path.is_symlink():
            raise refusal(path, errno.ELOOP, "it is a link, and links in this folder are not followed")
    return path


def open_inside(folder: Path, *names: str) -> BufferedReader:
    """Open a regular file below `folder` for reading; raises `OSError` for anything else."""
    path = path_inside(folder, *names)
    status = path.lstat()  # opening a pipe or a device could block forever
    if not stat.S_ISREG(status.st_mode):
        raise refusal(path, errno.EINVAL, "it is not a regular file")
    file = path.open("rb")
    if not os.path.samestat(status, os.fstat(file.fileno())):
        file.close()
        raise refusal(path, errno.EINVAL, "it was replaced while it was being opened")
    return file


def read_inside(folder: Path, *names: str, max_bytes: int) -> bytes:
    """Return the content of a regular file below `folder`; raises `OSError` if it is larger than `max_bytes`."""
    with open_inside(folder, *names) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise refusal(path_inside(folder, *names), errno.EFBIG, f"it is larger than {max_bytes:,} bytes, the limit")
    return content


def refusal(path: Path, number: int, reason: str) -> OSError:
    """Return the error for a path that is not read or written; `number` is the `errno` that fits best."""
    return OSError(number, reason, str(path))
