"""Rows of zstd-compressed JSON Lines files, such as the real workflows beside the repository."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import zstandard

# The largest window of a frame, in bytes: large files are compressed with larger windows than the library's default.
WINDOW_BYTES = 1 << 27


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yields the rows of a file."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES).stream_reader(file)
        yield from map(json.loads, io.TextIOWrapper(stream, encoding="utf-8"))


def read_valid_rows(path: Path, count: int) -> list[dict[str, Any]]:
    """Reads the first rows that are valid under their schema."""
    return list(islice((row for row in read_rows(path) if row["valid"]), count))
