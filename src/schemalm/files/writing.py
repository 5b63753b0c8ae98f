"""Writing files so that a reader sees the old content or the new, never half of it, and finding out before whether.

What is under way has a hidden name that ends in `.partial`, and its writer holds a lock on it. So what a killed command
left is told from what another one is writing, and the next command that writes there removes it. Links are never
followed on the way, and what has another name is never touched.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from schemalm.errors import ConfigurationError
from schemalm.files.folders import inside
from schemalm.files.locks import hold, is_still_at

_SOME_BYTES = b"\0" * 4096
_NUM_BEGINNING = 64
# What fills a folder, while it is under way.
_HIDDEN = ".partial"
# What this program calls what is under way, as `partial_name` makes it; versions before had the number alone.
_PARTIAL = re.compile(r"\..+\.\d+(-[0-9a-f]{8})?\.partial")


def check_writable(folder: Path, *files: str, advice: str = "choose another folder") -> None:
    """Raise `ConfigurationError` where `folder` cannot be made and filled, or one of its `files` cannot be written.

    For commands, before their work. Permissions do not tell (of a read-only or a full disk), so it is tried, with a
    file that has no name and leaves nothing behind; what killed commands left is removed. `advice` says what to do.
    """
    paths = [folder / file for file in files]
    try:
        for place in dict.fromkeys([folder, *(inside(folder, str(Path(file).parent)) for file in files)]):
            _try_to_write(place)
            remove_partial(place)
        for path in paths:
            if path.exists() and not path.is_file():
                raise OSError(errno.EEXIST, "it is there, and no file", str(path))
    except OSError as error:
        where = "" if error.filename == str(folder) else f"{error.filename}: "
        raise ConfigurationError(f"{folder} cannot be written: {where}{error.strerror}; {advice}") from None


def check_kind(file: Path, kind: str, beginning: re.Pattern[bytes], advice: str) -> None:
    """Raise `ConfigurationError` where a file is there that is not empty and none of the `kind` that replaces it.

    For files that a user names to be written: one of their own, named by mistake, is not written over.
    """
    if file.is_file():
        with file.open("rb") as opened:
            found = opened.read(_NUM_BEGINNING)
        if found and not beginning.match(found):
            raise ConfigurationError(f"{file} is there and no {kind}: it is not written over; {advice}")


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
    temporary = path.with_name(partial_name(path.name))
    try:
        with named_errors(path), temporary.open("xb") as file:
            hold(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def filled_folder(out: Path, advice: str = "choose another folder") -> Iterator[Path]:
    """A hidden folder for all that `out`, which is new or empty, shall hold: it is there at the end, at once.

    After an error nothing is. Raises `ConfigurationError` where `out` holds something, or another command fills it.
    """
    hidden = out / _HIDDEN if out.exists() else out.with_name(f".{out.name}{_HIDDEN}")
    hidden.mkdir(parents=True, exist_ok=True)
    with _claimed(hidden, out):
        try:
            _clear(hidden)
            if holds_something(out):
                raise ConfigurationError(f"{out} is not empty; {advice}")
            yield hidden
            with named_errors(out):
                _put_in_place(hidden, out)
        except BaseException:
            shutil.rmtree(hidden, ignore_errors=True)
            raise


def holds_something(folder: Path) -> bool:
    """Whether a folder is there and holds anything but what a killed `filled_folder` left."""
    return folder.is_dir() and any(entry.name != _HIDDEN for entry in folder.iterdir())


@contextmanager
def _claimed(hidden: Path, out: Path) -> Iterator[None]:
    """Hold a hidden folder, which is no link; `ConfigurationError` where another command does, or did just now."""
    descriptor = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not (hold(descriptor) and is_still_at(descriptor, hidden)):
            raise ConfigurationError(f"another command is writing into {out}: wait for it, or end it")
        yield
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    """Remove all that a folder holds."""
    for entry in folder.iterdir():
        remove_entry(entry)


def _put_in_place(hidden: Path, out: Path) -> None:
    """Rename the hidden folder to `out`, or, where it lies in that, what it holds."""
    if hidden.parent == out:
        for entry in sorted(hidden.iterdir()):
            entry.rename(out / entry.name)
        hidden.rmdir()
        sync_folder(out)
    else:
        hidden.rename(out)
        sync_folder(out.parent)


def remove_partial(folder: Path) -> None:
    """Remove from a folder what commands left half-written when they were killed."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if _PARTIAL.fullmatch(entry.name) and not entry.is_symlink() and _is_left(entry):
            remove_entry(entry)


def _is_left(partial: Path) -> bool:
    """Whether nobody writes into something half-written any more."""
    try:
        descriptor = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # gone, or not ours
        return False
    try:
        return hold(descriptor)
    finally:
        os.close(descriptor)


def remove_entry(entry: Path) -> None:
    """Remove a file, a link (and not what it leads to) or a folder."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)  # what cannot be removed is hidden
    else:
        entry.unlink(missing_ok=True)


def partial_name(name: str) -> str:
    """A hidden name for what is under way to be `name`, which no other command has."""
    return f".{name}.{os.getpid()}-{secrets.token_hex(4)}.partial"


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
