"""The documents of `schemalm judge`: of the inputs of `schemalm check`, and the rows of JSON Lines and tables.

A file may contain several documents: each is judged, and the second and later ones are named `path#2`, `path#3`. A row
is named `path:ROW`; of a row with both a value and its `yaml`, the text is judged as it was written.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from schemalm.cli.check_inputs import Source
from schemalm.dataset.selection import evenly_spaced
from schemalm.documents import CorpusRow, LeftOut, parse_documents
from schemalm.documents.corpus_files import Kind
from schemalm.documents.limits import DEFAULT_LIMITS
from schemalm.documents.pieces import count_rows, read_pieces, rows_of
from schemalm.documents.reading import decode_text, is_json, read_bytes, read_stream
from schemalm.errors import DocumentError
from schemalm.judging.interface import Document, Message


@dataclass(frozen=True)
class Given:
    """A document to judge, and the line of its file at which it begins; 0 if its file has rows."""

    document: Document
    source: Source
    first_line: int = 0

    def place(self, message: Message) -> str:
        """Return the place of a message: the file and the line in it, as far as they are known."""
        if not message.line:
            return self.document.name
        if not self.first_line:
            return f"{self.document.name}: line {message.line}"
        return f"{self.source.name}:{self.first_line + message.line - 1}"


@dataclass
class Documents:
    """The documents to judge, and the files and rows that cannot be read, each with the reason."""

    given: list[Given] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


def read_inputs(sources: Sequence[Source], limit: int | None, *, merge_keys: bool) -> Documents:
    """Read the documents of files, in their order; of all files and rows at most `limit`, evenly spaced.

    Raises `DataError` if a file of rows cannot be read or is damaged.
    """
    documents = Documents()
    for source, chosen in zip(sources, _chosen(sources, limit), strict=True):
        if _has_rows(source):
            _read_rows(documents, source, chosen, merge_keys)
        elif chosen is None or chosen:
            _read_file(documents, source, merge_keys)
    return documents


def _has_rows(source: Source) -> bool:
    return source.path is not None and Kind.of(source.path.name) in (Kind.LINES, Kind.TABLE)


def _chosen(sources: Sequence[Source], limit: int | None) -> Iterator[list[int] | None]:
    """Yield the indices of the rows to read of each file; None for all. A file of documents counts as one row."""
    if limit is None:
        yield from (None for _ in sources)
        return
    numbers = [count_rows([Path(source.argument)]) if _has_rows(source) else 1 for source in sources]
    indices = evenly_spaced(sum(numbers), limit).tolist()
    first = 0
    for number in numbers:
        yield [index - first for index in indices if first <= index < first + number]
        first += number


def _read_file(documents: Documents, source: Source, merge_keys: bool) -> None:
    try:
        text = decode_text(_content(source), source.name)
    except DocumentError as error:
        documents.unreadable[source.name] = error.message
        return
    json_only = is_json(source.name)
    loaded = parse_documents(text, source=source.name, merge_keys=merge_keys, json_only=json_only)
    for number, one in enumerate(loaded.documents, start=1):
        name = source.name if number == 1 else f"{source.name}#{number}"
        documents.given.append(Given(Document.of_loaded(one, one.text, name), source, one.line))


def _content(source: Source) -> bytes:
    if source.path is None:
        return read_stream(sys.stdin.buffer, source.name, DEFAULT_LIMITS)
    return read_bytes(source.path, source.name, DEFAULT_LIMITS)


def _read_rows(documents: Documents, source: Source, chosen: list[int] | None, merge_keys: bool) -> None:
    if chosen == []:
        return
    for piece in read_pieces([Path(source.argument)], LeftOut(), chosen=chosen):
        for row in rows_of(piece, merge_keys=merge_keys):
            name = f"{source.name}:{row.line}"
            if row.error is not None and not row.text:
                documents.unreadable[name] = row.error.message
            else:
                documents.given.append(Given(_of_row(row, name), source))


def _of_row(row: CorpusRow, name: str) -> Document:
    if row.error is not None:
        return Document(row.text, fault=row.error.message, name=name, fault_line=row.error.line)
    return Document(row.text, row.value, name=name) if row.text else Document.of_value(row.value, name)
