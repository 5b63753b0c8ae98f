"""From documents to a prepared data folder: encoding, the split by source, and what the machine expects at each token.

In go documents with their sources and a tokenizer; out comes the folder that `store.py` describes. Validation
documents are chosen by source before any window is cut, so no source is in both splits. Documents that the schema
refuses, and documents too long for their position tokens, are rejected with the reason and reported; they never end
the preparation.
Text tokenizers without a grammar give the same folder without masks and grammar states.
"""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from schemalm.dataset.echo import Int64Array
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.dataset.reading import Progress, SourceDocument
from schemalm.dataset.store import (
    MASKS_FILE,
    PLACES_FILE,
    TOKENIZER_FILE,
    Metadata,
    SplitMetadata,
    SplitWriter,
    hash_file,
    refuse_data_set,
    write_array,
    write_metadata,
)
from schemalm.dataset.windows import check_positions
from schemalm.documents import LeftOut, Rejection, canonical_json
from schemalm.documents.left_out import too_little
from schemalm.errors import ConfigurationError, DataError, InvalidDocument
from schemalm.files import write_atomically
from schemalm.grammar.naming import schema_name
from schemalm.machine import Place
from schemalm.machine.masks import pack_masks
from schemalm.machine.tracing import Tracer
from schemalm.tokenizer import AnyTokenizer, Tokenizer
from schemalm.wording import counted

# A document's tokens, the number of the place before each of them, and its bytes.
Encoded = tuple[Int64Array, Int64Array | None, int]


@dataclass(frozen=True)
class PreparationSummary:
    """What was prepared: the metadata written, and what was left out."""

    metadata: Metadata
    left_out: LeftOut

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """The documents that were rejected."""
        return tuple(self.left_out.rejections)


def prepare(
    documents: Sequence[SourceDocument],
    tokenizer: AnyTokenizer,
    out: Path,
    *,
    context_size: int = 512,
    stride: int = 32,
    train_split: float = 0.8,
    seed: int = 0,
    held_out: Collection[str] | None = None,
    left_out: LeftOut | None = None,
    progress: Progress | None = None,
) -> PreparationSummary:
    """Writes the prepared folder `out`, with windows and position tokens as `windows.py` describes them.

    train_split: the share of documents in training, kept as closely as whole sources allow. seed: draws the sources.
    held_out: the sources of validation, in place of a draw.
    left_out: what reading the documents left out; errors tell of it, and what is rejected here is added.
    Raises DataError where nothing is left for a split or `out` already is a data set, ConfigurationError for settings
    out of range.
    """
    check_settings(out, context_size, stride, train_split)
    noted = LeftOut() if left_out is None else left_out
    writer = _Preparation(tokenizer, out, context_size, stride, noted, progress)
    validation = validation_sources(documents, 1 - train_split, seed, noted) if held_out is None else set(held_out)
    with kept_from_collection():
        splits = {
            name: writer.split(
                name, [document for document in documents if (document.source in validation) == is_validation]
            )
            for name, is_validation in (("train", False), ("val", True))
        }
    return writer.finish(splits)


def check_settings(out: Path, context_size: int, stride: int, train_split: float) -> None:
    """Raise what `prepare` raises for its settings; for commands, which read a corpus before."""
    if not 0 < train_split < 1:
        raise ConfigurationError(f"train_split must lie between 0 and 1, got {train_split}")
    if not 1 <= stride <= context_size:
        raise ConfigurationError(f"stride must lie between 1 and the context size {context_size}, got {stride}")
    refuse_data_set(out)


def validation_sources(
    documents: Sequence[SourceDocument], share: float, seed: int, left_out: LeftOut | None = None
) -> set[str]:
    """The sources whose documents are held out: drawn by hash until they hold `share` of all documents.

    A source that would hold more than twice the share is left to training. Raises DataError with fewer than two, which
    tells what was left out.
    """
    sizes = Counter(document.source for document in documents)
    if len(sizes) < 2:
        raise too_little(_too_few_sources(documents), left_out or LeftOut())
    wanted = share * len(documents)
    drawn = sorted(sizes, key=lambda source: hashlib.sha256(f"{seed}:{source}".encode()).digest())
    chosen: set[str] = set()
    held = 0
    for source in drawn:
        if held >= wanted or len(chosen) == len(sizes) - 1:
            break
        if held + sizes[source] <= 2 * wanted:
            chosen.add(source)
            held += sizes[source]
    return chosen or {min(drawn, key=lambda source: sizes[source])}


def ask_for_schema(tokenizer: AnyTokenizer, left_out: LeftOut) -> str:
    """What to add where no document is left: a tokenizer of another schema rejects all of them."""
    if not isinstance(tokenizer, Tokenizer) or not left_out.breaks_schema:
        return ""
    return f"; the tokenizer's schema is {schema_name(tokenizer.grammar.schema)}: is it theirs?"


def _too_few_sources(documents: Sequence[SourceDocument]) -> str:
    if not documents:
        return "no document is left; a split needs two sources"
    found = f"{counted(len(documents), 'document')} of {documents[0].source}"
    return f"fewer than two sources: a split needs one to train on and one to hold out; found: {found}"


@contextmanager
def kept_from_collection() -> Iterator[None]:
    """Keeps what is there now from Python's search for cycles, which would walk all documents again and again."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Preparation:
    """One preparation under way."""

    def __init__(
        self,
        tokenizer: AnyTokenizer,
        out: Path,
        context_size: int,
        stride: int,
        left_out: LeftOut,
        progress: Progress | None,
    ) -> None:
        self._tokenizer = tokenizer
        self._typed = tokenizer if isinstance(tokenizer, Tokenizer) else None
        self._places = _Places(self._typed) if self._typed else None
        self._out = out
        self._context_size = context_size
        self._stride = stride
        self._progress = progress
        self._num_done = 0
        self._left_out = left_out

    def split(self, name: str, documents: Sequence[SourceDocument]) -> list[Encoded]:
        """Encodes the documents of one split."""
        found = [encoded for document in documents if (encoded := self._encoded(document)) is not None]
        if not found:
            raise too_little(
                f"no document is left for the split {name!r}{ask_for_schema(self._tokenizer, self._left_out)}",
                self._left_out,
            )
        return found

    def _encoded(self, document: SourceDocument) -> Encoded | None:
        self._num_done += 1
        if self._progress is not None:
            self._progress(self._num_done)
        try:
            tokens, places = self._encode(document.value)
            check_positions(len(tokens), self._stride, self._context_size, self._tokenizer.vocab_size, document.name)
        except (InvalidDocument, DataError) as error:
            self._left_out.reject(Rejection.of(document.name, error))
            return None
        return tokens, places, len(canonical_json(document.value))

    def _encode(self, value: Any) -> tuple[Int64Array, Int64Array | None]:
        """The tokens of a value; with a grammar the place before each of them."""
        if self._places is None:
            return np.array(self._tokenizer.encode(value), dtype=np.int64), None
        return self._places.encode(value)

    def finish(self, splits: dict[str, list[Encoded]]) -> PreparationSummary:
        """Writes the splits, masks, places, tokenizer and, last, the metadata."""
        rows = self._places.rows() if self._places else np.empty((0, 3), dtype=np.int64)
        written = {name: self._write(name, documents, len(rows)) for name, documents in splits.items()}
        files = {TOKENIZER_FILE: self._write_tokenizer()}
        masks = list(self._places.masks) if self._places else []
        if masks:
            packed = np.stack([np.frombuffer(mask, dtype=np.uint8) for mask in masks])
            files[MASKS_FILE] = write_array(self._out / MASKS_FILE, packed)
            files[PLACES_FILE] = write_array(self._out / PLACES_FILE, rows.astype(np.uint32))
        metadata = Metadata(
            context_size=self._context_size,
            stride=self._stride,
            vocab_size=self._tokenizer.vocab_size,
            pad_id=self._tokenizer.pad_id,
            num_masks=len(masks),
            num_places=len(rows),
            num_states=self._typed.states.num_states if self._typed else 0,
            tokenizer_sha256=files[TOKENIZER_FILE],
            files=files,
            splits=written,
        )
        write_metadata(self._out, metadata)
        return PreparationSummary(metadata, self._left_out)

    def _write(self, name: str, documents: list[Encoded], num_places: int) -> SplitMetadata:
        with SplitWriter(
            self._out / name,
            vocab_size=self._tokenizer.vocab_size,
            context_size=self._context_size,
            stride=self._stride,
            num_places=num_places,
        ) as writer:
            for document in documents:
                writer.add(*document)
            return writer.finish()

    def _write_tokenizer(self) -> str:
        write_atomically(self._out / TOKENIZER_FILE, self._tokenizer.to_json())
        return hash_file(self._out / TOKENIZER_FILE)


class _Places:
    """What the machine expects before each token of documents, by number; `masks`: the row of each, packed."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.masks: dict[bytes, int] = {}
        self._tables = tokenizer.tables
        self._tracer = Tracer(tokenizer)
        self._reader = GrammarStateReader(tokenizer)
        self._mask_rows: dict[int, int] = {}
        self._numbers: dict[tuple[int, int, int], int] = {}
        # The number of each place of the tracer: places of which the machine tells the same are one.
        self._number_of = np.empty(0, dtype=np.int64)

    def encode(self, value: Any) -> tuple[Int64Array, Int64Array]:
        """The tokens of a value, and the number of the place before each of them."""
        tokens, found = self._tracer.trace(value)
        new = [self._number(place) for place in self._tracer.places[len(self._number_of) :]]
        if new:
            self._number_of = np.concatenate([self._number_of, new])
        return tokens, self._number_of[found]

    def rows(self) -> Int64Array:
        """What the machine tells of each place, [num_places, 3]."""
        return np.array(list(self._numbers), dtype=np.int64)

    def _number(self, place: Place) -> int:
        row = self._mask_row(place.nonterminal), *self._reader.rows_at(place)
        return self._numbers.setdefault(row, len(self._numbers))

    def _mask_row(self, nonterminal: int) -> int:
        if nonterminal not in self._mask_rows:
            packed = pack_masks(self._tables.mask(nonterminal)).tobytes()
            self._mask_rows[nonterminal] = self.masks.setdefault(packed, len(self.masks))
        return self._mask_rows[nonterminal]
