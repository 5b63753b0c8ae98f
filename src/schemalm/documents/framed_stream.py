"""The content of a compressed file as a stream of bytes that tells a whole file from one that was cut off.

In goes a file of frames, one after another; out come their contents as one stream. Memory is bounded by what a piece of
the file may expand to, however much the whole does.
"""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Frame(Protocol):
    """What decompresses one frame."""

    @property
    def eof(self) -> bool:
        """Whether the frame has ended."""

    @property
    def unused_data(self) -> bytes:
        """What came after its end."""

    def decompress(self, data: bytes, /) -> bytes:
        """The content of the next piece."""


class FramedStream(io.RawIOBase):
    """Reads the frames of `file`; raises `EOFError` where it ends within one or has none."""

    input_bytes: ClassVar[int]  # of the file at a time
    padding: ClassVar[bytes] = b""  # what may stand before a frame and means nothing

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame: Frame | None = self.new_frame()  # None between frames
        self._rest = b""  # read from the file and not decompressed
        self._content = memoryview(b"")

    @abstractmethod
    def new_frame(self) -> Frame:
        """What decompresses the next frame."""

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
        data, self._rest = self._rest or self._file.read(self.input_bytes), b""
        if not data:
            if self._frame is not None:
                raise EOFError("the file ends within a frame")
            return False
        if self._frame is None:
            data = data.lstrip(self.padding)
            self._frame = self.new_frame() if data else None
        if self._frame is not None:
            self._content = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._rest, self._frame = self._frame.unused_data, None
        return True
