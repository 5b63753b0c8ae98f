"""A corpus as a stream of pieces that nothing has parsed yet.

In go paths, out come pieces in a fixed order: a file of documents, some lines of JSON Lines, some rows of a Parquet
table. A piece holds its bytes, so it gives the same rows wherever it is sent to, whatever becomes of the files. Memory
is bounded by the largest piece, about 4 MiB or one row that the limits allow, and by the names of a folder's entries.

A *raw row* is what is counted and chosen without parsing: a file of documents, a line of JSON Lines that is not blank,
a row of a table. One raw row may hold several documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemalm.documents.choice import Choice
from schemalm.documents.corpus_files import EXPECTED, CorpusFile, DocumentsAt, Kind, corpus_files
from schemalm.documents.left_out import LeftOut, too_little
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.lines import read_lines
from schemalm.documents.reading import read_bytes
from schemalm.documents.rows import DOCUMENT_FIELDS, TOO_LONG, CorpusRow, RowReader, file_row, missing
from schemalm.documents.tables import Table, unpacked
from schemalm.errors import DataError, DocumentError

MAX_ROWS, MAX_BYTES = 512, 1 << 22  # of a piece and of a shard, unless one row is larger
_DOCUMENTS_PER_ROW = 16  # a row may hold a document as text, escaped, and as a value, beside other fields


@dataclass(frozen=True)
class FilePiece:
    """A file of documents: its content, or why it cannot be read."""

    file: CorpusFile
    content: bytes
    error: DocumentError | None = None

    @property
    def num_rows(self) -> int:
        """How many raw rows it holds: 1."""
        return 1

    @property
    def num_bytes(self) -> int:
        """The size of what it holds."""
        return len(self.content)


@dataclass(frozen=True)
class LinesPiece:
    """Lines of a JSON Lines file, each with its number; None for one that is too long."""

    file: CorpusFile
    lines: tuple[tuple[int, bytes | None], ...]

    @property
    def num_rows(self) -> int:
        """How many raw rows it holds."""
        return len(self.lines)

    @property
    def num_bytes(self) -> int:
        """The size of what it holds."""
        return sum(len(line or b"") for _, line in self.lines)


@dataclass(frozen=True)
class TablePiece:
    """Rows of a Parquet table as a stream of Arrow IPC, with their numbers from 1; none for one that is too long."""

    file: CorpusFile
    numbers: tuple[int, ...]
    content: bytes

    @property
    def num_rows(self) -> int:
        """How many raw rows it holds."""
        return len(self.numbers)

    @property
    def num_bytes(self) -> int:
        """The size of what it holds."""
        return len(self.content)


Piece = FilePiece | LinesPiece | TablePiece


def read_pieces(
    paths: Iterable[Path],
    left_out: LeftOut,
    *,
    chosen: Iterable[int] | None = None,
    documents_at: DocumentsAt | None = None,
    limits: DocumentLimits = DEFAULT_LIMITS,
) -> Iterator[Piece]:
    """Yield the pieces of folders, of files of documents, JSON Lines and Parquet.

    `chosen`: the indices of the raw rows to take, ascending; others are not read as far as that can be avoided.
    `documents_at` tells the places in a Git checkout where documents of the schema stand; all where None. What is
    passed over is noted in `left_out`. Raises `DataError` where a path cannot be read, is of another kind or is
    damaged, and at the end where there was no raw row at all.
    """
    given = list(paths)
    choice = Choice(chosen)
    for file in corpus_files(given, left_out, documents_at):
        num_before = choice.num_seen
        yield from _pieces(file, choice, limits)
        if choice.num_seen == num_before:
            left_out.pass_over("files without a row", file.name)
    if not choice.num_seen:
        raise too_little(f"{', '.join(map(str, given))}: no documents found; expected {EXPECTED}", left_out)


def count_rows(
    paths: Iterable[Path], *, documents_at: DocumentsAt | None = None, limits: DocumentLimits = DEFAULT_LIMITS
) -> int:
    """How many raw rows `read_pieces` comes upon; nothing is parsed. Raises what it raises."""
    return sum(_num_rows(file, limits) for file in corpus_files(list(paths), LeftOut(), documents_at))


def rows_of(
    piece: Piece, *, limits: DocumentLimits = DEFAULT_LIMITS, merge_keys: bool = False, left_out: LeftOut | None = None
) -> Iterator[CorpusRow]:
    """Yield the documents of a piece, with an error each where one cannot be read; the caller is to note these.

    `merge_keys`: resolve `<<` in place of refusing it. A function of the piece alone, in whatever process.
    """
    reader = RowReader(limits, merge_keys, LeftOut() if left_out is None else left_out)
    match piece:
        case FilePiece(error=None):
            yield from reader.documents(piece.file, piece.content)
        case FilePiece():
            yield file_row(piece.file, piece.error)
        case LinesPiece():
            for number, line in piece.lines:
                yield from reader.line(piece.file, number, line)
        case TablePiece():
            rows = unpacked(piece.content) if piece.content else [TOO_LONG]
            for number, row in zip(piece.numbers, rows, strict=True):
                yield from reader.record(piece.file, number, row)


def into_shards(pieces: Iterable[Piece]) -> Iterator[tuple[Piece, ...]]:
    """Group pieces, in order, up to about 512 raw rows or 4 MiB: a function of the corpus alone."""
    shard: list[Piece] = []
    num_rows = num_bytes = 0
    for piece in pieces:
        if shard and (num_rows + piece.num_rows > MAX_ROWS or num_bytes + piece.num_bytes > MAX_BYTES):
            yield tuple(shard)
            shard, num_rows, num_bytes = [], 0, 0
        shard.append(piece)
        num_rows += piece.num_rows
        num_bytes += piece.num_bytes
    if shard:
        yield tuple(shard)


def _pieces(file: CorpusFile, choice: Choice, limits: DocumentLimits) -> Iterator[Piece]:
    if file.kind is Kind.LINES:
        yield from _lines_pieces(file, choice, limits)
    elif file.kind is Kind.TABLE:
        for numbers, content in _table(file).rows(choice, _DOCUMENTS_PER_ROW * limits.max_bytes):
            yield TablePiece(file, numbers, content)
    elif choice.takes_next():
        yield _file_piece(file, limits)


def _file_piece(file: CorpusFile, limits: DocumentLimits) -> FilePiece:
    try:
        return FilePiece(file, read_bytes(file.path, file.shown, limits))
    except DocumentError as error:
        return FilePiece(file, b"", error)


def _lines_pieces(file: CorpusFile, choice: Choice, limits: DocumentLimits) -> Iterator[LinesPiece]:
    lines: list[tuple[int, bytes | None]] = []
    num_bytes = 0
    for number, line in read_lines(file.path, file.shown, _DOCUMENTS_PER_ROW * limits.max_bytes):
        if not choice.takes_next():
            continue
        size = len(line or b"")
        if lines and (len(lines) == MAX_ROWS or num_bytes + size > MAX_BYTES):
            yield LinesPiece(file, tuple(lines))
            lines, num_bytes = [], 0
        lines.append((number, line))
        num_bytes += size
    if lines:
        yield LinesPiece(file, tuple(lines))


def _num_rows(file: CorpusFile, limits: DocumentLimits) -> int:
    if file.kind is Kind.LINES:
        return sum(1 for _ in read_lines(file.path, file.shown, _DOCUMENTS_PER_ROW * limits.max_bytes))
    return _table(file).num_rows if file.kind is Kind.TABLE else 1


def _table(file: CorpusFile) -> Table:
    """The table of a file; raises `DataError` where it has no column for documents."""
    table = Table(file.path, file.shown, DOCUMENT_FIELDS)
    if not any(name in DOCUMENT_FIELDS for name in table.names):
        raise DataError(f"{file.shown}: {missing(dict.fromkeys(table.names, ''), 'table', 'column')}")
    return table
