"""Counts the tokens of a corpus's documents, and splits the counts into training and validation as `prepare` would.

Input: a corpus, which an engine encodes shard by shard. Only a few bytes are kept of each document, in files of a
folder. Output: the number of documents of each length. Windows and padding follow from these counts, so the corpus is
read once, however many contexts and strides are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.baselines import AnyTokenizer, parse_tokenizer
from schemalm.dataset.duplicates import DIGEST_BYTES, ROWS_AT_ONCE, are_first, find_originals
from schemalm.dataset.echo import Int64Array
from schemalm.dataset.encoding import HELD_OUT
from schemalm.dataset.held_out import Sources, draw_of
from schemalm.dataset.origins import Origin, Origins, note_duplicates
from schemalm.dataset.partitions import append
from schemalm.dataset.prepare import CorpusInput
from schemalm.dataset.reading import Progress
from schemalm.dataset.shard_merging import CORPUS_VALIDATION, SourceSet, schema_question, too_few_sources
from schemalm.dataset.shards import Shard
from schemalm.documents import CorpusRow, LeftOut, value_digest
from schemalm.documents.left_out import left_out_error
from schemalm.documents.pieces import rows_of
from schemalm.engines import Engine
from schemalm.errors import DataError, DocumentError, InvalidDocument, LimitError

# Entry n is the number of documents with n tokens.
LengthCounts = Int64Array


class SplitLengths(NamedTuple):
    """The number of documents of each length in each split."""

    train: LengthCounts
    val: LengthCounts


@dataclass
class ShardLengths:
    """What is known about the encodable documents of a shard, in order, and what was left out."""

    lengths: list[int] = field(default_factory=list)
    draws: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)


@dataclass(frozen=True)
class MeasureLengths:
    """The task of counting tokens; `tokenizer` is the content of its file."""

    tokenizer: bytes
    seed: int
    merge_keys: bool
    is_split: bool

    def start(self) -> Callable[[Shard], ShardLengths]:
        """Return the function that measures one shard."""
        return partial(self._measure, parse_tokenizer(self.tokenizer))

    def _measure(self, tokenizer: AnyTokenizer, shard: Shard) -> ShardLengths:
        measured = ShardLengths()
        for piece in shard.pieces:
            for row in rows_of(piece, merge_keys=self.merge_keys, left_out=measured.left_out):
                self._add(measured, row, tokenizer, shard.is_held_out)
        return measured

    def _add(self, measured: ShardLengths, row: CorpusRow, tokenizer: AnyTokenizer, is_held_out: bool) -> None:
        try:
            if row.error is not None:
                raise row.error
            measured.lengths.append(len(tokenizer.encode(row.value)))
        except (DocumentError, InvalidDocument, DataError, LimitError) as error:
            measured.left_out.reject(row.rejection(error))
            return
        draw = HELD_OUT * is_held_out if self.is_split else draw_of(row.repository, self.seed)
        measured.draws.append(draw)
        measured.digests.append(value_digest(row.value)[:DIGEST_BYTES])
        measured.origins.append(Origin(row.name, row.file, row.line))


class CorpusLengths:
    """The lengths of a corpus's documents without duplicates, in files of the new folder `folder`."""

    def __init__(self, corpus: CorpusInput, tokenizer: AnyTokenizer, folder: Path, *, seed: int) -> None:
        """Raises `DataError` if there is nothing to read."""
        folder.mkdir()
        self.left_out = LeftOut()
        self._corpus, self._tokenizer = corpus, tokenizer
        self._folder, self._seed = folder, seed
        self._selections = corpus.select()
        self._num_read = self._num_splits = 0

    @property
    def num_rows(self) -> int:
        """The number of raw rows to encode."""
        return sum(selection.num_chosen for selection in self._selections)

    def measure(self, engine: Engine, progress: Progress) -> None:
        """Encode the corpus; `progress` receives the number of documents done. Raises `DataError` if none is left."""
        corpus = self._corpus
        task = MeasureLengths(self._tokenizer.to_json(), self._seed, corpus.merge_keys, corpus.is_split)
        origins, num_done = Origins(self._folder), 0
        for measured in engine.map(task, corpus.shards(self._selections, self.left_out)):
            self._add(measured, origins)
            num_done += len(measured.lengths) + measured.left_out.num_rejected
            progress(num_done)
        if not self._num_read:
            asked = schema_question(self._tokenizer, self.left_out)
            raise left_out_error(f"no document is left; a split needs two sources{asked}", self.left_out)
        self._drop_duplicates(origins)

    def _add(self, measured: ShardLengths, origins: Origins) -> None:
        self.left_out.extend(measured.left_out)
        self._num_read += len(measured.lengths)
        origins.add(measured.origins)
        append(self._folder / "lengths", np.array(measured.lengths, dtype=np.int64).tobytes())
        append(self._folder / "draws", np.array(measured.draws, dtype=np.uint64).tobytes())
        append(self._folder / "digests", b"".join(measured.digests))

    def _drop_duplicates(self, origins: Origins) -> None:
        digests = np.memmap(self._folder / "digests", np.uint8, "r").reshape(-1, DIGEST_BYTES)
        self._originals = find_originals(digests, self._folder / "originals.npy")
        note_duplicates(self._originals, origins, self.left_out)

    def _blocks(self, max_tokens: int | None) -> Iterator[tuple[Int64Array, NDArray[np.uint64]]]:
        """Yield lengths and draws of documents with at most `max_tokens` tokens, without duplicates, in blocks."""
        lengths = np.memmap(self._folder / "lengths", np.int64, "r")
        draws = np.memmap(self._folder / "draws", np.uint64, "r")
        for start in range(0, self._num_read, ROWS_AT_ONCE):
            stop = start + ROWS_AT_ONCE
            stays = are_first(self._originals, start, stop)
            found = np.asarray(lengths[start:stop])
            if max_tokens is not None:
                stays &= found <= max_tokens
            yield found[stays], draws[start:stop][stays]

    def counts(self) -> LengthCounts:
        """Return the number of documents of each length, without duplicates."""
        return _sum_of([np.bincount(lengths) for lengths, _ in self._blocks(None)])

    def split(self, train_split: float, max_tokens: int) -> SplitLengths:
        """Split the documents with at most `max_tokens` tokens; raises `DataError` if there is only one source."""
        held_out = self._held_out(1 - train_split, max_tokens)
        splits: tuple[list[LengthCounts], list[LengthCounts]] = ([], [])
        for lengths, draws in self._blocks(max_tokens):
            is_val = held_out.contains(draws)
            for counts, is_in in zip(splits, (~is_val, is_val), strict=True):
                counts.append(np.bincount(lengths[is_in]))
        return SplitLengths(*map(_sum_of, splits))

    def _held_out(self, share: float, max_tokens: int) -> SourceSet:
        if self._corpus.is_split:
            return CORPUS_VALIDATION
        self._num_splits += 1
        sources = Sources(self._folder / f"sources{self._num_splits}", self._num_read)
        for _, draws in self._blocks(max_tokens):
            sources.add(draws)
        found = sources.hold_out(share)
        if found is None:
            raise too_few_sources(self._num_read, "one source", self.left_out)
        return found


def _sum_of(counts: list[LengthCounts]) -> LengthCounts:
    total = np.zeros(max(map(len, counts), default=0), dtype=np.int64)
    for block in counts:
        total[: len(block)] += block
    return total
