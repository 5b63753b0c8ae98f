"""The content of a compressed file as a stream of bytes, which detects a truncated file.

In goes a file that is a sequence of frames; out come their contents as one stream. Memory is bounded by the expanded
size of one block of the file, whatever the size of the whole.
"""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Frame(Protocol):
    """The decompressor of one frame."""

    @property
    def eof(self) -> bool:
        """Whether the end of the frame was reached."""

    @property
    def unused_data(self) -> bytes:
        """The input after the end of the frame."""

    def decompress(self, data: bytes, /) -> bytes:
        """Return the content of the next block of input."""


class FramedStream(io.RawIOBase):
    """Reads the frames of `file`; raises `EOFError` if the file ends inside a frame or has none."""

    input_bytes: ClassVar[int]  # read from the file at a time
    padding: ClassVar[bytes] = b""  # bytes that may precede a frame and mean nothing

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame: Frame | None = self.new_frame()  # None between frames
        self._rest = b""  # read from the file but not decompressed
        self._content = memoryview(b"")

    @abstractmethod
    def new_frame(self) -> Frame:
        """Return a decompressor for the next frame."""

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer, at least partly, with the next content; return the number of bytes, 0 at the end."""
        while not self._content:
            if not self._advance():
                return 0
        target = memoryview(buffer)
        piece = self._content[: len(target)]
        target[: len(piece)] = piece
        self._content = self._content[len(piece) :]
        return len(piece)

    def _advance(self) -> bool:
        """Decompress the next block of the file; return False at its end."""
        data, self._rest = self._rest or self._file.read(self.input_bytes), b""
        if not data:
            if self._frame is not None:
                raise EOFError("the file ends inside a frame")
            return False
        if self._frame is None:
            data = data.lstrip(self.padding)
            self._frame = self.new_frame() if data else None
        if self._frame is not None:
            self._content = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        return True
