"""Examines one shard of a corpus: which documents are valid, why others are not, and what duplicates are found by.

Input: the pieces of a shard. Output: a table as the bytes of a Parquet file, with a row for each document, in order. It
depends on the pieces and the settings only, not on the process. Columns:

    kind       VALID, REJECTED or SECRET
    repo, path, license, file, line
    json       canonical JSON text of a valid value, keys in the document's order
    sha256     of the value with sorted keys, in hexadecimal
    features, keys   see minhash.py; empty if near duplicates are kept
    pointer, keyword, reason   of a rejected document
    secrets    JSON: the number of secrets of each kind
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from schemalm.compilation import compile_schema
from schemalm.dataset.collect_settings import SecretsPolicy
from schemalm.dataset.minhash import Banding, features
from schemalm.dataset.secrets import mask_secrets, mask_text
from schemalm.dataset.shards import Shard
from schemalm.documents import CorpusRow, LeftOut, canonical_json, value_digest
from schemalm.documents.left_out import Rejecting
from schemalm.documents.limits import DEFAULT_LIMITS
from schemalm.documents.pieces import rows_of
from schemalm.documents.values import JSONValue
from schemalm.errors import DocumentError, InvalidDocument, LimitError
from schemalm.tokenizer import Tokenizer

VALID, REJECTED, SECRET = "valid", "rejected", "secret"
_COMMENTS = b"comments"


@dataclass(frozen=True)
class Examine:
    """The task of examining shards; `similarity` 1 keeps near duplicates, and `rules` None has none."""

    schema: dict[str, Any] | bool
    rules: dict[str, Any] | None
    merge_keys: bool
    secrets: SecretsPolicy
    similarity: float

    def start(self) -> Callable[[Shard], bytes]:
        """Return the function that examines one shard."""
        check = Tokenizer.from_grammar(compile_schema(self.schema, rules=self.rules)).pieces
        return partial(self._examine, check)

    def _examine(self, check: Callable[[Any], object], shard: Shard) -> bytes:
        left_out = LeftOut()
        rows = [
            self._row(row, check)
            for piece in shard.pieces
            for row in rows_of(piece, merge_keys=self.merge_keys, left_out=left_out)
        ]
        return _packed(rows, left_out)

    def _row(self, row: CorpusRow, check: Callable[[Any], object]) -> _Row:
        """Return the row of one document; no message quotes from a document with secrets."""
        found = _Row(_text(row.repository), _text(row.path), _text(row.license), _text(row.file), row.line)
        try:
            if row.error is not None:
                raise row.error
            value, text = row.value, canonical_json(row.value).decode()
            masked, secrets = mask_secrets(value, text)
            if not secrets.counts:
                check(value)
            else:
                found.secrets = json.dumps(secrets.counts, sort_keys=True)
                if self.secrets == "drop" or secrets.is_in_key or not _admits(check, masked):
                    found.kind = SECRET
                    return found
                value, text = masked, canonical_json(masked).decode()
            self._admit(found, value, text)
        except (DocumentError, InvalidDocument, LimitError) as error:
            found.reject(row, error)
        return found

    def _admit(self, found: _Row, value: JSONValue, text: str) -> None:
        """Record a valid value: its JSON text, its hash, and the features to find duplicates by."""
        num_bytes = len(text.encode())
        if num_bytes > DEFAULT_LIMITS.max_bytes:  # escapes can make JSON longer than YAML
            message = f"its JSON text has {num_bytes:,} bytes, more than the limit of {DEFAULT_LIMITS.max_bytes:,}"
            raise DocumentError(message, line=found.line, source=found.file)
        found.kind = VALID
        found.json = text
        found.sha256 = value_digest(value).hex()
        if self.similarity < 1:
            found.features = features(value)
            found.keys = Banding.of(self.similarity).keys(found.features)


@dataclass
class _Row:
    """A row of the table."""

    repo: str
    path: str
    license: str
    file: str
    line: int
    kind: str = REJECTED
    json: str = ""
    sha256: str = ""
    features: Any = field(default_factory=lambda: np.empty(0, np.uint32))
    keys: Any = field(default_factory=lambda: np.empty(0, np.uint64))
    pointer: str = ""
    keyword: str = ""
    reason: str = ""
    secrets: str = ""

    def reject(self, row: CorpusRow, error: Rejecting) -> None:
        rejection = row.rejection(error)
        self.line = rejection.line or self.line
        self.pointer, self.keyword, self.reason = (
            rejection.pointer,
            rejection.keyword,
            _text(mask_text(rejection.reason)),
        )


def _text(text: str) -> str:
    """Return a text with bytes that are not UTF-8 (in file names) escaped."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _admits(check: Callable[[Any], object], value: object) -> bool:
    try:
        check(value)
    except (InvalidDocument, LimitError):
        return False
    return True


def _packed(rows: list[_Row], left_out: LeftOut) -> bytes:
    """Return the table of a shard's rows, with comments that reading left out in its metadata."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = {
        "json": pa.string(),
        "features": pa.list_(pa.uint32()),
        "keys": pa.list_(pa.uint64()),
        "line": pa.int64(),
    }
    names = list(_Row.__dataclass_fields__)
    fields = [pa.field(name, types.get(name, pa.string())) for name in names]
    schema = pa.schema(fields, {_COMMENTS: json.dumps(left_out.to_dict()).encode()})
    table = pa.Table.from_pydict({name: [getattr(row, name) for row in rows] for name in names}, schema)
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=1, use_dictionary=False)
    return sink.getvalue()


def comments_of(schema: Any) -> LeftOut:
    """Return the comments that reading left out, from the schema of a shard's table."""
    return LeftOut.from_dict(json.loads(schema.metadata[_COMMENTS]))
