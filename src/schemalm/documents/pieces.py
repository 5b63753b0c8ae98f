"""A corpus as a stream of unparsed pieces.

In go paths; out come pieces in a fixed order: a file of documents, some lines of JSON Lines, some rows of a Parquet
table. A piece contains its bytes, so any process reads the same rows from it, even if the files change. Memory is
bounded by the largest piece, about 4 MiB or one row within the limits, and by the names of a folder's entries.

A *raw row* is the unit that is counted and selected without parsing: a file of documents, a line of JSON Lines that is
not blank, or a row of a table. One raw row may contain several documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemalm.documents.corpus_files import EXPECTED, CorpusFile, Kind, PathMatcher, corpus_files
from schemalm.documents.left_out import LeftOut, left_out_error
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.lines import read_lines
from schemalm.documents.reading import read_bytes
from schemalm.documents.row_selection import RowSelection
from schemalm.documents.rows import DOCUMENT_FIELDS, TOO_LONG, CorpusRow, RowReader, file_row, missing
from schemalm.documents.tables import Table, unpacked
from schemalm.errors import DataError, DocumentError

MAX_ROWS, MAX_BYTES = 512, 1 << 22  # of a piece and of a shard, unless one row is larger
_DOCUMENTS_PER_ROW = 16  # a row may contain a document as escaped text and as a value, besides other fields


@dataclass(frozen=True)
class FilePiece:
    """A file of documents: its content, or why it cannot be read."""

    file: CorpusFile
    content: bytes
    error: DocumentError | None = None

    @property
    def num_rows(self) -> int:
        """The number of raw rows: 1."""
        return 1

    @property
    def num_bytes(self) -> int:
        """The size of the content."""
        return len(self.content)


@dataclass(frozen=True)
class LinesPiece:
    """Lines of a JSON Lines file, each with its number; None replaces a line that is too long."""

    file: CorpusFile
    lines: tuple[tuple[int, bytes | None], ...]

    @property
    def num_rows(self) -> int:
        """The number of raw rows."""
        return len(self.lines)

    @property
    def num_bytes(self) -> int:
        """The size of the content."""
        return sum(len(line or b"") for _, line in self.lines)


@dataclass(frozen=True)
class TablePiece:
    """Rows of a Parquet table as an Arrow IPC stream, with their numbers from 1; empty for a row that is too long."""

    file: CorpusFile
    numbers: tuple[int, ...]
    content: bytes

    @property
    def num_rows(self) -> int:
        """The number of raw rows."""
        return len(self.numbers)

    @property
    def num_bytes(self) -> int:
        """The size of the content."""
        return len(self.content)


Piece = FilePiece | LinesPiece | TablePiece


def read_pieces(
    paths: Iterable[Path],
    left_out: LeftOut,
    *,
    chosen: Iterable[int] | None = None,
    path_matcher: PathMatcher | None = None,
    limits: DocumentLimits = DEFAULT_LIMITS,
) -> Iterator[Piece]:
    """Yield the pieces of documents, JSON Lines and Parquet files, and of the folders that contain them.

    `chosen`: the indices of the raw rows to read, ascending; the others are skipped unread where possible.
    `path_matcher` tells which paths in a Git checkout are documents of the schema; None accepts all paths. Skipped
    files are recorded in `left_out`. Raises `DataError` if a path cannot be read, is of another kind or is damaged,
    and at the end if there was no raw row.
    """
    given = list(paths)
    selection = RowSelection(chosen)
    for file in corpus_files(given, left_out, path_matcher):
        num_before = selection.num_seen
        yield from _pieces(file, selection, limits)
        if selection.num_seen == num_before:
            left_out.pass_over("files without a row", file.name)
    if not selection.num_seen:
        raise left_out_error(f"{', '.join(map(str, given))}: no documents found; expected {EXPECTED}", left_out)


def count_rows(
    paths: Iterable[Path], *, path_matcher: PathMatcher | None = None, limits: DocumentLimits = DEFAULT_LIMITS
) -> int:
    """Return the number of raw rows that `read_pieces` finds, without parsing them; raises the same errors."""
    return sum(_num_rows(file, limits) for file in corpus_files(list(paths), LeftOut(), path_matcher))


def rows_of(
    piece: Piece, *, limits: DocumentLimits = DEFAULT_LIMITS, merge_keys: bool = False, left_out: LeftOut | None = None
) -> Iterator[CorpusRow]:
    """Yield the documents of a piece; one that cannot be read has its error, which the caller records.

    `merge_keys` resolves `<<` instead of refusing it. The rows depend only on the arguments, not on the process.
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
    """Group pieces, in order, up to about 512 raw rows or 4 MiB; the groups depend on the corpus alone."""
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


def _pieces(file: CorpusFile, selection: RowSelection, limits: DocumentLimits) -> Iterator[Piece]:
    if file.kind is Kind.LINES:
        yield from _lines_pieces(file, selection, limits)
    elif file.kind is Kind.TABLE:
        for numbers, content in _table(file).rows(selection, _DOCUMENTS_PER_ROW * limits.max_bytes):
            yield TablePiece(file, numbers, content)
    elif selection.takes_next():
        yield _file_piece(file, limits)


def _file_piece(file: CorpusFile, limits: DocumentLimits) -> FilePiece:
    try:
        return FilePiece(file, read_bytes(file.path, file.shown, limits))
    except DocumentError as error:
        return FilePiece(file, b"", error)


def _lines_pieces(file: CorpusFile, selection: RowSelection, limits: DocumentLimits) -> Iterator[LinesPiece]:
    lines: list[tuple[int, bytes | None]] = []
    num_bytes = 0
    for number, line in read_lines(file.path, file.shown, _DOCUMENTS_PER_ROW * limits.max_bytes):
        if not selection.takes_next():
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
    """Return the table of a file; raises `DataError` if it has no column for documents."""
    table = Table(file.path, file.shown, DOCUMENT_FIELDS)
    if not any(name in DOCUMENT_FIELDS for name in table.names):
        raise DataError(f"{file.shown}: {missing(dict.fromkeys(table.names, ''), 'table', 'column')}")
    return table
