"""Reads the distinct documents of a corpus with their sources, as a stream or a list.

Input: paths and the schema. The schema decides which files of Git checkouts are documents, and whether `<<` is
resolved. What is left out is recorded in a `LeftOut`. A selection of the raw rows of a large corpus can be read: the
other rows are listed but not parsed. A stream keeps one piece of the corpus and each document's digest in memory.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemalm.dataset.collected import collected_split
from schemalm.dataset.selection import evenly_spaced
from schemalm.documents import CorpusRow, LeftOut, Rejection, deduplicate
from schemalm.documents.pieces import count_rows, read_pieces, rows_of
from schemalm.errors import InvalidDocument, LimitError
from schemalm.grammar import Grammar
from schemalm.schema.file_names import path_matcher
from schemalm.schema.merge_keys import resolves_merge_keys
from schemalm.schema.sources import Schema
from schemalm.tokenizer import Tokenizer

# Called with the number of raw rows or documents done.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class SourceDocument:
    """A document's value, its source (the repository), and its name in messages."""

    value: Any
    source: str
    name: str


@dataclass(frozen=True)
class Selection:
    """The raw rows to take from a corpus, by ascending index; `chosen` is None for all rows."""

    num_rows: int
    chosen: Sequence[int] | None = None

    @property
    def num_chosen(self) -> int:
        """The number of rows taken."""
        return self.num_rows if self.chosen is None else len(self.chosen)


def training_path(corpus: Path) -> Path:
    """Return the part of a corpus to train a tokenizer on: the training split of a collected corpus, else all of it."""
    collected = collected_split(corpus)
    return corpus if collected is None else collected.train


def select_rows(
    paths: Iterable[Path], schema: Schema, num_wanted: int | None, *, most: int | None = None, seed: int = 0
) -> Selection:
    """Choose raw rows of a corpus: `num_wanted` evenly spaced ones, or at most `most` that the seed draws at random.

    Nothing is parsed. Raises `DataError` if there is nothing to read.
    """
    num_rows = count_rows(paths, path_matcher=path_matcher(schema))
    if num_wanted is not None:
        return Selection(num_rows, evenly_spaced(num_rows, num_wanted).tolist())
    if most is None or num_rows <= most:
        return Selection(num_rows)
    return Selection(num_rows, sorted(random.Random(seed).sample(range(num_rows), most)))


def stream_documents(
    paths: Iterable[Path],
    schema: Schema,
    left_out: LeftOut,
    *,
    chosen: Iterable[int] | None = None,
    merge_keys: bool | None = None,
    progress: Progress | None = None,
) -> Iterator[SourceDocument]:
    """Yield the distinct documents of a corpus, in its order.

    chosen: the raw rows to take, by ascending index. merge_keys: resolve `<<` or reject it; None lets the schema
    decide. progress: receives the number of raw rows read. Raises `DataError` if there is nothing to read.
    """

    def rows() -> Iterator[CorpusRow]:
        resolves, num_done = resolves_merge_keys(schema, merge_keys), 0
        for piece in read_pieces(paths, left_out, chosen=chosen, path_matcher=path_matcher(schema)):
            yield from rows_of(piece, merge_keys=resolves, left_out=left_out)
            num_done += piece.num_rows
            if progress is not None:
                progress(num_done)

    for row in deduplicate(rows(), left_out):
        if row.error is None:
            yield SourceDocument(row.value, row.repository, row.name)
        else:
            left_out.reject(row.rejection(row.error))


def read_documents(
    paths: Sequence[Path],
    schema: Schema = True,
    *,
    max_documents: int | None = None,
    merge_keys: bool | None = None,
) -> tuple[list[SourceDocument], LeftOut]:
    """Return the distinct documents of a corpus, and what was left out.

    max_documents: take this many raw rows, evenly spaced; those that are not documents are left out. merge_keys: as in
    `stream_documents`. Raises `DataError` if there is nothing to read.
    """
    left_out = LeftOut()
    chosen = None if max_documents is None else select_rows(paths, schema, max_documents).chosen
    return list(stream_documents(paths, schema, left_out, chosen=chosen, merge_keys=merge_keys)), left_out


def valid_documents(
    documents: Iterable[SourceDocument], grammar: Grammar, left_out: LeftOut
) -> Iterator[SourceDocument]:
    """Yield the documents that are valid under the schema; record the others with the reason."""
    writer = Tokenizer.from_grammar(grammar)
    for document in documents:
        try:
            writer.pieces(document.value)
        except (InvalidDocument, LimitError) as error:
            left_out.reject(Rejection.of(document.name, error))
        else:
            yield document
