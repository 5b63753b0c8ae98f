"""Fuzzes the reader of Parquet files, which checks their pages before a library unpacks them."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]
import pyarrow as pa
import pyarrow.parquet as pq

with atheris.instrument_imports(include=["schemalm"]):
    from schemalm.documents import LeftOut
    from schemalm.documents.pieces import count_rows, read_pieces, rows_of

from fuzz.harness import fuzz

FILE = Path(tempfile.mkdtemp()) / "rows.parquet"


def seeds() -> list[bytes]:
    """Return small tables with different compressions."""
    found = []
    for compression in ("none", "zstd", "snappy"):
        sink = io.BytesIO()
        columns = {"yaml": ["a: 1\n", "b: 2\n", None], "repo": ["r", "r", "s"], "n": [[1], [], [2, 3]]}
        pq.write_table(pa.table(columns), sink, compression=compression, row_group_size=2)
        found.append(sink.getvalue())
    return found


def read(content: bytes) -> None:
    """Count and read the rows of a table."""
    FILE.write_bytes(content)
    count_rows([FILE])
    for piece in read_pieces([FILE], LeftOut()):
        list(rows_of(piece))


if __name__ == "__main__":
    fuzz("tables", read, seeds())
