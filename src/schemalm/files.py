"""Writing files so that a reader sees the old content or the new, never half of it, and finding out before whether."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from schemalm.errors import ConfigurationError
from schemalm.folders import inside

_SOME_BYTES = b"\0" * 4096


def check_writable(folder: Path, *files: str, advice: str = "choose another folder") -> None:
    """Raise `ConfigurationError` where `folder` cannot be made and filled, or one of its `files` cannot be written.

    For commands, before their work. Permissions do not tell (of a read-only or a full disk), so it is tried, with a
    file that has no name and leaves nothing behind. `advice` says what to do.
    """
    paths = [folder / file for file in files]
    try:
        for place in dict.fromkeys([folder, *(inside(folder, file).parent for file in files)]):
            _try_to_write(place)
        for path in paths:
            if path.exists() and not path.is_file():
                raise OSError(errno.EEXIST, "it is there, and no file", str(path))
    except OSError as error:
        where = "" if error.filename == str(folder) else f"{error.filename}: "
        raise ConfigurationError(f"{folder} cannot be written: {where}{error.strerror}; {advice}") from None


def _try_to_write(place: Path) -> None:
    """Write into a folder, or into what it would be made in; raises `OSError` with the path where that fails."""
    above = _nearest(place)
    try:
        with tempfile.TemporaryFile(dir=above) as file:
            file.write(_SOME_BYTES)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(above)) from None


def _nearest(place: Path) -> Path:
    """The path itself where there is something, else the nearest one above it; raises `OSError` where none may be."""
    for path in (place, *place.parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            path.lstat()
            return path
    return place


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Names `path` in errors of the system that name no file, as those of a full disk do."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Writes `content` to a temporary file beside `path`, syncs it, and renames it into place."""
    with opened_atomically(path) as file:
        file.write(content)


@contextmanager
def opened_atomically(path: Path) -> Iterator[BinaryIO]:
    """A temporary file beside `path`: synced and renamed into place at the end, removed after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with named_errors(path), temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_partial(folder: Path) -> None:
    """Remove from a folder what writing left there when it was killed; nobody else may be writing into it."""
    for partial in folder.glob(".*.partial"):
        partial.unlink()


def free_folder(parent: Path, name: str) -> Path:
    """`name` in `parent`, or `name-2` and so on where there was one before."""
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next((parent / free for free in names if not (parent / free).exists()), parent / name)


def sync_file(path: Path) -> None:
    """Makes the content of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Makes renames inside `folder` durable."""
    sync_file(folder)
