"""The content of a zstd file as a stream of bytes that tells a whole file from one that was cut off.

Skippable frames and empty ones may be among the others. Memory is bounded by the largest window that is admitted.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import zstandard

from schemalm.documents.framed_stream import FramedStream

if TYPE_CHECKING:
    from schemalm.documents.framed_stream import Frame

_WINDOW_BYTES = 1 << 27  # what zstd's level 19 with a long window asks of a reader


class ZstdStream(FramedStream):
    """Reads the frames of a file; raises `EOFError` where it is cut off, `ZstdError` where it is no zstd."""

    input_bytes = 1 << 9  # 4 bytes may hold a block of 128 KiB, so these give 16 MiB at most

    def new_frame(self) -> Frame:
        """What decompresses the next frame."""
        return self._decompressor.decompressobj()

    @cached_property
    def _decompressor(self) -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
