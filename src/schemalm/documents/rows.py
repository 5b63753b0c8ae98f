"""Rows of a corpus: a file's documents, and those of JSON Lines, each with a value or the error that stands in its way.

One bad row never stops the reading; what does is a file that is damaged, since nobody knows what it held: a compressed
one that was cut off loses its end without a trace. Memory is bounded by the largest row that the limits allow.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from schemalm.documents.json_reader import strict_json
from schemalm.documents.left_out import LeftOut
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.reading import LoadedDocument, LoadedDocuments, load_documents, parse_documents
from schemalm.documents.values import JSONValue, find_fault
from schemalm.documents.zstd_stream import ZstdStream
from schemalm.errors import DataError, DocumentError
from schemalm.wording import counted, reason_of

_DOCUMENT_FIELDS = ("json", "yaml", "value")  # the first of them that a row has, null aside, holds its document
_DOCUMENTS_PER_ROW = 16  # a row may hold a document as text, escaped, and as a value, beside other fields
_MARK = b"\xef\xbb\xbf"  # a byte order mark, before the first row of a file or of one that was put behind another
_BUFFER_BYTES = 1 << 16
_NUM_FIELDS, _NUM_CHARACTERS = 8, 40  # of a row that a message names, and of each name
# What others call a document, in any case.
_USUAL_NAMES = (
    "yaml",
    "yml",
    "json",
    "value",
    "text",
    "content",
    "contents",
    "document",
    "body",
    "source",
    "code",
    "data",
)


@dataclass(frozen=True)
class CorpusRow:
    """One document of a corpus: its value, or the error where it has none.

    `repository` is the source by which a corpus is split: the row's `repo`, else the file or row itself. `path` names
    the document in its source, `PATH#2` the second one of a file or text; `line` is its line in the file. `fields` are
    the strings, numbers and truth values of a JSON Lines row, the document's text aside.
    """

    value: JSONValue
    error: DocumentError | None
    repository: str
    path: str
    line: int = 1
    fields: Mapping[str, JSONValue] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What messages call the document: its path, behind the repository where the row names one."""
        is_own_source = self.path == self.repository or self.path.startswith(f"{self.repository}#")
        return self.path if is_own_source else f"{self.repository}/{self.path}"


@dataclass(frozen=True)
class RowReader:
    """Reads files of a corpus: within `limits`, with merge keys resolved or refused; notes what it leaves out."""

    limits: DocumentLimits
    merge_keys: bool
    left_out: LeftOut

    def documents(self, file: Path, name: str) -> Iterator[CorpusRow]:
        """Yield a row for each document of a file, which the rows call `name`."""
        loaded = load_documents(file, limits=self.limits, merge_keys=self.merge_keys)
        yield from self._several(CorpusRow(None, None, name, name), loaded)

    def rows(self, file: Path, name: str) -> Iterator[CorpusRow]:
        """Yield the rows of a JSON Lines file; raises `DataError` where it cannot be read to its end."""
        num_rows = 0
        try:
            with file.open("rb") as raw:
                for number, line in enumerate(self._lines(_content(raw, file)), start=1):
                    if line is None or line.strip():
                        num_rows += 1
                        yield from self._row(line, file, name, number)
        except EOFError:
            raise DataError(
                f"{file} is cut off: its compressed data end too early, after {counted(num_rows, 'whole row')}; "
                "get or make the file again"
            ) from None
        except (OSError, zstandard.ZstdError) as error:
            raise DataError(f"{file}: cannot be read after {counted(num_rows, 'row')}: {reason_of(error)}") from None

    def _lines(self, stream: BinaryIO) -> Iterator[bytes | None]:
        """Yield the lines of a stream; None for one that is too long, which is passed over in pieces."""
        max_bytes = _DOCUMENTS_PER_ROW * self.limits.max_bytes
        while line := stream.readline(max_bytes + 1):
            if len(line) <= max_bytes:
                yield line.removeprefix(_MARK)
                continue
            while line and not line.endswith(b"\n"):
                line = stream.readline(max_bytes)
            yield None

    def _row(self, line: bytes | None, file: Path, name: str, number: int) -> Iterator[CorpusRow]:
        """Yield the documents of one line of JSON Lines, with an error where it holds none."""
        place, source = f"{name}:{number}", f"{file}:{number}"
        row = CorpusRow(None, None, place, place, number)
        try:
            if line is None:
                raise DocumentError("the row is too long; raise max_bytes to read it", source=source)
            fields = _fields(line, source, self.limits)
            repository, path = _name(fields, "repo", source) or place, _name(fields, "path", source) or place
            row = CorpusRow(None, None, repository, path, number, _scalars(fields))
            loaded = self._loaded(fields, source)
        except DocumentError as error:
            yield replace(row, error=error)
        else:
            yield from self._several(row, loaded, number)

    def _loaded(self, fields: dict[str, JSONValue], source: str) -> LoadedDocuments:
        present = [name for name in _DOCUMENT_FIELDS if name in fields]
        if not present:
            raise DocumentError(_missing(fields), source=source)
        name = next((name for name in present if fields[name] is not None), present[0])
        value = fields[name]
        if name == "json" and isinstance(value, str):
            return parse_documents(value, source=source, limits=self.limits, json_only=True)
        if name == "yaml":
            if not isinstance(value, str):
                raise DocumentError("the field `yaml` is not a string", source=source)
            return parse_documents(value, source=source, limits=self.limits, merge_keys=self.merge_keys)
        if fault := find_fault(value, self.limits):
            raise DocumentError(f"the field `{name}`: {fault}", source=source)
        return LoadedDocuments((LoadedDocument(value, None),))

    def _several(self, row: CorpusRow, loaded: LoadedDocuments, line: int | None = None) -> Iterator[CorpusRow]:
        """Yield the row of each document, at `line` or where the document begins."""
        if loaded.is_jsonc:
            self.left_out.comments.add(row.name)
        for number, document in enumerate(loaded.documents, start=1):
            path = row.path if number == 1 else f"{row.path}#{number}"
            at = document.line if line is None else line
            yield CorpusRow(document.value, document.error, row.repository, path, at, row.fields)


def _content(raw: BinaryIO, file: Path) -> BinaryIO:
    if not file.name.lower().endswith(".zst"):
        return raw
    return cast(BinaryIO, io.BufferedReader(ZstdStream(raw), _BUFFER_BYTES))


def _fields(line: bytes, source: str, limits: DocumentLimits) -> dict[str, JSONValue]:
    # The row encloses the document in one level and some nodes, its texts may be longer than a document's.
    roomy = replace(limits, max_nodes=limits.max_nodes + len(line), max_depth=128)
    try:
        fields = strict_json(line.decode("utf-8"), roomy, source)
    except UnicodeDecodeError as error:
        message = "the row is not UTF-8; save the file in UTF-8"
        raise DocumentError(message, column=error.start + 1, source=source) from None
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


def _missing(fields: dict[str, JSONValue]) -> str:
    """What to say of a row without a document: the fields that it has, and which of them to rename or wrap."""
    if not fields:
        return "the row has no fields; it needs one of `yaml`, `json` and `value`"
    shown = [f"`{name[:_NUM_CHARACTERS]}`" for name in list(fields)[:_NUM_FIELDS]]
    listed = ", ".join([*shown, "…"] if len(fields) > _NUM_FIELDS else shown)
    return f"the row has none of `yaml`, `json` and `value`, but {listed}: {_advice(fields)}"


def _advice(fields: dict[str, JSONValue]) -> str:
    for usual in _USUAL_NAMES:
        for name, value in fields.items():
            if name.lower() == usual and isinstance(value, str | dict | list):
                return f"rename `{name}` to {'`yaml` (or `json`)' if isinstance(value, str) else '`value`'}"
    return "name the document's text `yaml` or `json`; a row that is itself the document belongs into `value`"
