"""The lines of a JSON Lines file, plain or compressed.

Memory is bounded by the longest line that the caller allows. A damaged file ends the reading with an error, since its
content is unknown: a truncated compressed file loses its end without a trace.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from schemalm.documents.gzip_stream import GzipStream
from schemalm.documents.reading import marked_encoding
from schemalm.documents.zstd_stream import ZstdStream
from schemalm.errors import DataError
from schemalm.messages.wording import counted, reason_of

_MARK = b"\xef\xbb\xbf"  # a byte order mark, before the first row or where files were concatenated
_STREAMS = {".gz": GzipStream, ".zst": ZstdStream}
_BUFFER_BYTES = 1 << 16


def read_lines(file: Path, shown: str, max_bytes: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines that are not blank, each with its number from 1; None replaces a line over `max_bytes`.

    Raises `DataError` with the path `shown` if the file cannot be read to its end.
    """
    num_rows = 0
    try:
        with file.open("rb") as raw:
            for number, line in enumerate(_lines(_content(raw, file), max_bytes), start=1):
                if number == 1 and line and (encoding := marked_encoding(line)):
                    raise DataError(f"{shown}: the byte order mark of {encoding}; save the file in UTF-8")
                if line is None or line.strip():
                    num_rows += 1
                    yield number, line
    except EOFError:
        raise DataError(
            f"{shown} is truncated: its compressed data ends too early, after {counted(num_rows, 'whole row')}; "
            "get or make the file again"
        ) from None
    except (OSError, zlib.error, zstandard.ZstdError) as error:
        raise DataError(f"{shown}: cannot be read after {counted(num_rows, 'row')}: {reason_of(error)}") from None


def _content(raw: BinaryIO, file: Path) -> BinaryIO:
    stream = _STREAMS.get(file.suffix.lower())
    return cast(BinaryIO, io.BufferedReader(stream(raw), _BUFFER_BYTES)) if stream else raw


def _lines(stream: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """Yield the lines of a stream; None replaces a line that is too long, which is skipped in parts."""
    while line := stream.readline(max_bytes + 1):
        if len(line) <= max_bytes:
            yield line.removeprefix(_MARK)
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(max_bytes)
        yield None
