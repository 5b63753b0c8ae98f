"""The content of a gzip file as a stream of bytes, which detects a truncated file."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from schemalm.documents.framed_stream import FramedStream

if TYPE_CHECKING:
    from schemalm.documents.framed_stream import Frame

_GZIP_FORMAT = 16 + zlib.MAX_WBITS  # with the checksums that detect damage


class GzipStream(FramedStream):
    """Reads the members of a file; raises `EOFError` if it is truncated, `zlib.error` if it is not gzip."""

    input_bytes = 1 << 14  # deflate expands a byte to at most 1,032 bytes, so a block expands to 16 MiB
    padding = b"\0"

    def new_frame(self) -> Frame:
        """Return a decompressor for the next member."""
        return zlib.decompressobj(_GZIP_FORMAT)
