"""The common part of text tokenizers, which encode the text of a document with the interface of `Tokenizer`.

A text tokenizer has no grammar: any token may follow any other, a truncated sequence is not a document, and there is no
machine. It encodes every JSON value, and decoding returns exactly the value that was encoded. Subclasses differ in how
text becomes tokens: in `encode_text` and `decode_text`, which take any text.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, overload

from schemalm.documents import DocumentLimits, canonical_json, dump_document, parse_document
from schemalm.documents.json_reader import strict_json
from schemalm.errors import DataError, DecodeError, DocumentError, InvalidDocument
from schemalm.files.writing import write_atomically
from schemalm.messages.visible import visible_name
from schemalm.tokenizer.tokenizer_file import read_tokenizer_file, tokenizer_file

# How the text of a value is written: as compact canonical JSON, or as the YAML of `dump_document`.
TextFormat = Literal["json", "yaml"]


class TextTokenizer(ABC):
    """A tokenizer of text; `kind` and `format` identify its file, `text` says how values are written.

    `file_type` is the type of the file's content.
    """

    kind: ClassVar[str]
    format: ClassVar[int]
    file_type: ClassVar[Any]
    text: TextFormat = "json"

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """The number of token ids."""

    @property
    @abstractmethod
    def pad_id(self) -> int:
        """The padding id; no document contains it."""

    @property
    @abstractmethod
    def bos_id(self) -> int:
        """The id that may precede a document; no document contains it."""

    @abstractmethod
    def encode_text(self, text: str) -> list[int]:
        """Return the token ids of a text."""

    @abstractmethod
    def decode_text(self, ids: Sequence[int]) -> str:
        """Return the text of token ids; raises DecodeError if they are not a text."""

    @abstractmethod
    def describe(self, token: int) -> str:
        """Return the token's text, quoted."""

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """Return the content of the file, without its kind and format."""

    @classmethod
    @abstractmethod
    def from_content(cls, content: Any) -> Self:
        """Return the tokenizer for a file's content, a `file_type`; raises ValueError if the content is not valid."""

    def encode(self, value: Any) -> list[int]:
        """Return the token ids of a value's text; raises InvalidDocument if it is not a JSON value."""
        return self.encode_text(write_text(value, self.text))

    @overload
    def encode_batch(self, values: Iterable[Any], on_error: Literal["raise"] = ...) -> list[list[int]]: ...

    @overload
    def encode_batch(
        self, values: Iterable[Any], on_error: Literal["return"]
    ) -> list[list[int] | InvalidDocument | DataError]: ...

    def encode_batch(self, values: Iterable[Any], on_error: str = "raise") -> Any:
        """Return the token ids of each value; with on_error="return", a refused value has its error instead of ids."""
        return [self._encode_or_error(value, on_error) for value in values]

    def _encode_or_error(self, value: Any, on_error: str) -> list[int] | InvalidDocument | DataError:
        try:
            return self.encode(value)
        except (InvalidDocument, DataError) as error:
            if on_error == "return":
                return error
            raise

    def decode(self, ids: Sequence[int]) -> Any:
        """Return the value of one whole document; raises DecodeError (position, message) for anything else."""
        text = self.decode_text(ids)
        # Limits as large as the text needs: the number of ids already bounds the work.
        limits = DocumentLimits(max_bytes=max(1, len(text.encode())), max_nodes=len(text) + 1)
        try:
            return strict_json(text, limits) if self.text == "json" else parse_document(text, limits=limits)
        except DocumentError as error:
            raise DecodeError(f"the text is not a document: {error}", position=len(ids)) from None

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a tokenizer file; raises DataError if it does not have this kind and format."""
        return cls.from_json(read_tokenizer_file(path), str(path))

    @classmethod
    def from_json(cls, text: bytes, name: str = "the text") -> Self:
        """Return the tokenizer in a file's content; raises DataError, which names the file `name`, if there is none."""
        file = tokenizer_file(name)
        content = file.load(text, cls.file_type)
        for field, expected in (("kind", cls.kind), ("format", cls.format)):
            if content.get(field) != expected:
                found = visible_name(repr(content.get(field)))
                raise DataError(f"{file.shown} has the {field} {found}, this version reads {expected}: train it again")
        try:
            return cls.from_content(file.convert(content, cls.file_type))
        except ValueError as error:
            raise DataError(f"{file.shown} is not a tokenizer file: {error}") from None

    def save(self, path: str | Path) -> None:
        """Write the tokenizer as one JSON file."""
        write_atomically(Path(path), self.to_json())

    def to_json(self) -> bytes:
        """Return the file's content; equal tokenizers have equal bytes."""
        content = {"kind": self.kind, "format": self.format, **self.content()}
        return json.dumps(content, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the tokenizer file in hexadecimal."""
        return hashlib.sha256(self.to_json()).hexdigest()


def write_text(value: Any, text: TextFormat) -> str:
    """Return the text of a value; raises InvalidDocument if it is not a JSON value."""
    try:
        return dump_document(value) if text == "yaml" else canonical_json(value).decode()
    except (ValueError, TypeError, RecursionError, DocumentError) as error:
        raise InvalidDocument(f"this value cannot be written: {error}", keyword="type") from None
