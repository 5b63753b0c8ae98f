"""Writing files so that a reader sees the old content or the new, never a part of it; and checking that in advance.

A file or folder being written has a hidden name that ends in `.partial`, and its writer holds a lock on it. So the
remains of a killed command can be told from what another command is writing, and the next command that writes there
removes them. Links are never followed, and nothing with another name is ever touched.
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
from schemalm.files.folders import path_inside
from schemalm.files.locks import acquire_lock_if_possible, is_still_at

_SOME_BYTES = b"\0" * 4096
_NUM_BEGINNING = 64
# The folder in which the content of a new folder is written.
_HIDDEN = ".partial"
# The names that `partial_name` makes; earlier versions had only the number.
_PARTIAL = re.compile(r"\..+\.\d+(-[0-9a-f]{8})?\.partial")


def check_writable(folder: Path, *files: str, advice: str = "choose another folder") -> None:
    """Raise `ConfigurationError` if `folder` cannot be made and filled, or one of its `files` cannot be written.

    Commands call it before their work. Permissions do not show a read-only or a full disk, so it writes an unnamed
    file, which leaves nothing behind. It also removes what killed commands left. `advice` says what to do.
    """
    paths = [folder / file for file in files]
    try:
        for parent in dict.fromkeys([folder, *(path_inside(folder, str(Path(file).parent)) for file in files)]):
            _try_to_write(parent)
            remove_partial(parent)
        for path in paths:
            if path.exists() and not path.is_file():
                raise OSError(errno.EEXIST, "it exists and is not a file", str(path))
    except OSError as error:
        where = "" if error.filename == str(folder) else f"{error.filename}: "
        raise ConfigurationError(f"{folder} cannot be written: {where}{error.strerror}; {advice}") from None


def check_kind(file: Path, kind: str, beginning: re.Pattern[bytes], advice: str) -> None:
    """Raise `ConfigurationError` if a file exists, is not empty and is not of the `kind` that will replace it.

    It protects files that a user names by mistake from being overwritten. `kind` has its article.
    """
    if file.is_file():
        with file.open("rb") as opened:
            found = opened.read(_NUM_BEGINNING)
        if found and not beginning.match(found):
            raise ConfigurationError(f"{file} exists and is not {kind}: it is not overwritten; {advice}")


def _try_to_write(folder: Path) -> None:
    """Write into a folder, or into the one in which it would be made; raises `OSError` with the path on failure."""
    above = _nearest(folder)
    try:
        with tempfile.TemporaryFile(dir=above) as file:
            file.write(_SOME_BYTES)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(above)) from None


def _nearest(path: Path) -> Path:
    """Return the path if it exists, else the nearest existing path above it; raises `OSError` if it cannot look."""
    for candidate in (path, *path.parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            candidate.lstat()
            return candidate
    return path


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Add `path` to an operating system error that names no file, such as that of a full disk."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to a temporary file next to `path`, sync it, and rename it to `path`."""
    with opened_atomically(path) as file:
        file.write(content)


@contextmanager
def opened_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file next to `path`: synced and renamed to `path` at the end, or removed after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(partial_name(path.name))
    try:
        with named_errors(path), temporary.open("xb") as file:
            acquire_lock_if_possible(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def filled_atomically(out: Path, advice: str = "choose another folder", *, replaces: bool = False) -> Iterator[Path]:
    """Make a hidden folder for the content of `out`, which is new or empty; at the end it becomes `out` at once.

    replaces: `out` may have content; files of the same names are replaced, one after another. After an error, nothing
    remains. Raises `ConfigurationError` if `out` is not empty otherwise, or if another command fills it.
    """
    hidden = out / _HIDDEN if out.exists() else out.with_name(f".{out.name}{_HIDDEN}")
    hidden.mkdir(parents=True, exist_ok=True)
    with _claimed(hidden, out):
        try:
            _clear(hidden)
            if not replaces and has_content(out):
                raise ConfigurationError(f"{out} is not empty; {advice}")
            yield hidden
            with named_errors(out):
                _put_in_place(hidden, out)
        except BaseException:
            shutil.rmtree(hidden, ignore_errors=True)
            raise


def has_content(folder: Path) -> bool:
    """Return whether a folder exists and contains anything except the remains of a killed `filled_atomically`."""
    return folder.is_dir() and any(entry.name != _HIDDEN for entry in folder.iterdir())


@contextmanager
def _claimed(hidden: Path, out: Path) -> Iterator[None]:
    """Hold the lock of a hidden folder, which is not a link.

    Raises `ConfigurationError` if another command holds it, or held it a moment ago.
    """
    descriptor = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not (acquire_lock_if_possible(descriptor) and is_still_at(descriptor, hidden)):
            raise ConfigurationError(f"another command is writing into {out}: wait for it, or end it")
        yield
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    """Remove the content of a folder."""
    for entry in folder.iterdir():
        remove_entry(entry)


def _put_in_place(hidden: Path, out: Path) -> None:
    """Rename the hidden folder to `out`; if it is inside `out`, move its content there."""
    if hidden.parent == out:
        for entry in sorted(hidden.iterdir()):
            entry.rename(out / entry.name)
        hidden.rmdir()
        sync_folder(out)
    else:
        hidden.rename(out)
        sync_folder(out.parent)


def remove_partial(folder: Path) -> None:
    """Remove the unfinished files that killed commands left in a folder."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if _PARTIAL.fullmatch(entry.name) and not entry.is_symlink() and _is_left(entry):
            remove_entry(entry)


def _is_left(partial: Path) -> bool:
    """Return whether no process is writing an unfinished file or folder any more."""
    try:
        descriptor = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # gone, or not ours
        return False
    try:
        return acquire_lock_if_possible(descriptor)
    finally:
        os.close(descriptor)


def remove_entry(entry: Path) -> None:
    """Remove a file, a link (not its target) or a folder."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)  # what cannot be removed stays hidden
    else:
        entry.unlink(missing_ok=True)


def partial_name(name: str) -> str:
    """Return a hidden name, unique to this call, for an unfinished file or folder `name`."""
    return f".{name}.{os.getpid()}-{secrets.token_hex(4)}.partial"


def free_folder(parent: Path, name: str) -> Path:
    """Return `name` in `parent`, or `name-2` and so on if it exists."""
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next((parent / free for free in names if not (parent / free).exists()), parent / name)


def sync_file(path: Path) -> None:
    """Make the content of a file durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` durable."""
    sync_file(folder)
