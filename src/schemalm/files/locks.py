"""Locks between processes and between threads, by `filelock`.

A lock is held on an open file or folder and ends when that is closed. So nothing is left locked by a process that was
killed, and a lock file that lies about locks nothing. A file system without locks keeps nobody out.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from schemalm.files.folders import inside, refusal

# Windows has none of the last three, and neither the links nor the pipes that they are for.
_LOCKING = os.O_RDWR | os.O_CREAT
_LOCKING |= sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))


def hold(descriptor: int, *, wait: bool = False) -> bool:
    """Lock an open file or folder until it is closed; whether that worked, as far as the system can tell.

    wait: for whoever holds it now; else somebody else's lock makes the answer False.
    """
    from filelock import lock_descriptor  # noqa: PLC0415

    try:
        return lock_descriptor(descriptor, blocking=wait)
    except OSError:  # a file system without locks
        return True


def is_still_at(descriptor: int, path: Path) -> bool:
    """Whether an open file or folder is the one at `path`: the last one who held it may have removed or renamed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def open_lock(folder: Path, name: str) -> BinaryIO:
    """Open a file of `folder` that is only locked: made where there is none, and left as it is otherwise.

    Raises `OSError` where it is a link or no regular file.
    """
    path = inside(folder, name)
    descriptor = os.open(path, _LOCKING, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise refusal(path, errno.EINVAL, "it is no regular file")
    return os.fdopen(descriptor, "r+b")


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold a lock file, which is made where needed, after whoever holds it now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_lock(path.parent, path.name) as file:
        hold(file.fileno(), wait=True)
        yield


@contextmanager
def held_folder(folder: Path) -> Iterator[None]:
    """Hold a folder, which is made where needed, after whoever holds it now: files that belong together stay so."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        hold(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)
