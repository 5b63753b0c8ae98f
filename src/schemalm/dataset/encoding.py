"""Encodes one shard of a corpus: tokens, states, and what merging needs to know about each document.

Input: documents. Output: the bytes of an .npz file, which depend on the documents, the tokenizer and the settings only,
not on the process.
"""

from __future__ import annotations

import gc
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemalm.baselines import AnyTokenizer, parse_tokenizer
from schemalm.dataset.duplicates import DIGEST_BYTES
from schemalm.dataset.echo import Int64Array
from schemalm.dataset.held_out import draw_of
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.shards import Shard
from schemalm.dataset.sources import source_number, source_of
from schemalm.dataset.state_tables import StateReader, StateTables
from schemalm.dataset.store import smallest_dtype
from schemalm.dataset.window_counts import check_positions
from schemalm.documents import CorpusRow, LeftOut, Rejection, canonical_json
from schemalm.documents.left_out import Rejecting
from schemalm.documents.pieces import rows_of
from schemalm.documents.values import canonical_digest
from schemalm.errors import DataError, DocumentError, InvalidDocument, LimitError
from schemalm.tokenizer import Tokenizer

# The array of states in the file of a shard, which is named as in earlier versions, so that their work can be resumed.
_STATES = "places"
HELD_OUT = 1  # the draw of the validation documents of a corpus with its own split; its training documents have 0


@dataclass(frozen=True)
class WindowSettings:
    """How windows are cut, and the seed of the split."""

    context_size: int
    stride: int
    seed: int


@dataclass(frozen=True)
class Encode:
    """The task of encoding shards with the tokenizer file `tokenizer`; `is_split`: the corpus has its own split."""

    tokenizer: bytes
    settings: WindowSettings
    merge_keys: bool
    is_split: bool

    def start(self) -> Callable[[Shard], bytes]:
        """Return the function that encodes one shard."""
        encoder = Encoder(parse_tokenizer(self.tokenizer), self.settings)
        gc.freeze()  # what exists now stays: the garbage collector need not traverse it again
        return partial(self._encode, encoder)

    def _encode(self, encoder: Encoder, shard: Shard) -> bytes:
        encoded = Encoding()
        draw = int(shard.is_held_out) if self.is_split else None
        for piece in shard.pieces:
            for row in rows_of(piece, merge_keys=self.merge_keys, left_out=encoded.left_out):
                encoder.add(encoded, row, draw)
        return encoder.pack(encoded)


@dataclass(frozen=True)
class Documents:
    """A group of documents in memory."""

    documents: tuple[SourceDocument, ...]

    @property
    def num_rows(self) -> int:
        """The number of documents."""
        return len(self.documents)


@dataclass(frozen=True)
class EncodeDocuments:
    """The task of encoding documents that are in memory."""

    encoder: Encoder

    def start(self) -> Callable[[Documents], bytes]:
        """Return the function that encodes one group of documents."""
        return self._encode

    def _encode(self, item: Documents) -> bytes:
        encoded = Encoding()
        for document in item.documents:
            self.encoder.add(encoded, _ReadRow(document.value, None, document.source, document.name))
        return self.encoder.pack(encoded)


class _ReadRow(CorpusRow):
    """A document in memory, named by its `path`."""

    @property
    def name(self) -> str:
        return self.path

    def rejection(self, error: Rejecting) -> Rejection:
        return Rejection.of(self.name, error)


@dataclass
class Encoding:
    """A shard while it is encoded; `entries` lists every document in order, rejected ones with the reason."""

    tokens: list[Int64Array] = field(default_factory=list)
    states: list[Int64Array] = field(default_factory=list)
    num_bytes: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    draws: list[int] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)


class Encoder:
    """Encodes documents with one tokenizer; its caches do not change the result."""

    def __init__(self, tokenizer: AnyTokenizer, settings: WindowSettings) -> None:
        self._tokenizer = tokenizer
        self._settings = settings
        self._states = StateReader(tokenizer) if isinstance(tokenizer, Tokenizer) else None

    def add(self, encoded: Encoding, row: CorpusRow, draw: int | None = None) -> None:
        """Add a document, or the reason why it is rejected; `draw` overrides the draw of its source."""
        try:
            if row.error is not None:
                raise row.error
            tokens, states = self._encode(row.value)
            settings = self._settings
            check_positions(len(tokens), settings.stride, settings.context_size, self._tokenizer.vocab_size, row.name)
        except (DocumentError, InvalidDocument, DataError, LimitError) as error:
            encoded.entries.append(asdict(row.rejection(error)))
            return
        encoded.tokens.append(tokens)
        encoded.states.append(states)
        # Its length does not depend on the order of its keys, so one text serves both.
        content = canonical_json(row.value, sort_keys=True)
        encoded.num_bytes.append(len(content))
        encoded.digests.append(canonical_digest(content)[:DIGEST_BYTES])
        encoded.draws.append(draw_of(row.repository, self._settings.seed) if draw is None else draw)
        encoded.sources.append(source_number(source_of(row.repository, row.path, "owner")))
        encoded.entries.append({"name": row.name, "file": row.file, "line": row.line, "source": row.repository})

    def _encode(self, value: Any) -> tuple[Int64Array, Int64Array]:
        """Return the tokens of a value and the state before each; there are no states without a grammar."""
        if self._states is not None:
            return self._states.encode(value)
        return np.array(self._tokenizer.encode(value), dtype=np.int64), np.empty(0, dtype=np.int64)

    def pack(self, encoded: Encoding) -> bytes:
        """Return the bytes of a finished shard."""
        tokens, states = _joined(encoded.tokens), _joined(encoded.states)
        tables = StateTables(np.empty((0, 0), dtype=np.uint8), np.empty((0, 3), dtype=np.int64))
        if self._states is not None:
            states, tables = self._states.take(states)
        arrays = {
            "tokens": tokens.astype(smallest_dtype(self._tokenizer.vocab_size)),
            _STATES: states.astype(smallest_dtype(len(tables.rows))),
            "masks": tables.masks,
            "rows": tables.rows,
            "lengths": np.array([len(document) for document in encoded.tokens], dtype=np.int64),
            "num_bytes": np.array(encoded.num_bytes, dtype=np.int64),
            "digests": np.frombuffer(b"".join(encoded.digests), dtype=np.uint8).reshape(-1, DIGEST_BYTES),
            "draws": np.array(encoded.draws, dtype=np.uint64),
            "sources": np.array(encoded.sources, dtype=np.uint32),
            "entries": _text(encoded.entries),
            "left_out": _text(encoded.left_out.to_dict()),
        }
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **arrays)
        return file.getvalue()


def _joined(arrays: list[Int64Array]) -> Int64Array:
    return np.concatenate(arrays) if arrays else np.empty(0, dtype=np.int64)


def _text(content: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)


class EncodedShard:
    """Reads an encoded shard; arrays are loaded on first use."""

    def __init__(self, content: bytes) -> None:
        self._arrays = np.load(io.BytesIO(content), allow_pickle=False)

    def array(self, name: str) -> NDArray[Any]:
        """Return one of `tokens` [T]; `lengths`, `num_bytes`, `draws`, `sources` [D]; `digests` [D, 16]."""
        found: NDArray[Any] = self._arrays[name]
        return found

    @property
    def states(self) -> NDArray[Any]:
        """The row of `tables` before each token [T]."""
        return self.array(_STATES)

    @property
    def tables(self) -> StateTables:
        """The states of this shard."""
        return StateTables(self.array("masks"), self.array("rows"))

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """Every document in order: name, file, line and source, or the fields of its rejection."""
        return list(json.loads(self.array("entries").tobytes()))

    @property
    def left_out(self) -> LeftOut:
        """What reading left out, except rejected documents."""
        return LeftOut.from_dict(json.loads(self.array("left_out").tobytes()))


def rejection_of(entry: dict[str, Any]) -> Rejection | None:
    """Return the rejection in an entry, or None if the document was encoded."""
    return None if "source" in entry else Rejection(**entry)
