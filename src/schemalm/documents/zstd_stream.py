"""The content of a zstd file as a stream of bytes that tells a whole file from one that was cut off.

In goes a file of frames, one after another, skippable and empty ones among them; out come their contents as one
stream. Memory is bounded by the largest window that is admitted, however much the file expands to.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_WINDOW_BYTES = 1 << 27  # what zstd's level 19 with a long window asks of a reader
_INPUT_BYTES = 1 << 9  # of the file at a time: 4 bytes may hold a block of 128 KiB, so these give 16 MiB at most


class ZstdStream(io.RawIOBase):
    """Reads the frames of `file`; raises `EOFError` where it ends within one or has none, `ZstdError` for no zstd."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
        self._frame = self._decompressor.decompressobj()
        self._content = memoryview(b"")

    def readable(self) -> bool:
        """True, as of every stream to read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer, partly at least, with what comes next; 0 at the end."""
        while not self._content:
            if not self._advance():
                return 0
        target = memoryview(buffer)
        piece = self._content[: len(target)]
        target[: len(piece)] = piece
        self._content = self._content[len(piece) :]
        return len(piece)

    def _advance(self) -> bool:
        """Decompress the next piece of the file; False at its end."""
        data = self._frame.unused_data if self._frame.eof else b""
        data = data or self._file.read(_INPUT_BYTES)
        if not data:
            if not self._frame.eof:
                raise EOFError("the file ends within a frame")
            return False
        if self._frame.eof:
            self._frame = self._decompressor.decompressobj()
        self._content = memoryview(self._frame.decompress(data))
        return True
