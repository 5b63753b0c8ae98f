"""The content of a gzip file as a stream of bytes that tells a whole file from one that was cut off."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from schemalm.documents.framed_stream import FramedStream

if TYPE_CHECKING:
    from schemalm.documents.framed_stream import Frame

_GZIP_FORMAT = 16 + zlib.MAX_WBITS  # with the sums that tell spoiled data


class GzipStream(FramedStream):
    """Reads the members of a file; raises `EOFError` where it is cut off, `zlib.error` where it is no gzip."""

    input_bytes = 1 << 14  # deflate expands a byte to 1,032 at most, so these give 16 MiB
    padding = b"\0"

    def new_frame(self) -> Frame:
        """What decompresses the next member."""
        return zlib.decompressobj(_GZIP_FORMAT)
