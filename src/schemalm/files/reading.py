"""Reading a file that a user names, once, up to a size, without waiting forever.

Regular files are read, and pipes that have a writer, such as the shell's `<(command)`. A pipe without a writer is
refused at once, and one whose writer stays silent is refused after a time-out. Folders, sockets and devices are
refused, since they may have no end. Files that this project writes for itself are not read here.
"""

from __future__ import annotations

import errno
import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path

MAX_SILENCE_SECONDS = 10
_CHUNK_BYTES = 1 << 16
_OTHER_KINDS = {
    stat.S_IFDIR: "a folder, not a file",
    stat.S_IFSOCK: "a socket, not a file",
    stat.S_IFCHR: "a device, not a file",
    stat.S_IFBLK: "a device, not a file",
}


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Return the content of a file or pipe of at most `max_bytes`.

    Raises `OSError` with the path if it cannot be read, with the number EFBIG if it is larger; raises `ValueError` if
    the path contains a NUL.
    """
    status = path.stat()
    kind = stat.S_IFMT(status.st_mode)
    if kind not in (stat.S_IFREG, stat.S_IFIFO):
        raise OSError(errno.EINVAL, _OTHER_KINDS.get(kind, "not a file"), str(path))
    content = _read(path, max_bytes) if status.st_size <= max_bytes else None
    if content is None or len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"larger than {max_bytes:,} bytes", str(path))
    if not content and kind == stat.S_IFIFO:
        raise OSError(errno.ENODATA, "a pipe into which nothing is written", str(path))
    return content


def _read(path: Path, max_bytes: int) -> bytes:
    """Return the content, up to one byte more than `max_bytes`."""
    if path.is_fifo():  # opening it as a file would wait for a writer
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb", buffering=0):
            return b"".join(_chunks(descriptor, path, max_bytes + 1))
    with path.open("rb", buffering=0) as file:
        os.set_blocking(file.fileno(), False)  # some files in /proc and /sys wait for more at their end
        return b"".join(_chunks(file.fileno(), path, max_bytes + 1))


def _chunks(descriptor: int, path: Path, num_bytes: int) -> Iterator[bytes]:
    while num_bytes:
        try:
            chunk = os.read(descriptor, min(num_bytes, _CHUNK_BYTES))
        except BlockingIOError:
            _wait(descriptor, path)
            continue
        if not chunk:
            return
        yield chunk
        num_bytes -= len(chunk)


def _wait(descriptor: int, path: Path) -> None:
    """Wait until there is something to read, or the end; raises `OSError` after a time-out."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    if not waiting.poll(1000 * MAX_SILENCE_SECONDS):
        reason = f"a pipe into which nothing was written for {MAX_SILENCE_SECONDS} seconds; write a file first"
        raise OSError(errno.ETIMEDOUT, reason, str(path))
