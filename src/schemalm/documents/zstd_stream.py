"""The content of a zstd file as a stream of bytes, which detects a truncated file.

The file may contain skippable and empty frames. Memory is bounded by the largest window allowed.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import zstandard

from schemalm.documents.framed_stream import FramedStream

if TYPE_CHECKING:
    from schemalm.documents.framed_stream import Frame

_WINDOW_BYTES = 1 << 27  # what zstd's level 19 with a long window requires of a reader


class ZstdStream(FramedStream):
    """Reads the frames of a file; raises `EOFError` if it is truncated, `ZstdError` if it is not zstd."""

    input_bytes = 1 << 9  # 4 bytes may encode 128 KiB, so a block expands to at most 16 MiB

    def new_frame(self) -> Frame:
        """Return a decompressor for the next frame."""
        return self._decompressor.decompressobj()

    @cached_property
    def _decompressor(self) -> zstandard.ZstdDecompressor:
        return zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
