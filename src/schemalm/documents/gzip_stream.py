"""The content of a gzip file as a stream of bytes that tells a whole file from one that was cut off or spoiled.

In goes a file of members, one after another, zero bytes after the last; out come their contents as one stream. Memory
is bounded by what the reader asks for, however much the file expands to.
"""

from __future__ import annotations

import gzip
import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class GzipStream(io.RawIOBase):
    """Reads the members of `file`; raises `EOFError` where it ends within one or has none, `OSError` for no gzip."""

    def __init__(self, file: BinaryIO) -> None:
        self._content = gzip.GzipFile(fileobj=file, mode="rb")
        self._is_empty = not file.read(1)
        file.seek(0)

    def readable(self) -> bool:
        """True, as of every stream to read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer, partly at least, with what comes next; 0 at the end."""
        if self._is_empty:
            raise EOFError("the file has no member")
        try:
            return self._content.readinto(buffer)
        except zlib.error as error:
            raise OSError(f"damaged gzip data: {error}") from None
