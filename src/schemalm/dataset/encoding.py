"""One shard of a corpus, encoded: tokens, states, and what the merge has to know of each document.

In go documents, out come the bytes of an .npz file. They are a function of the documents, the tokenizer and the
settings alone, in whatever process.
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
from schemalm.dataset.state_tables import StateReader, StateTables
from schemalm.dataset.store import smallest_dtype
from schemalm.dataset.window_counts import check_positions
from schemalm.documents import CorpusRow, LeftOut, Rejection, canonical_json
from schemalm.documents.left_out import Rejecting
from schemalm.documents.pieces import rows_of
from schemalm.documents.values import digest_of
from schemalm.errors import DataError, DocumentError, InvalidDocument, LimitError
from schemalm.tokenizer import Tokenizer

HELD_OUT = 1  # the draw of what a corpus that has a split holds out; of what it trains on it is 0


@dataclass(frozen=True)
class WindowSettings:
    """How windows are cut, and the seed that draws sources."""

    context_size: int
    stride: int
    seed: int


@dataclass(frozen=True)
class Encode:
    """Encodes shards with the tokenizer of a file's content; `is_split`: the corpus has a split of its own."""

    tokenizer: bytes
    settings: WindowSettings
    merge_keys: bool
    is_split: bool

    def start(self) -> Callable[[Shard], bytes]:
        """The function of one shard."""
        encoder = Encoder(parse_tokenizer(self.tokenizer), self.settings)
        gc.freeze()  # what is there now stays: the search for cycles need not walk it again and again
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
    """Documents that are read already, some at a time."""

    documents: tuple[SourceDocument, ...]

    @property
    def num_rows(self) -> int:
        """How many there are."""
        return len(self.documents)


@dataclass(frozen=True)
class EncodeDocuments:
    """The task for documents that are read already."""

    encoder: Encoder

    def start(self) -> Callable[[Documents], bytes]:
        """The function of some documents."""
        return self._encode

    def _encode(self, item: Documents) -> bytes:
        encoded = Encoding()
        for document in item.documents:
            self.encoder.add(encoded, _ReadRow(document.value, None, document.source, document.name))
        return self.encoder.pack(encoded)


class _ReadRow(CorpusRow):
    """A document that was read already, and is called `path`."""

    @property
    def name(self) -> str:
        return self.path

    def rejection(self, error: Rejecting) -> Rejection:
        return Rejection.of(self.name, error)


@dataclass
class Encoding:
    """A shard under way: `entries` has every document in order, with the reason where it is rejected."""

    tokens: list[Int64Array] = field(default_factory=list)
    states: list[Int64Array] = field(default_factory=list)
    num_bytes: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    draws: list[int] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)


class Encoder:
    """Encodes documents with one tokenizer; what it remembers of them changes nothing in what it gives."""

    def __init__(self, tokenizer: AnyTokenizer, settings: WindowSettings) -> None:
        self._tokenizer = tokenizer
        self._settings = settings
        self._states = StateReader(tokenizer) if isinstance(tokenizer, Tokenizer) else None

    def add(self, encoded: Encoding, row: CorpusRow, draw: int | None = None) -> None:
        """Append a document, or why it is rejected; `draw` is given where it does not follow from the source."""
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
        encoded.digests.append(digest_of(content)[:DIGEST_BYTES])
        encoded.draws.append(draw_of(row.repository, self._settings.seed) if draw is None else draw)
        encoded.entries.append({"name": row.name, "file": row.file, "line": row.line, "source": row.repository})

    def _encode(self, value: Any) -> tuple[Int64Array, Int64Array]:
        """The tokens of a value and the state before each; without a grammar there are none."""
        if self._states is not None:
            return self._states.encode(value)
        return np.array(self._tokenizer.encode(value), dtype=np.int64), np.empty(0, dtype=np.int64)

    def pack(self, encoded: Encoding) -> bytes:
        """The bytes of a whole shard."""
        tokens, states = _joined(encoded.tokens), _joined(encoded.states)
        tables = StateTables(np.empty((0, 0), dtype=np.uint8), np.empty((0, 3), dtype=np.int64))
        if self._states is not None:
            states, tables = self._states.take(states)
        arrays = {
            "tokens": tokens.astype(smallest_dtype(self._tokenizer.vocab_size)),
            "states": states.astype(smallest_dtype(len(tables.rows))),
            "masks": tables.masks,
            "rows": tables.rows,
            "lengths": np.array([len(document) for document in encoded.tokens], dtype=np.int64),
            "num_bytes": np.array(encoded.num_bytes, dtype=np.int64),
            "digests": np.frombuffer(b"".join(encoded.digests), dtype=np.uint8).reshape(-1, DIGEST_BYTES),
            "draws": np.array(encoded.draws, dtype=np.uint64),
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
    """A shard as the merge reads it; arrays are read when they are asked for."""

    def __init__(self, content: bytes) -> None:
        self._arrays = np.load(io.BytesIO(content), allow_pickle=False)

    def array(self, name: str) -> NDArray[Any]:
        """One of `tokens`, `states` [T]; `lengths`, `num_bytes`, `draws` [D]; `digests` [D, 16]."""
        found: NDArray[Any] = self._arrays[name]
        return found

    @property
    def tables(self) -> StateTables:
        """What the states of this shard are."""
        return StateTables(self.array("masks"), self.array("rows"))

    @cached_property
    def entries(self) -> list[dict[str, Any]]:
        """Every document in order: its name, file and line, and its source, or else what its rejection says."""
        return list(json.loads(self.array("entries").tobytes()))

    @property
    def left_out(self) -> LeftOut:
        """What reading left out beside rejected documents."""
        return LeftOut.from_dict(json.loads(self.array("left_out").tobytes()))


def rejection_of(entry: dict[str, Any]) -> Rejection | None:
    """The rejection that an entry tells of; None for a document that was encoded."""
    return None if "source" in entry else Rejection(**entry)
