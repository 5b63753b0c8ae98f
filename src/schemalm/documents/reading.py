"""Reading the value of a document from its text or its file.

In goes YAML 1.2 or JSON, as text or as a file in UTF-8; out comes one JSON value (`documents.values`), or one for each
document of the text. Text that begins with `{`, `[` or a double quote is first tried as JSON, since YAML parsers do not
read all of JSON. Files named `.json` and `.jsonc` must be JSON, but may have comments and trailing commas. The modules
`json_reader` and `yaml_composer` say what is refused. Encodings other than UTF-8 are not read.
"""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from schemalm.documents.json_reader import json_with_comments, parse_json, position_of
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.splitting import DocumentText, split_documents
from schemalm.documents.values import JSONValue
from schemalm.documents.yaml_composer import Expansion
from schemalm.documents.yaml_reader import parse_yaml
from schemalm.errors import DocumentError
from schemalm.files.reading import read_bounded
from schemalm.messages.wording import reason_of

_MAX_PATH_LENGTH = 4096
# Those of UTF-32 come first, since one of them begins with one of UTF-16.
_OTHER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(frozen=True)
class LoadedDocument:
    """One document of a text: its value, or the error that prevented it.

    `line`, from 1, is where it begins; `text` is its text, empty if it could not be read as text.
    """

    value: JSONValue
    error: DocumentError | None
    line: int = 1
    text: str = ""


@dataclass(frozen=True)
class LoadedDocuments:
    """The documents of a text, at least one; `is_jsonc`: it is JSON whose comments or trailing commas were dropped."""

    documents: tuple[LoadedDocument, ...]
    is_jsonc: bool = False

    def only(self, source: str) -> JSONValue:
        """Return the value of the only document; raises its error, or `DocumentError` if there are several."""
        first, *others = self.documents
        if others:
            message = "a second document begins; only one document is read here (`check` and corpora read each of them)"
            raise DocumentError(message, line=others[0].line, source=source)
        if first.error is not None:
            raise first.error
        return first.value


def load_document(
    path_or_text: str | Path, *, source: str = "", limits: DocumentLimits = DEFAULT_LIMITS, merge_keys: bool = False
) -> JSONValue:
    """Return the value of one YAML 1.2 or JSON document.

    A `Path`, or a one-line string that names an existing file, is read as a file; any other string is the document
    itself. `source` names the text in errors; for a file it defaults to the path. `merge_keys` resolves `<<` as YAML
    1.1 does, instead of refusing it. Raises `DocumentError` with `line`, `column` and `source` if the file cannot be
    read, if the text is not exactly one document, or if it exceeds a limit.
    """
    path = path_or_text if isinstance(path_or_text, Path) else _existing_file(path_or_text)
    if path is None:
        return parse_document(str(path_or_text), source=source, limits=limits, merge_keys=merge_keys)
    return load_documents(path, source=source, limits=limits, merge_keys=merge_keys).only(source or str(path))


def load_documents(
    path: Path, *, source: str = "", limits: DocumentLimits = DEFAULT_LIMITS, merge_keys: bool = False
) -> LoadedDocuments:
    """Return all documents of a file; a file that cannot be read yields one entry with the error."""
    name = source or str(path)
    try:
        data = read_bytes(path, name, limits)
    except DocumentError as error:
        return LoadedDocuments((LoadedDocument(None, error),))
    return documents_in(data, name, limits=limits, merge_keys=merge_keys, json_only=is_json(path.name))


def documents_in(
    data: bytes,
    name: str,
    *,
    limits: DocumentLimits = DEFAULT_LIMITS,
    merge_keys: bool = False,
    json_only: bool = False,
) -> LoadedDocuments:
    """Return all documents in the content of a file; content that is not text yields one entry with the error."""
    try:
        text = decode_text(data, name)
    except DocumentError as error:
        return LoadedDocuments((LoadedDocument(None, error),))
    return parse_documents(text, source=name, limits=limits, merge_keys=merge_keys, json_only=json_only)


def parse_document(
    text: str,
    *,
    source: str = "",
    limits: DocumentLimits = DEFAULT_LIMITS,
    merge_keys: bool = False,
    json_only: bool = False,
) -> JSONValue:
    """Return the value of a document's text, which is never treated as a path; raises `DocumentError`.

    `json_only`: the text must be JSON, but may have comments and trailing commas.
    """
    found = parse_documents(text, source=source, limits=limits, merge_keys=merge_keys, json_only=json_only)
    return found.only(source)


def parse_documents(
    text: str,
    *,
    source: str = "",
    limits: DocumentLimits = DEFAULT_LIMITS,
    merge_keys: bool = False,
    json_only: bool = False,
) -> LoadedDocuments:
    """Return all documents of a text, separated by `---`; JSON is one document, read as by `parse_document`.

    Documents that contain only comments are skipped, unless there is no other. The entry of a broken document has its
    error, and the others are still read.
    """
    try:
        check_text(text, source, limits)
        text = text.removeprefix("\ufeff")
        if json_only:
            value, is_jsonc = json_with_comments(text, limits, source)
            return LoadedDocuments((LoadedDocument(value, None, text=text),), is_jsonc)
    except DocumentError as error:
        return LoadedDocuments((LoadedDocument(None, error, text=text),))
    texts = split_documents(text)
    expansion = Expansion()
    return LoadedDocuments(tuple(_loaded(document, limits, source, merge_keys, expansion) for document in texts))


def _loaded(
    document: DocumentText, limits: DocumentLimits, source: str, merge_keys: bool, expansion: Expansion
) -> LoadedDocument:
    try:
        value = _value(document, limits, source, merge_keys, expansion)
        return LoadedDocument(value, None, document.line, document.text)
    except DocumentError as error:
        error.__context__ = error.__traceback__ = None  # they would keep everything that the parser had built
        return LoadedDocument(None, error, document.line, document.text)


def _value(
    document: DocumentText, limits: DocumentLimits, source: str, merge_keys: bool, expansion: Expansion
) -> JSONValue:
    try:
        return _parse_text(document.text, limits, source, merge_keys, expansion)
    except DocumentError as error:
        line = error.line + document.line - 1
        raise DocumentError(error.message, line=line, column=error.column, source=source) from None


def _parse_text(text: str, limits: DocumentLimits, source: str, merge_keys: bool, expansion: Expansion) -> JSONValue:
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            return parse_json(text, limits, source)
        except json.JSONDecodeError:
            pass  # a flow mapping or sequence of YAML
    return parse_yaml(text, limits, source, merge_keys=merge_keys, expansion=expansion)


def is_json(name: str) -> bool:
    """Return whether a file of this name must be JSON."""
    return name.lower().endswith((".json", ".jsonc"))


def _existing_file(text: str) -> Path | None:
    if "\n" in text or "\0" in text or not 0 < len(text) < _MAX_PATH_LENGTH:
        return None
    try:
        return Path(text) if Path(text).is_file() else None
    except (OSError, ValueError):  # too long for a file name, or not encodable
        return None


def read_text(path: Path, name: str, limits: DocumentLimits = DEFAULT_LIMITS) -> str:
    """Return the text of a file, read once; raises `DocumentError` with the source `name` if that fails."""
    return decode_text(read_bytes(path, name, limits), name)


def read_bytes(path: Path, name: str, limits: DocumentLimits) -> bytes:
    """Return the content of a file; raises `DocumentError` with the source `name` if it is unreadable or too large."""
    try:
        return read_bounded(path, limits.max_bytes)
    except (OSError, ValueError) as error:
        is_too_large = getattr(error, "errno", None) == errno.EFBIG
        message = _too_large(limits) if is_too_large else f"cannot be read: {reason_of(error)}"
        raise DocumentError(message, source=name) from None


def read_stream(stream: BinaryIO, name: str, limits: DocumentLimits) -> bytes:
    """Return what is left of a stream; raises `DocumentError` with the source `name` if it is too large or fails."""
    try:
        data = stream.read(limits.max_bytes + 1)
    except OSError as error:
        raise DocumentError(f"cannot be read: {reason_of(error)}", source=name) from None
    if len(data) > limits.max_bytes:
        raise DocumentError(_too_large(limits), source=name)
    return data


def decode_text(data: bytes, name: str) -> str:
    """Decode the content of a file; raises `DocumentError` with the source `name` if it is not UTF-8."""
    if encoding := marked_encoding(data):
        message = f"the byte order mark of {encoding}; save the file in UTF-8"
        raise DocumentError(message, source=name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = position_of(before := data[: error.start].decode("utf-8"), len(before))
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8; save the file in UTF-8"
        raise DocumentError(message, line=line, column=column, source=name) from None


def marked_encoding(data: bytes) -> str:
    """Return the encoding, other than UTF-8, whose byte order mark begins the data; empty if there is none."""
    return next((encoding for mark, encoding in _OTHER_MARKS.items() if data.startswith(mark)), "")


def check_text(text: str, source: str, limits: DocumentLimits) -> None:
    """Raise `DocumentError` for a text that is too large, or has half of a character."""
    if len(text) > limits.max_bytes:
        raise DocumentError(_too_large(limits), source=source)
    try:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        line, column = position_of(text, error.start)
        message = f"the lone surrogate U+{ord(text[error.start]):04X} is not a character"
        raise DocumentError(message, line=line, column=column, source=source) from None
    if size > limits.max_bytes:
        raise DocumentError(_too_large(limits), source=source)


def _too_large(limits: DocumentLimits) -> str:
    return f"larger than {limits.max_bytes:,} bytes, the limit (max_bytes)"
