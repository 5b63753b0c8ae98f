"""The rows of a Parquet table in batches, as bytes that other processes can read.

A table claims sizes of pages and lists that a reader would believe, and a dictionary can turn short numbers into long
texts. So the sizes are checked before a row group is read (`parquet_pages`), and they decide how many rows are read at
once. Memory is bounded by a page of each column and by the lists of a row group, whatever the table contains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from schemalm.documents.parquet_pages import Chunk, Page, chunks, pages
from schemalm.documents.row_selection import RowSelection
from schemalm.errors import DataError
from schemalm.messages.wording import reason_of

if TYPE_CHECKING:
    import pyarrow as pa

_PAGE_BYTES = 1 << 26  # of the largest page of each column, all columns together
_DICTIONARY_BYTES = 1 << 26  # of a batch, if each row is as long as the whole dictionary
_LIST_BYTES, _LIST_VALUES = 1 << 26, 1 << 24  # of columns with lists, in one row group
_BATCH_ROWS, _BATCH_BYTES = 512, 1 << 22
_LIST_ROWS = 16  # of a batch, if the lists of a row group exceed a batch: pages do not say where rows end

# The numbers of rows, from 1, and an Arrow IPC stream; the stream is empty for a single row that is too long.
Rows = tuple[tuple[int, ...], bytes]


class _Sizes(NamedTuple):
    """The sizes that the pages of a column in a row group claim, in bytes, and the number of values.

    In order: the largest page, all pages, the largest average size of a value in a page, and the dictionary, which any
    value may repeat in full.
    """

    page: int
    column: int
    value: float
    dictionary: int
    values: int

    @classmethod
    def of(cls, found: list[Page]) -> _Sizes:
        """Return the sizes of a column with these pages."""
        sizes = [page.num_bytes for page in found]
        values = [page.num_bytes / page.num_values for page in found if page.num_values]
        dictionary = max((page.num_bytes for page in found if not page.num_values), default=0)
        num_values = sum(page.num_values for page in found)
        return cls(max(sizes, default=0), sum(sizes), max(values, default=0.0), dictionary, num_values)


class Table:
    """A Parquet file; its scalar columns are read, and those columns named in `documents`.

    `names` are its columns. Raises `DataError` with the path `shown` if it is not a Parquet file or is damaged.
    """

    def __init__(self, file: Path, shown: str, documents: Collection[str]) -> None:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._file, self._shown = file, shown
        with self._damage("be read as Parquet"), pq.ParquetFile(file) as table:
            self._metadata, self._schema = table.metadata, table.schema
            fields = list(table.schema_arrow)
        self.names: list[str] = [field.name for field in fields]
        self._fields = [field for field in fields if field.name in documents or not pa.types.is_nested(field.type)]
        kept = {field.name for field in self._fields}
        self._leaves = [index for index in range(len(self._schema)) if self._leaf(index).path.split(".")[0] in kept]

    @property
    def num_rows(self) -> int:
        """The number of rows in the footer."""
        return int(self._metadata.num_rows)

    def rows(self, selection: RowSelection, max_bytes: int) -> Iterator[Rows]:
        """Yield the selected rows, about 4 MiB or 512 rows at a time; a row over `max_bytes` is too long.

        Raises `DataError` if the table cannot be read to its end, or would need too much memory.
        """
        import pyarrow.parquet as pq  # noqa: PLC0415

        texts = [self._leaf(index).path for index in self._leaves if self._is_text_in_list(index)]
        number = 0
        with (
            self._damage("be read to its end"),
            self._file.open("rb") as opened,
            pq.ParquetFile(self._file, metadata=self._metadata, read_dictionary=texts, pre_buffer=False) as table,
        ):
            columns = chunks(opened)
            for group in range(self._metadata.num_row_groups):
                num_rows = self._metadata.row_group(group).num_rows
                if not selection.skip(num_rows):
                    for first, batch in self._batches(table, group, self._num_batch_rows(opened, columns[group])):
                        taken = selection.take(batch.num_rows)
                        if taken:
                            numbers = [number + first + index + 1 for index in taken]
                            rows = batch if len(taken) == batch.num_rows else batch.take(taken)
                            yield from self._packed(rows, numbers, max_bytes)
                number += num_rows

    def _leaf(self, index: int) -> Any:
        return self._schema.column(index)

    def _batches(self, table: Any, group: int, num_rows: int) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield a row group in batches, each with the index of its first row in the group."""
        names = [field.name for field in self._fields]
        first = 0
        for batch in table.iter_batches(num_rows, row_groups=[group], columns=names, use_threads=False):
            yield first, batch
            first += batch.num_rows

    def _num_batch_rows(self, opened: BinaryIO, columns: list[Chunk]) -> int:
        """Return how many rows of a group may be read at once; raises `DataError` if even one row is too large."""
        sizes = [_Sizes.of(list(pages(opened, columns[index]))) for index in self._leaves]
        lists = [size for index, size in zip(self._leaves, sizes, strict=True) if self._is_in_list(index)]
        others = [size for index, size in zip(self._leaves, sizes, strict=True) if not self._is_in_list(index)]
        self._refuse(sum(size.page for size in sizes), _PAGE_BYTES, "bytes in one page of each column", "pages")
        self._refuse(sum(size.column for size in lists), _LIST_BYTES, "bytes of lists in a row group", "row groups")
        self._refuse(sum(size.values for size in lists), _LIST_VALUES, "values of lists in a row group", "row groups")
        num_rows = [_LIST_ROWS if sum(size.column for size in lists) > _BATCH_BYTES else _BATCH_ROWS]
        num_rows.append(int(_BATCH_BYTES / max(1.0, sum(size.value for size in others))))
        num_rows.append(_DICTIONARY_BYTES // max(1, sum(size.dictionary for size in others)))
        return max(1, min(num_rows))

    def _is_text_in_list(self, leaf: int) -> bool:
        """Return whether a row may have any number of a leaf's strings, so they must stay dictionary-encoded."""
        return self._is_in_list(leaf) and self._leaf(leaf).physical_type == "BYTE_ARRAY"

    def _is_in_list(self, leaf: int) -> bool:
        return bool(self._leaf(leaf).max_repetition_level)

    def _refuse(self, number: int, most: int, what: str, smaller: str) -> None:
        if number > most:
            raise DataError(
                f"{self._shown}: {number:,} {what} exceed the limit of {most:,}; "
                f"leave out texts of such a length, or write the table with smaller {smaller}, or as JSON Lines"
            )

    def _packed(self, batch: pa.RecordBatch, numbers: list[int], max_bytes: int) -> Iterator[Rows]:
        """Yield rows as bytes, halved until each part is small enough."""
        size = sum(map(_num_bytes, batch.columns))
        if len(numbers) == 1 and size > max_bytes:
            yield tuple(numbers), b""
        elif len(numbers) == 1 or size <= _BATCH_BYTES:
            yield tuple(numbers), self._stream(batch)
        else:
            half = len(numbers) // 2
            yield from self._packed(batch.slice(0, half), numbers[:half], max_bytes)
            yield from self._packed(batch.slice(half), numbers[half:], max_bytes)

    def _stream(self, batch: pa.RecordBatch) -> bytes:
        import pyarrow as pa  # noqa: PLC0415

        schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in self._fields])
        columns = [
            column if column.type == kind else column.cast(kind)
            for column, kind in zip(batch.columns, schema.types, strict=True)
        ]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pa.record_batch(columns, schema=schema))
        return bytes(sink.getvalue())

    @contextmanager
    def _damage(self, aim: str) -> Iterator[None]:
        """Turn errors of pyarrow into a `DataError` that says that the file cannot `aim`."""
        import pyarrow as pa  # noqa: PLC0415

        try:
            yield
        except (OSError, ArithmeticError, LookupError, TypeError, ValueError, pa.ArrowException) as error:
            reason = str(reason_of(error)).strip().splitlines()[0]
            raise DataError(f"{self._shown}: cannot {aim}: {reason}; get or make the file again") from None


def unpacked(content: bytes) -> Iterator[dict[str, Any] | str]:
    """Yield the rows of an Arrow IPC stream without their nulls; for a row without JSON values, yield the reason."""
    import pyarrow as pa  # noqa: PLC0415

    with pa.ipc.open_stream(content) as stream:
        for batch in stream:
            try:
                rows: list[dict[str, Any] | str] = batch.to_pylist(maps_as_pydicts="strict")
            except (ValueError, KeyError, OverflowError, pa.ArrowException):
                rows = [_row(batch.slice(index, 1)) for index in range(batch.num_rows)]
            for row in rows:
                yield row if isinstance(row, str) else {name: row[name] for name in row if row[name] is not None}


def _row(batch: pa.RecordBatch) -> dict[str, Any] | str:
    """Return the only row of a batch, or a message about the column without a JSON value."""
    row: dict[str, Any] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            row[name] = column[0].as_py(maps_as_pydicts="strict")
        except UnicodeDecodeError:
            return f"the column `{name}` is not UTF-8"
        except (ValueError, KeyError, OverflowError) as error:
            return f"the column `{name}` has no JSON value: {error}"
    return row


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return the type of a column without dictionary encoding."""
    import pyarrow as pa  # noqa: PLC0415

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _num_bytes(array: pa.Array) -> int:
    """Return the size of an array without dictionary encoding."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    if pa.types.is_dictionary(array.type):
        return int(pc.sum(pc.binary_length(array.dictionary).take(array.indices)).as_py() or 0)
    if pa.types.is_struct(array.type):
        return sum(map(_num_bytes, array.flatten()))
    if pa.types.is_map(array.type):
        start, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
        return sum(_num_bytes(part.slice(start, end - start)) for part in (array.keys, array.items))
    if pa.types.is_nested(array.type):
        values = array.flatten()
        return 8 * len(values) + _num_bytes(values)
    return int(array.nbytes)
