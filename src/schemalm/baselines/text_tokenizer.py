"""Text tokenizers to compare with: values as tokens of a document's text, in the interface of `Tokenizer`.

A text tokenizer knows no grammar: every token may follow every other, a cut sequence is no document, and there is no
machine. Encoding refuses nothing but what is no JSON value; decoding gives back exactly the value that was encoded.
What differs between them is how text becomes tokens: `encode_text` and `decode_text`, which take any text.
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

# How a document is written: compact canonical JSON, or YAML as `dump_document` writes it.
TextFormat = Literal["json", "yaml"]


class TextTokenizer(ABC):
    """A tokenizer of text; `kind` and `format` name its file, `text` says how values are written.

    `file_type` is the type of what a file of it holds.
    """

    kind: ClassVar[str]
    format: ClassVar[int]
    file_type: ClassVar[Any]
    text: TextFormat = "json"

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """How many token ids there are."""

    @property
    @abstractmethod
    def pad_id(self) -> int:
        """The id that fills rows; no document contains it."""

    @property
    @abstractmethod
    def bos_id(self) -> int:
        """The id that may stand before a document; no document contains it."""

    @abstractmethod
    def encode_text(self, text: str) -> list[int]:
        """The token ids of any text."""

    @abstractmethod
    def decode_text(self, ids: Sequence[int]) -> str:
        """The text of token ids; raises DecodeError where they spell none."""

    @abstractmethod
    def describe(self, token: int) -> str:
        """The token's text, quoted."""

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """What the file holds beside its kind and format."""

    @classmethod
    @abstractmethod
    def from_content(cls, content: Any) -> Self:
        """The tokenizer that a file's content, a `file_type`, describes; raises ValueError where it is none."""

    def encode(self, value: Any) -> list[int]:
        """The token ids of a value's text; raises InvalidDocument for what is no JSON value."""
        return self.encode_text(write_text(value, self.text))

    @overload
    def encode_batch(self, values: Iterable[Any], on_error: Literal["raise"] = ...) -> list[list[int]]: ...

    @overload
    def encode_batch(
        self, values: Iterable[Any], on_error: Literal["return"]
    ) -> list[list[int] | InvalidDocument | DataError]: ...

    def encode_batch(self, values: Iterable[Any], on_error: str = "raise") -> Any:
        """The token ids of each value; with on_error="return" the error in place of a refused value's ids."""
        return [self._encode_or_error(value, on_error) for value in values]

    def _encode_or_error(self, value: Any, on_error: str) -> list[int] | InvalidDocument | DataError:
        try:
            return self.encode(value)
        except (InvalidDocument, DataError) as error:
            if on_error == "return":
                return error
            raise

    def decode(self, ids: Sequence[int]) -> Any:
        """The value of one whole document; raises DecodeError (position, message) for anything else."""
        text = self.decode_text(ids)
        # As large as the text needs: the ids bound the work already.
        limits = DocumentLimits(max_bytes=max(1, len(text.encode())), max_nodes=len(text) + 1)
        try:
            return strict_json(text, limits) if self.text == "json" else parse_document(text, limits=limits)
        except DocumentError as error:
            raise DecodeError(f"the text is no document: {error}", position=len(ids)) from None

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Reads a tokenizer file; raises DataError where it is none of this kind and format."""
        return cls.from_json(read_tokenizer_file(path), str(path))

    @classmethod
    def from_json(cls, text: bytes, name: str = "the text") -> Self:
        """The tokenizer of a file's content; raises DataError, which calls it `name`, where it is none."""
        file = tokenizer_file(name)
        content = file.load(text, cls.file_type)
        for field, expected in (("kind", cls.kind), ("format", cls.format)):
            if content.get(field) != expected:
                found = visible_name(repr(content.get(field)))
                raise DataError(f"{file.place} has the {field} {found}, this version reads {expected}: train it again")
        try:
            return cls.from_content(file.convert(content, cls.file_type))
        except ValueError as error:
            raise DataError(f"{file.place} is no tokenizer file: {error}") from None

    def save(self, path: str | Path) -> None:
        """Writes the tokenizer as one JSON file."""
        write_atomically(Path(path), self.to_json())

    def to_json(self) -> bytes:
        """The file's content: equal tokenizers give equal bytes."""
        content = {"kind": self.kind, "format": self.format, **self.content()}
        return json.dumps(content, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """SHA-256 of the tokenizer file, hexadecimal."""
        return hashlib.sha256(self.to_json()).hexdigest()


def write_text(value: Any, text: TextFormat) -> str:
    """The text of a value; raises InvalidDocument for what is no JSON value."""
    try:
        return dump_document(value) if text == "yaml" else canonical_json(value).decode()
    except (ValueError, TypeError, RecursionError, DocumentError) as error:
        raise InvalidDocument(f"this value cannot be written: {error}", keyword="type") from None
