"""Builds the tables of recall from training documents, in bounded memory.

In go documents with a number for the source of each; out come tables: first the one of all sources, then for each fold
the one without its sources. N-grams are counted length by length. Equal n-grams share a partition, and each partition
fits in memory; what a block of documents repeats is dropped before it is written to one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.echo import Int64Array
from schemalm.dataset.partitions import Partitions, leading_bits, num_partition_bits
from schemalm.dataset.recall import (
    MIN_SOURCES,
    NUM_FOLDS,
    NUM_ORDER_BITS,
    RECALL_ORDERS,
    RecallTable,
    UInt64Array,
    certainty_of,
    ngram_keys,
    preceding,
)
from schemalm.dataset.recall_files import RECALL_FILES, entries_in, write_recall_table
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import TRAIN, Metadata, Split, hash_file, write_folds

# About 100 MB while rows are counted.
ROWS_AT_ONCE = 1 << 20
_DOCUMENTS_AT_ONCE, _TOKENS_AT_ONCE = 1 << 9, 1 << 18
# Of more, evenly spaced documents are counted.
MAX_TOKENS = 1 << 26
_ROW = np.dtype([("key", np.uint64), ("token", np.uint32), ("source", np.uint32)])


def write_recall(
    folder: Path, metadata: Metadata, sources: NDArray[np.uint32], scratch: Path, megabytes: int
) -> Metadata:
    """Write the tables of recall of a data folder, of which all but metadata.json is written; return its metadata.

    sources: the number of each training document's source (`sources.source_number`). scratch: a folder for temporary
    files. megabytes: the most of each table. Raises `OSError` with the path if a file cannot be written.
    """
    split = Split(folder, TRAIN, metadata)
    num_tokens = min(int(split.offsets[-1]), MAX_TOKENS)
    tables = build_recall_tables(
        lambda: _blocks(split, sources), num_tokens, scratch, entries_in(megabytes, metadata.dtype)
    )
    files = dict(metadata.files)
    for name, table in zip(RECALL_FILES, tables, strict=True):
        write_recall_table(folder / name, table, metadata.dtype)
        files[name] = hash_file(folder / name)
    splits = {**metadata.splits, TRAIN: write_folds(folder / TRAIN, metadata.splits[TRAIN], fold_of(sources))}
    return replace(metadata, recall=True, files=files, splits=splits)


def _blocks(split: Split, sources: NDArray[np.uint32]) -> Iterator[Block]:
    """Yield the documents of a split, or evenly spaced ones if it is too large."""
    num_wanted = split.num_documents * MAX_TOKENS // max(int(split.offsets[-1]), MAX_TOKENS)
    chosen = evenly_spaced(split.num_documents, num_wanted)
    for start in range(0, len(chosen), _DOCUMENTS_AT_ONCE):
        some = chosen[start : start + _DOCUMENTS_AT_ONCE]
        tokens = [split.document(number)[0] for number in some.tolist()]
        ends = np.cumsum([len(document) for document in tokens])
        yield Block(np.concatenate(tokens, dtype=np.int64), np.append(0, ends[:-1]), sources[some].astype(np.int64))


class Block(NamedTuple):
    """Documents: all tokens [T], where each begins [D], and the number of its source, below 2**32 [D]."""

    tokens: Int64Array
    begins: Int64Array
    sources: Int64Array


# Begins to read the blocks again.
Blocks = Callable[[], Iterable[Block]]


def build_recall_tables(
    blocks: Blocks, num_tokens: int, scratch: Path, max_entries: int, *, rows_at_once: int = ROWS_AT_ONCE
) -> list[RecallTable]:
    """Return the table of all sources, then for each fold the table without it; `fold_of` says which are its sources.

    num_tokens: how many tokens the blocks have. scratch: a folder for temporary files. max_entries: of each table; the
    n-grams whose token most sources have are kept. Raises `OSError` with the path if a file cannot be written.
    """
    found = [_Entries.none() for _ in range(1 + NUM_FOLDS)]
    num_bits = num_partition_bits(num_tokens, rows_at_once)
    for order in range(len(RECALL_ORDERS)):
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            partitions = Partitions(Path(folder) / "rows", _ROW)
            for block in blocks():
                for rows in _rows(block, order):
                    partitions.add(leading_bits(rows["key"] << np.uint64(NUM_ORDER_BITS), num_bits), rows)
            for partition in partitions:
                followers = _Followers.of(_distinct(np.fromfile(partition, _ROW)))
                found = [
                    entries.followed_by(followers.entries(number)).most_frequent(max_entries)
                    for number, entries in enumerate(found)
                ]
    return [RecallTable(entries.keys, entries.tokens, entries.certainties) for entries in found]


def fold_of(sources: NDArray[Any]) -> NDArray[np.uint8]:
    """Return which table a model may recall from when it trains on documents of these sources."""
    return (1 + sources % NUM_FOLDS).astype(np.uint8)


def _rows(block: Block, order: int) -> Iterator[NDArray[Any]]:
    """Yield the distinct tokens with the key of the n-gram before them, and their source, part by part."""
    num_tokens_D = np.diff(block.begins, append=len(block.tokens))
    begins_T, sources_T = np.repeat(block.begins, num_tokens_D), np.repeat(block.sources, num_tokens_D)
    for start in range(0, len(block.tokens), _TOKENS_AT_ONCE):
        part = slice(start, start + _TOKENS_AT_ONCE)
        positions = np.arange(start, start + len(block.tokens[part]))
        rows = np.empty(len(positions), _ROW)
        rows["key"] = ngram_keys(preceding(block.tokens, positions, begins_T[part]), order)
        rows["token"], rows["source"] = block.tokens[part], sources_T[part]
        yield _distinct(rows)


def _distinct(rows: NDArray[Any]) -> NDArray[Any]:
    """Return the distinct rows, sorted."""
    followers = rows["token"].astype(np.uint64) << np.uint64(32) | rows["source"]
    order = np.lexsort((followers, rows["key"]))
    keys, followers = rows["key"][order], followers[order]
    is_new = np.ones(len(rows), dtype=np.bool_)
    is_new[1:] = (keys[1:] != keys[:-1]) | (followers[1:] != followers[:-1])
    return rows[order[is_new]]


@dataclass(frozen=True)
class _Entries:
    """Entries of a table by rising key [E], with the number of sources that have each."""

    keys: UInt64Array
    tokens: NDArray[np.uint32]
    certainties: NDArray[np.uint8]
    num_sources: Int64Array

    @classmethod
    def none(cls) -> _Entries:
        columns: list[Any] = [np.empty(0, dtype=dtype) for dtype in (np.uint64, np.uint32, np.uint8, np.int64)]
        return cls(*columns)

    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.keys, self.tokens, self.certainties, self.num_sources

    def followed_by(self, others: _Entries) -> _Entries:
        columns: list[Any] = [np.concatenate(both) for both in zip(self._columns(), others._columns(), strict=True)]
        return _Entries(*columns)

    def most_frequent(self, max_entries: int) -> _Entries:
        """Return the entries that most sources have, at most `max_entries`; of equal ones the first."""
        if len(self.keys) <= max_entries:
            return self
        kept = np.sort(np.argsort(-self.num_sources, kind="stable")[:max_entries])
        columns: list[Any] = [column[kept] for column in self._columns()]
        return _Entries(*columns)


@dataclass(frozen=True)
class _Followers:
    """N-grams with the tokens that follow them: by rising key, then by token [F].

    num_sources: how many sources of each fold have the follower [F, folds]. firsts: the first follower of each n-gram.
    """

    keys: UInt64Array
    tokens: NDArray[np.uint32]
    num_sources: Int64Array
    firsts: Int64Array

    @classmethod
    def of(cls, rows: NDArray[Any]) -> _Followers:
        """Count distinct, sorted rows; n-grams that never have a follower of enough sources are left out."""
        is_new = _differ(rows["key"]) | _differ(rows["token"])
        places = (np.cumsum(is_new) - 1) * NUM_FOLDS + fold_of(rows["source"]) - 1
        counts = np.bincount(places, minlength=int(is_new.sum()) * NUM_FOLDS).reshape(-1, NUM_FOLDS)
        keys, tokens = rows["key"][is_new], rows["token"][is_new]
        most, sizes = _most(counts.sum(axis=1), np.flatnonzero(_differ(keys)))
        is_kept = np.repeat(most >= MIN_SOURCES, sizes)
        keys = keys[is_kept]
        return cls(keys, tokens[is_kept], counts[is_kept], np.flatnonzero(_differ(keys)))

    def entries(self, number: int) -> _Entries:
        """Return the entries of table 0, of all sources, or of the table without the sources of a fold."""
        num_sources = self.num_sources.sum(axis=1)
        if number:
            num_sources -= self.num_sources[:, number - 1]
        most, sizes = _most(num_sources, self.firsts)
        bests = np.flatnonzero(num_sources == np.repeat(most, sizes))
        bests = bests[_differ(self.keys[bests])]
        num_followed = np.add.reduceat(num_sources, self.firsts) if len(self.firsts) else most
        is_kept = most >= MIN_SOURCES
        bests, most, num_followed = bests[is_kept], most[is_kept], num_followed[is_kept]
        return _Entries(self.keys[bests], self.tokens[bests], certainty_of(most, num_followed), most)


def _differ(sorted_values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each value differs from the one before it."""
    differs = np.ones(len(sorted_values), dtype=np.bool_)
    differs[1:] = sorted_values[1:] != sorted_values[:-1]
    return differs


def _most(counts: Int64Array, firsts: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return the largest count of each group, and its size; groups begin at `firsts`."""
    most = np.maximum.reduceat(counts, firsts) if len(firsts) else np.empty(0, dtype=np.int64)
    return most, np.diff(firsts, append=len(counts))
