"""The rows of a Parquet table, some at a time, as bytes that other processes can read.

Memory is bounded by the row group's columns of which a part is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from schemalm.errors import DataError
from schemalm.wording import reason_of

COLUMNS = ("json", "yaml", "value", "repo", "path", "license")  # the fields of a row that are read


def num_table_rows(file: Path) -> int:
    """How many rows a table has, by its footer; raises `DataError` where it is no table or has no column to read."""
    return int(_open(file).metadata.num_rows)


def read_table(file: Path, max_rows: int, takes_next: Callable[[], bool]) -> Iterator[tuple[tuple[int, ...], bytes]]:
    """Yield the rows that `takes_next` says yes to, at most `max_rows` at a time: their numbers from 1, and a stream
    of Arrow IPC. Raises `DataError` where the file cannot be read to its end."""
    import pyarrow as pa  # noqa: PLC0415

    table = _open(file)
    names = [name for name in table.schema_arrow.names if name in COLUMNS]
    number = 0
    try:
        for batch in table.iter_batches(batch_size=max_rows, columns=names, use_threads=False):
            taken = [index for index in range(batch.num_rows) if takes_next()]
            if taken:
                yield tuple(number + index + 1 for index in taken), _packed(batch.take(pa.array(taken)))
            number += batch.num_rows
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{file}: cannot be read after {number:,} rows: {reason_of(error)}") from None


def unpacked(content: bytes) -> list[dict[str, Any]]:
    """The rows of a stream of Arrow IPC."""
    import pyarrow as pa  # noqa: PLC0415

    with pa.ipc.open_stream(content) as stream:
        return [row for batch in stream for row in batch.to_pylist()]


def _packed(batch: Any) -> bytes:
    import pyarrow as pa  # noqa: PLC0415

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def _open(file: Path) -> Any:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.ParquetFile(file)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{file}: cannot be read as Parquet: {reason_of(error)}") from None
    names = table.schema_arrow.names
    if not any(name in COLUMNS[:3] for name in names):
        raise DataError(f"{file}: the table has no column `yaml`, `json` or `value`, but {', '.join(names[:8])}")
    return table
