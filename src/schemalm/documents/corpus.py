"""Corpora: folders of documents, single files, and JSON Lines, read row by row.

In go paths, out come rows with a value or the error that stands in its way: one bad row never stops the reading. Rows
come in the order of the paths given, files of a folder sorted by their path. Memory is bounded by the largest row that
the limits allow, whatever the size of the corpus. Symbolic links inside a folder are not followed, and rows are not
validated.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from schemalm.documents.json_reader import strict_json
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.reading import load_document, parse_document
from schemalm.documents.values import JSONValue, canonical_json, find_fault
from schemalm.errors import DataError, DocumentError

_DOCUMENT_SUFFIXES = (".yml", ".yaml", ".json")
_ROW_SUFFIXES = (".jsonl", ".jsonl.zst")
_DOCUMENT_FIELDS = ("json", "yaml", "value")  # the first of them that a row has holds its document
_WINDOW_BYTES = 1 << 27  # what zstd's level 19 with a long window asks of a reader
_DOCUMENTS_PER_ROW = 16  # a row may hold a document as text, escaped, and as a value, beside other fields


@dataclass(frozen=True)
class CorpusRow:
    """One document of a corpus: its value, or the error where it has none.

    `repository` is the source by which a corpus is split: the row's `repo`, else the file or row itself. `path` names
    the document in its source; `line` is its line in a JSON Lines file and 1 elsewhere. `fields` are the strings,
    numbers and truth values of a JSON Lines row, the document's text aside.
    """

    value: JSONValue
    error: DocumentError | None
    repository: str
    path: str
    line: int = 1
    fields: Mapping[str, JSONValue] = field(default_factory=dict)


def read_corpus(paths: Iterable[Path], *, limits: DocumentLimits = DEFAULT_LIMITS) -> Iterator[CorpusRow]:
    """Yield the rows of folders (searched for `.yml`, `.yaml` and `.json`), such files, `.jsonl` and `.jsonl.zst`.

    A row of JSON Lines is an object with `json` (a value, or JSON text), `yaml` (text) or `value`, the first of
    these that it has, and optionally `repo` and `path`. Raises `DataError` where a path cannot be read or is
    of another kind, and at the end where there was no document at all.
    """
    num_rows = 0
    for path in paths:
        for row in _read_path(path, limits):
            num_rows += 1
            yield row
    if not num_rows:
        raise DataError(
            f"no documents found; expected files that end in {', '.join(_DOCUMENT_SUFFIXES + _ROW_SUFFIXES)}"
        )


def deduplicate(rows: Iterable[CorpusRow]) -> Iterator[CorpusRow]:
    """Yield the rows whose value no earlier row has, key order aside; rows with an error are all kept."""
    seen: set[bytes] = set()
    for row in rows:
        if row.error is None:
            digest = hashlib.sha256(canonical_json(row.value, sort_keys=True)).digest()
            if digest in seen:
                continue
            seen.add(digest)
        yield row


def _read_path(path: Path, limits: DocumentLimits) -> Iterator[CorpusRow]:
    if path.is_dir():
        for file in _documents_in(path):
            yield _read_file(file, file.relative_to(path).as_posix(), limits)
    elif not path.is_file():
        raise DataError(f"{path}: no such file or folder")
    elif path.name.endswith(_ROW_SUFFIXES):
        yield from _read_rows(path, limits)
    elif path.name.endswith(_DOCUMENT_SUFFIXES):
        yield _read_file(path, path.name, limits)
    else:
        kinds = ", ".join(_DOCUMENT_SUFFIXES + _ROW_SUFFIXES)
        raise DataError(f"{path}: not a corpus; expected a folder or a file that ends in {kinds}")


def _documents_in(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}")

    found: list[Path] = []
    for parent, _, names in os.walk(folder, onerror=refuse, followlinks=False):
        files = (Path(parent, name) for name in names if name.endswith(_DOCUMENT_SUFFIXES))
        found.extend(file for file in files if not file.is_symlink())
    return sorted(found)


def _read_file(file: Path, name: str, limits: DocumentLimits) -> CorpusRow:
    try:
        return CorpusRow(load_document(file, limits=limits), None, repository=name, path=name)
    except DocumentError as error:
        return CorpusRow(None, error, repository=name, path=name)


def _read_rows(file: Path, limits: DocumentLimits) -> Iterator[CorpusRow]:
    try:
        with file.open("rb") as raw:
            stream: BinaryIO = raw
            if file.name.endswith(".zst"):
                decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
                stream = cast(BinaryIO, io.BufferedReader(decompressor.stream_reader(raw, read_across_frames=True)))
            for number, line in enumerate(_lines(stream, _DOCUMENTS_PER_ROW * limits.max_bytes), start=1):
                if line is None or line.strip():
                    yield _parse_row(line, file, number, limits)
    except (OSError, zstandard.ZstdError) as error:
        raise DataError(f"{file}: cannot be read: {error}") from None


def _lines(stream: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """Yield the lines of a stream; None for a line of more than `max_bytes`, which is passed over in pieces."""
    while line := stream.readline(max_bytes + 1):
        if len(line) <= max_bytes:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(max_bytes)
        yield None


def _parse_row(line: bytes | None, file: Path, number: int, limits: DocumentLimits) -> CorpusRow:
    """Return the row of one line of JSON Lines, with an error where it holds no document."""
    row = CorpusRow(None, None, repository=f"{file.name}:{number}", path=f"{file.name}:{number}", line=number)
    source = f"{file}:{number}"
    try:
        if line is None:
            raise DocumentError("the row is too long; raise max_bytes to read it", source=source)
        fields = _fields(line, source, limits)
        row = replace(
            row,
            repository=_name(fields, "repo", source) or row.repository,
            path=_name(fields, "path", source) or row.path,
            fields=_scalars(fields),
        )
        return replace(row, value=_row_value(fields, source, limits))
    except DocumentError as error:
        return replace(row, error=error)


def _fields(line: bytes, source: str, limits: DocumentLimits) -> dict[str, JSONValue]:
    # The row encloses the document in one level and some nodes, its texts may be longer than a document's.
    roomy = replace(limits, max_nodes=limits.max_nodes + len(line), max_depth=128)
    try:
        fields = strict_json(line.decode("utf-8"), roomy, source)
    except UnicodeDecodeError as error:
        raise DocumentError("the row is not UTF-8", column=error.start + 1, source=source) from None
    if not isinstance(fields, dict):
        raise DocumentError("the row is not an object with `yaml`, `json` or `value`", source=source)
    return fields


def _scalars(fields: dict[str, JSONValue]) -> dict[str, JSONValue]:
    """What a row says about its document, apart from the document."""
    return {
        name: value
        for name, value in fields.items()
        if name not in _DOCUMENT_FIELDS and isinstance(value, str | int | float | bool)
    }


def _name(fields: dict[str, JSONValue], field: str, source: str) -> str:
    name = fields.get(field)
    if name is not None and not isinstance(name, str):
        raise DocumentError(f"the field `{field}` is not a string", source=source)
    return name or ""


def _row_value(fields: dict[str, JSONValue], source: str, limits: DocumentLimits) -> JSONValue:
    if isinstance(text := fields.get("json"), str):
        return parse_document(text, source=source, limits=limits, json_only=True)
    name = next((name for name in _DOCUMENT_FIELDS if name in fields), None)
    if name is None:
        raise DocumentError("the row has none of the fields `json`, `yaml` and `value`", source=source)
    value = fields[name]
    if name == "yaml":
        if not isinstance(value, str):
            raise DocumentError("the field `yaml` is not a string", source=source)
        return parse_document(value, source=source, limits=limits)
    if fault := find_fault(value, limits):
        raise DocumentError(f"the field `{name}`: {fault}", source=source)
    return value
