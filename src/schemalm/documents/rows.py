"""Rows of a corpus: the documents of files, JSON Lines and tables, each with a value or the error that prevented it.

One bad row never stops the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from schemalm.documents.corpus_files import CorpusFile
from schemalm.documents.json_reader import strict_json
from schemalm.documents.left_out import LeftOut, Rejecting, Rejection
from schemalm.documents.limits import DocumentLimits
from schemalm.documents.reading import LoadedDocument, LoadedDocuments, decode_text, is_json, parse_documents
from schemalm.documents.values import JSONValue, find_fault
from schemalm.errors import DocumentError

DOCUMENT_FIELDS = ("json", "yaml", "value")  # the first of them that is not null contains the document
TOO_LONG = "the row is longer than the limit (max_bytes)"
_NUM_FIELDS, _NUM_CHARACTERS = 8, 40  # fields named in a message, and characters of each name
# Common names for a document's field, in upper or lower case.
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
    """One document of a corpus: its value, or the error that prevented it.

    `repository` is the source by which a corpus is split: the row's `repo`, else the file or row itself. `path` names
    the document in its source; `PATH#2` is the second one of a file or text. It is in `file` at `line` (from 1; in a
    table the row). `license` comes from the row or the checkout, and is empty if neither states one. `fields` are the
    strings, numbers and booleans of a row, without the document. `text` is the document as it was written, empty if
    the row has only its value.
    """

    value: JSONValue
    error: DocumentError | None
    repository: str
    path: str
    line: int = 1
    fields: Mapping[str, JSONValue] = field(default_factory=dict)
    license: str = ""
    file: str = ""
    text: str = ""

    @property
    def name(self) -> str:
        """The document's name in messages: its path, after the repository if the row names one."""
        is_own_source = self.path == self.repository or self.path.startswith(f"{self.repository}#")
        return self.path if is_own_source else f"{self.repository}/{self.path}"

    def rejection(self, error: Rejecting) -> Rejection:
        """Return the rejection of the document because of its own error, or one that its value raised."""
        line = self.line
        if isinstance(error, DocumentError) and error.source == self.file:  # the error has the lines of the file itself
            line = error.line
        return Rejection.of(self.name, error, file=self.file, line=line)


@dataclass(frozen=True)
class RowReader:
    """Reads documents within `limits`, resolves or refuses merge keys, and records dropped comments in `left_out`."""

    limits: DocumentLimits
    merge_keys: bool
    left_out: LeftOut

    def documents(self, file: CorpusFile, content: bytes) -> Iterator[CorpusRow]:
        """Yield a row for each document of a file's content, or one row with an error if it is not text."""
        row = file_row(file)
        try:
            text = decode_text(content, row.file)
        except DocumentError as error:
            yield replace(row, error=error)
            return
        loaded = parse_documents(
            text, source=row.file, limits=self.limits, merge_keys=self.merge_keys, json_only=is_json(file.path.name)
        )
        yield from self._several(row, loaded)

    def line(self, file: CorpusFile, number: int, line: bytes | None) -> Iterator[CorpusRow]:
        """Yield the documents of one line of JSON Lines, or one row with an error if it contains none."""

        def fields(source: str) -> dict[str, JSONValue]:
            if line is None:
                raise DocumentError(TOO_LONG, source=source)
            return _fields(line, source, self.limits)

        yield from self._row(file, number, fields)

    def record(self, file: CorpusFile, number: int, row: dict[str, JSONValue] | str) -> Iterator[CorpusRow]:
        """Yield the documents of one row of a table, or one row with an error; a `row` that is text is the reason."""

        def fields(source: str) -> dict[str, JSONValue]:
            if isinstance(row, str):
                raise DocumentError(row, source=source)
            return row

        yield from self._row(file, number, fields)

    def _row(
        self, file: CorpusFile, number: int, fields_of: Callable[[str], dict[str, JSONValue]]
    ) -> Iterator[CorpusRow]:
        shown = file.shown
        location, source = f"{file.name}:{number}", f"{shown}:{number}"
        row = CorpusRow(None, None, file.repository or location, location, number, {}, file.license, shown)
        try:
            fields = fields_of(source)
            row = _described(row, fields, source)
            loaded = self._loaded(fields, source)
        except DocumentError as error:
            yield replace(row, error=error)
        else:
            yield from self._several(row, loaded, number)

    def _loaded(self, fields: dict[str, JSONValue], source: str) -> LoadedDocuments:
        present = [name for name in DOCUMENT_FIELDS if name in fields]
        if not present:
            raise DocumentError(missing(fields), source=source)
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
        written = fields.get("yaml")  # beside a value, it is the document as its author wrote it
        return LoadedDocuments((LoadedDocument(value, None, text=written if isinstance(written, str) else ""),))

    def _several(self, row: CorpusRow, loaded: LoadedDocuments, line: int | None = None) -> Iterator[CorpusRow]:
        """Yield a row for each document, at `line`, or at its own line if that is None."""
        if loaded.is_jsonc:
            self.left_out.comments.add(row.name)
        for number, document in enumerate(loaded.documents, start=1):
            path = row.path if number == 1 else f"{row.path}#{number}"
            at = document.line if line is None else line
            described = (row.repository, path, at, row.fields, row.license, row.file, document.text)
            yield CorpusRow(document.value, document.error, *described)


def file_row(file: CorpusFile, error: DocumentError | None = None) -> CorpusRow:
    """Return the row of a file before its text is known, or with the error of a file that cannot be read."""
    repository = file.repository or file.name
    return CorpusRow(None, error, repository, file.name, license=file.license, file=file.shown)


def _described(row: CorpusRow, fields: dict[str, JSONValue], source: str) -> CorpusRow:
    """Return the row with the data from its fields; a checkout's licence does not apply to another repository."""
    repository, path = _name(fields, "repo", source), _name(fields, "path", source) or row.path
    license_ = _name(fields, "license", source) or ("" if repository else row.license)
    return CorpusRow(None, None, repository or row.repository, path, row.line, _scalars(fields), license_, row.file)


def _fields(line: bytes, source: str, limits: DocumentLimits) -> dict[str, JSONValue]:
    # The row adds one level and some nodes to the document, and its strings may be longer than a document.
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
    """Return the scalar fields of a row, without the document."""
    return {
        name: value
        for name, value in fields.items()
        if name not in DOCUMENT_FIELDS and isinstance(value, str | int | float | bool)
    }


def _name(fields: dict[str, JSONValue], field: str, source: str) -> str:
    name = fields.get(field)
    if name is not None and not isinstance(name, str):
        raise DocumentError(f"the field `{field}` is not a string", source=source)
    return name or ""


def missing(fields: Mapping[str, JSONValue], holder: str = "row", part: str = "field") -> str:
    """Return the message for a row or table without a document: what it has, and what to rename or wrap."""
    if not fields:
        return f"the {holder} has no {part}s; it needs one of `yaml`, `json` and `value`"
    shown = [f"`{name[:_NUM_CHARACTERS]}`" for name in list(fields)[:_NUM_FIELDS]]
    listed = ", ".join([*shown, "…"] if len(fields) > _NUM_FIELDS else shown)
    return f"the {holder} has none of `yaml`, `json` and `value`, but {listed}: {_advice(fields)}"


def _advice(fields: Mapping[str, JSONValue]) -> str:
    for usual in _USUAL_NAMES:
        for name, value in fields.items():
            if name.lower() == usual and isinstance(value, str | dict | list):
                return f"rename `{name}` to {'`yaml` (or `json`)' if isinstance(value, str) else '`value`'}"
    return "name the document's text `yaml` or `json`; a row that is itself the document goes into `value`"
