"""Locks between processes and between threads, by `filelock`.

A lock is held on an open file or folder and ends when it is closed. So a killed process leaves nothing locked, and a
leftover lock file does no harm. Some file systems have no locks. Where two writers would damage a file, that is an
error; where a lock only keeps files of one command together, the command continues without one.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from schemalm.files.folders import path_inside, refusal

# Windows lacks the last three; it also lacks the links and pipes that they protect from.
_LOCKING = os.O_RDWR | os.O_CREAT
_LOCKING |= sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))


def acquire_lock(descriptor: int, *, wait: bool = False) -> bool:
    """Lock an open file or folder until it is closed; return False if someone else holds the lock.

    wait: wait for the current holder instead of returning False. Raises `OSError` if the file system has no locks.
    """
    from filelock import lock_descriptor  # noqa: PLC0415

    return lock_descriptor(descriptor, blocking=wait)


def acquire_lock_if_possible(descriptor: int, *, wait: bool = False) -> bool:
    """Lock like `acquire_lock`, but return True if the file system has no locks."""
    try:
        return acquire_lock(descriptor, wait=wait)
    except OSError:
        return True


def is_still_at(descriptor: int, path: Path) -> bool:
    """Return whether an open file or folder is still at `path`: the previous holder may have removed or renamed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def open_lock_file(folder: Path, name: str) -> BinaryIO:
    """Open the lock file `name` of `folder`; it is made if it does not exist, and its content is never changed.

    Raises `OSError` if it is a link or not a regular file.
    """
    path = path_inside(folder, name)
    descriptor = os.open(path, _LOCKING, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise refusal(path, errno.EINVAL, "it is not a regular file")
    return os.fdopen(descriptor, "r+b")


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Hold the lock of a lock file, after waiting for its current holder; the file is made if needed.

    Raises `OSError` if the file cannot be locked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_lock_file(path.parent, path.name) as file:
        acquire_lock(file.fileno(), wait=True)
        yield


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, after waiting for its current holder; the folder is made if needed.

    It keeps files of one command together: no other command writes its own between them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        acquire_lock_if_possible(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)
