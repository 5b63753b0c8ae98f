"""A document's text, or its file, to its value.

In goes YAML 1.2 or JSON, as text or as a file in UTF-8; out comes one JSON value (`documents.values`), or one for each
document of the text. Text that begins with `{`, `[` or a double quote is tried as JSON first, since JSON is no exact
subset of what YAML parsers read; files named `.json` and `.jsonc` must be JSON, but may have comments and trailing
commas. What is refused stands in `json_reader` and `yaml_composer`. Encodings other than UTF-8 are not read.
"""

from __future__ import annotations

import errno
import json
from dataclasses import dataclass
from pathlib import Path

from schemalm.documents.cutting import Piece, cut_documents
from schemalm.documents.json_reader import json_with_comments, parse_json, position_of
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.values import JSONValue
from schemalm.documents.yaml_composer import Expansion
from schemalm.documents.yaml_reader import parse_yaml
from schemalm.errors import DocumentError
from schemalm.files.reading import read_bounded
from schemalm.messages.wording import reason_of

_MAX_PATH_LENGTH = 4096
# UTF-32's first, since one of UTF-16's begins it.
_OTHER_MARKS = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


@dataclass(frozen=True)
class LoadedDocument:
    """One document of a text: its value, or the error where it has none.

    `line`, from 1, is where it begins; `text` is what was read of it, empty where that is no text.
    """

    value: JSONValue
    error: DocumentError | None
    line: int = 1
    text: str = ""


@dataclass(frozen=True)
class LoadedDocuments:
    """What a text holds, at least one entry; `is_jsonc`: JSON with comments or trailing commas, which were left out."""

    documents: tuple[LoadedDocument, ...]
    is_jsonc: bool = False

    def only(self, source: str) -> JSONValue:
        """The value of the only document; raises its error, and `DocumentError` where there are several."""
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

    A `Path`, and a string of one line that names an existing file, is read as a file; any other string is the
    document itself. `source` names the text in errors (a file's own path where empty). `merge_keys`: resolve `<<` as
    YAML 1.1 does, in place of refusing it. Raises `DocumentError` with `line`, `column` and `source` where the file
    cannot be read, the text is no document or several, or a limit is broken.
    """
    path = path_or_text if isinstance(path_or_text, Path) else _existing_file(path_or_text)
    if path is None:
        return parse_document(str(path_or_text), source=source, limits=limits, merge_keys=merge_keys)
    return load_documents(path, source=source, limits=limits, merge_keys=merge_keys).only(source or str(path))


def load_documents(
    path: Path, *, source: str = "", limits: DocumentLimits = DEFAULT_LIMITS, merge_keys: bool = False
) -> LoadedDocuments:
    """Return every document of a file; a file that cannot be read is one entry with the error."""
    name = source or str(path)
    try:
        text = read_text(path, name, limits)
    except DocumentError as error:
        return LoadedDocuments((LoadedDocument(None, error),))
    return parse_documents(text, source=name, limits=limits, merge_keys=merge_keys, json_only=is_json(path.name))


def parse_document(
    text: str,
    *,
    source: str = "",
    limits: DocumentLimits = DEFAULT_LIMITS,
    merge_keys: bool = False,
    json_only: bool = False,
) -> JSONValue:
    """Return the value of a document's text, which is never taken for a path; raises `DocumentError`.

    `json_only`: the text is JSON, in which comments and trailing commas are passed over where need be.
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
    """Return every document of a text, which `---` sets apart; JSON is one document, read as by `parse_document`.

    Documents of nothing but comments are passed over, unless there is no other. One that is broken has its error as its
    entry and does not hide the others.
    """
    try:
        _check_text(text, source, limits)
        text = text.removeprefix("\ufeff")
        if json_only:
            value, is_jsonc = json_with_comments(text, limits, source)
            return LoadedDocuments((LoadedDocument(value, None, text=text),), is_jsonc)
    except DocumentError as error:
        return LoadedDocuments((LoadedDocument(None, error, text=text),))
    pieces = cut_documents(text)
    expansion = Expansion()
    return LoadedDocuments(tuple(_loaded(piece, limits, source, merge_keys, expansion) for piece in pieces))


def _loaded(
    piece: Piece, limits: DocumentLimits, source: str, merge_keys: bool, expansion: Expansion
) -> LoadedDocument:
    try:
        return LoadedDocument(_value(piece, limits, source, merge_keys, expansion), None, piece.line, piece.text)
    except DocumentError as error:
        error.__context__ = error.__traceback__ = None  # they keep everything that the parser had made so far
        return LoadedDocument(None, error, piece.line, piece.text)


def _value(piece: Piece, limits: DocumentLimits, source: str, merge_keys: bool, expansion: Expansion) -> JSONValue:
    try:
        return _parse_piece(piece.text, limits, source, merge_keys, expansion)
    except DocumentError as error:
        line = error.line + piece.line - 1
        raise DocumentError(error.message, line=line, column=error.column, source=source) from None


def _parse_piece(text: str, limits: DocumentLimits, source: str, merge_keys: bool, expansion: Expansion) -> JSONValue:
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            return parse_json(text, limits, source)
        except json.JSONDecodeError:
            pass  # a flow mapping or sequence of YAML
    return parse_yaml(text, limits, source, merge_keys=merge_keys, expansion=expansion)


def is_json(name: str) -> bool:
    """Whether a file of this name must be JSON."""
    return name.lower().endswith((".json", ".jsonc"))


def _existing_file(text: str) -> Path | None:
    if "\n" in text or "\0" in text or not 0 < len(text) < _MAX_PATH_LENGTH:
        return None
    try:
        return Path(text) if Path(text).is_file() else None
    except (OSError, ValueError):  # longer than a name may be, or not encodable
        return None


def read_text(path: Path, name: str, limits: DocumentLimits = DEFAULT_LIMITS) -> str:
    """Return the text of a file, read once; raises `DocumentError` with the source `name` where there is none."""
    return decode_text(read_bytes(path, name, limits), name)


def read_bytes(path: Path, name: str, limits: DocumentLimits) -> bytes:
    """Return the content of a file; raises `DocumentError` with the source `name` where it cannot, or is too large."""
    try:
        return read_bounded(path, limits.max_bytes)
    except (OSError, ValueError) as error:
        is_too_large = getattr(error, "errno", None) == errno.EFBIG
        message = _too_large(limits) if is_too_large else f"cannot be read: {reason_of(error)}"
        raise DocumentError(message, source=name) from None


def decode_text(data: bytes, name: str) -> str:
    """Return the text of a file's content; raises `DocumentError` with the source `name` where it is none."""
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
    """The encoding other than UTF-8 whose byte order mark a text begins with; empty where it has none."""
    return next((encoding for mark, encoding in _OTHER_MARKS.items() if data.startswith(mark)), "")


def _check_text(text: str, source: str, limits: DocumentLimits) -> None:
    if len(text) > limits.max_bytes:
        raise DocumentError(_too_large(limits), source=source)
    try:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        line, column = position_of(text, error.start)
        message = f"the lone surrogate U+{ord(text[error.start]):04X} is no character"
        raise DocumentError(message, line=line, column=column, source=source) from None
    if size > limits.max_bytes:
        raise DocumentError(_too_large(limits), source=source)


def _too_large(limits: DocumentLimits) -> str:
    return f"larger than {limits.max_bytes:,} bytes, the most that is read (max_bytes)"
