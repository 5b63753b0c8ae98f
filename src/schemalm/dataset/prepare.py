"""Turns documents into a prepared data folder: encodes them in shards, merges, and splits by source.

Input: the files of a corpus, or documents in memory, and a tokenizer. Output: the folder that `store.py` describes. Its
`left_out.jsonl` has a line for each document that is left out, with its file, line and reason. For files, `origin.json`
records what the folder was made from: a digest of their names and sizes, and the settings. The split is chosen by
source before windows are cut, so no source is in both splits. Documents that violate the schema, or are too long for
their position tokens, never end the preparation.

An engine encodes the shards (`encoding`); they are kept until the end (`shards`) and then merged (`merging`). The
folder is therefore the same, byte for byte, whichever engine encodes and however often it is interrupted, and memory is
bounded whatever the size of the corpus. Text tokenizers without a grammar give the same folder without masks and
states.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from schemalm.baselines import AnyTokenizer
from schemalm.bounds import check_number
from schemalm.dataset.collect_settings import check_train_split
from schemalm.dataset.collected import collected_split
from schemalm.dataset.encoding import Documents, Encode, EncodeDocuments, Encoder, WindowSettings
from schemalm.dataset.held_out import Sources, draw_of
from schemalm.dataset.reading import Progress, Selection, SourceDocument, select_rows
from schemalm.dataset.recall_files import MAX_RECALL_MEGABYTES
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.shard_merging import CORPUS_VALIDATION, ListedSources, ShardMerger, read_left_out, too_few_sources
from schemalm.dataset.shards import Shard, Work, digest_of, listing, open_work, remove_work, shards_of
from schemalm.dataset.store import (
    METADATA_FILE,
    TOKENIZER_FILE,
    Metadata,
    hash_file,
    read_metadata,
    refuse_data_set,
)
from schemalm.dataset.window_counts import MAX_CONTEXT_SIZE
from schemalm.documents import LeftOut, Rejection
from schemalm.documents.collected import WORKING_FOLDER
from schemalm.documents.pieces import MAX_ROWS, read_pieces
from schemalm.engines import Engine, open_engine
from schemalm.errors import ConfigurationError, DataError
from schemalm.files.writing import write_atomically
from schemalm.schema.file_names import path_matcher
from schemalm.schema.merge_keys import resolves_merge_keys
from schemalm.schema.sources import Schema

ORIGIN_FILE = "origin.json"


@dataclass(frozen=True)
class PrepareSettings:
    """The settings of a prepared folder.

    context_size, stride: how windows are cut, as `windows.py` describes, with 1 <= stride <= context_size. train_split:
    the share of documents in training, between 0 and 1, as closely as whole sources allow. seed: determines the split.
    recall_megabytes: the most of each table of recall; 0 for none.
    Raises ConfigurationError for a setting out of range.
    """

    context_size: int = 512
    stride: int = 32
    train_split: float = 0.8
    seed: int = 0
    recall_megabytes: int = 16

    def __post_init__(self) -> None:
        check_train_split(self.train_split)
        check_number("context_size", self.context_size, 1, MAX_CONTEXT_SIZE, is_whole=True)
        check_number("recall_megabytes", self.recall_megabytes, 0, MAX_RECALL_MEGABYTES, is_whole=True)
        if not 1 <= self.stride <= self.context_size:
            raise ConfigurationError(
                f"stride must lie between 1 and the context size {self.context_size}, got {self.stride}"
            )

    @property
    def windows(self) -> WindowSettings:
        """The settings that a shard depends on."""
        return WindowSettings(self.context_size, self.stride, self.seed)


@dataclass(frozen=True)
class PreparationSummary:
    """The metadata of what was prepared, and what was left out."""

    metadata: Metadata
    left_out: LeftOut

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """The rejected documents; only the first ones are kept by name."""
        return tuple(self.left_out.rejections)


class CorpusInput:
    """The documents in files.

    is_split: whether they are a collected corpus, which has its own split; train_split is then the share that it was
    collected with, or None if it does not say.
    """

    def __init__(
        self, paths: Iterable[Path], schema: Schema, *, max_rows: int | None = None, merge_keys: bool | None = None
    ) -> None:
        """max_rows: take this many raw rows, evenly spaced. merge_keys: resolve `<<` or not; None: by schema."""
        self.paths = list(paths)
        self.merge_keys = resolves_merge_keys(schema, merge_keys)
        self.max_rows = max_rows
        self._schema = schema
        self._path_matcher = path_matcher(schema)
        found = collected_split(self.paths[0]) if len(self.paths) == 1 else None
        self.is_split = found is not None
        self.train_split: float | None = None if found is None else found.train_split
        self._parts = [self.paths] if found is None else [[found.train], [found.val]]

    def select(self) -> list[Selection]:
        """Return the raw rows to take: one selection, or one for each split if the corpus is split."""
        counts = [select_rows(part, self._schema, None) for part in self._parts]
        if self.max_rows is None:
            return counts
        chosen = evenly_spaced(sum(count.num_rows for count in counts), self.max_rows)
        selections, start = [], 0
        for count in counts:
            of_part = chosen[(chosen >= start) & (chosen < start + count.num_rows)] - start
            selections.append(Selection(count.num_rows, of_part.tolist()))
            start += count.num_rows
        return selections

    def shards(self, selections: Sequence[Selection], left_out: LeftOut) -> Iterator[Shard]:
        """Yield the shards, and record what is not read."""
        for number, (part, selection) in enumerate(zip(self._parts, selections, strict=True)):
            pieces = read_pieces(part, left_out, chosen=selection.chosen, path_matcher=self._path_matcher)
            yield from shards_of(pieces, is_held_out=number == 1)

    def listing(self) -> Iterator[dict[str, Any]]:
        """Yield the files that are read, as `shards.listing` describes them."""
        for part in self._parts:
            yield from listing(part, self._path_matcher)

    def plan(self) -> dict[str, Any]:
        """Return what determines the rows that are read, as plain values."""
        paths = [os.fsdecode(path) for path in self.paths]
        return {"input": paths, "max_files": self.max_rows, "merge_keys": self.merge_keys}

    def origin(self, settings: PrepareSettings) -> dict[str, Any]:
        """Return what determines a prepared folder beyond its metadata; it does not depend on where the corpus is."""
        parts = "".join(digest_of(part, self._path_matcher) for part in self._parts)
        found: dict[str, Any] = {
            "input_sha256": hashlib.sha256(parts.encode()).hexdigest(),
            "max_files": self.max_rows,
            "merge_keys": self.merge_keys,
            "recall_megabytes": settings.recall_megabytes,
        }
        return found if self.is_split else found | {"train_split": settings.train_split, "seed": settings.seed}


class Preparation:
    """One preparation in progress: call `encode`, then `merge`."""

    def __init__(
        self, corpus: CorpusInput, tokenizer: AnyTokenizer, out: Path, settings: PrepareSettings, work: Work
    ) -> None:
        self._corpus = corpus
        self._tokenizer = tokenizer
        self._out = out
        self._settings = settings
        self._work = work
        self._left_out = LeftOut()
        with work.removed_on_error():
            self._selections = corpus.select()

    @property
    def num_rows(self) -> int:
        """The number of raw rows to encode."""
        return sum(selection.num_chosen for selection in self._selections)

    def encode(self, engine: Engine, progress: Progress | None = None) -> None:
        """Encode the shards that are not encoded yet; `progress` receives the number of raw rows done."""
        settings, corpus = self._settings.windows, self._corpus
        task = Encode(self._tokenizer.to_json(), settings, corpus.merge_keys, corpus.is_split)
        self._work.complete(engine, task, corpus.shards(self._selections, self._left_out), progress)
        self._work.note_vanished(self.num_rows, self._left_out)

    def merge(self) -> PreparationSummary:
        """Write the prepared folder; raises `DataError` if too little is left."""
        settings = self._settings
        merge = ShardMerger(
            self._work, self._out, self._tokenizer, settings.windows, self._left_out, settings.recall_megabytes
        )
        with self._work.removed_on_error():
            merge.survey(drops_duplicates=True)
            split = CORPUS_VALIDATION if self._corpus.is_split else merge.hold_out(1 - self._settings.train_split)
            merge.check(split)
        write_atomically(self._out / ORIGIN_FILE, _json(self._corpus.origin(self._settings)))
        metadata = merge.write(split)
        self._work.remove()
        return PreparationSummary(metadata, self._left_out)


@contextmanager
def open_preparation(
    corpus: CorpusInput, tokenizer: AnyTokenizer, out: Path, settings: PrepareSettings, *, resume: bool = False
) -> Iterator[Preparation]:
    """Open a preparation of the folder `out`; resume: continue from what a killed command left there.

    Raises DataError if `out` already is a data set or there is nothing to read, and whatever `open_work` raises.
    """
    refuse_data_set(out)
    _refuse_other_tokenizer(out, tokenizer)
    plan = {"version": version("schemalm"), "tokenizer": tokenizer.digest, **corpus.plan(), **asdict(settings)}
    with open_work(out, plan, corpus.listing(), resume=resume) as work:
        with work.removed_on_error():
            refuse_data_set(out)  # another command may have finished it meanwhile
        yield Preparation(corpus, tokenizer, out, settings, work)


def _refuse_other_tokenizer(out: Path, tokenizer: AnyTokenizer) -> None:
    """Raise `DataError` if `out` contains another tokenizer file, unless a killed preparation left it."""
    own = out / TOKENIZER_FILE
    is_same = own.is_file() and not own.is_symlink() and hash_file(own) == tokenizer.digest
    if os.path.lexists(own) and not is_same and not (out / WORKING_FOLDER).is_dir():
        raise DataError(
            f"{out} already contains another {TOKENIZER_FILE}, which is not overwritten: choose another folder"
        )


def finished(
    corpus: CorpusInput, tokenizer: AnyTokenizer, out: Path, settings: PrepareSettings
) -> PreparationSummary | None:
    """Return the result of a preparation to resume if it is already finished, else None.

    Raises DataError if `out` was prepared with another tokenizer, other windows, another corpus or another split.
    """
    if not (out / METADATA_FILE).exists():
        return None
    metadata = read_metadata(out)
    wanted = {"context_size": settings.context_size, "stride": settings.stride, "tokenizer_sha256": tokenizer.digest}
    found = {name: getattr(metadata, name) for name in wanted} | _read_origin(out)
    for name, value in (wanted | corpus.origin(settings)).items():
        if found.get(name) != value:
            raise DataError(
                f"{out} already contains a prepared data set, whose {name} is {found.get(name)}, not {value}: choose "
                "another folder or delete it"
            )
    remove_work(out)
    return PreparationSummary(metadata, read_left_out(out))


def _read_origin(out: Path) -> dict[str, Any]:
    """Return what the folder was made from; empty if unknown."""
    try:
        found = json.loads((out / ORIGIN_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, indent=2).encode() + b"\n"


def prepare_corpus(
    corpus: CorpusInput,
    tokenizer: AnyTokenizer,
    out: Path,
    settings: PrepareSettings,
    engine: Engine,
    *,
    resume: bool = False,
) -> PreparationSummary:
    """Prepare the folder `out` from files; raises what `open_preparation` and its steps raise."""
    with open_preparation(corpus, tokenizer, out, settings, resume=resume) as preparation:
        preparation.encode(engine)
        return preparation.merge()


def prepare(
    documents: Sequence[SourceDocument],
    tokenizer: AnyTokenizer,
    out: Path,
    *,
    context_size: int = 512,
    stride: int = 32,
    train_split: float = 0.8,
    seed: int = 0,
    recall_megabytes: int = 16,
    held_out: Collection[str] | None = None,
    left_out: LeftOut | None = None,
    progress: Progress | None = None,
) -> PreparationSummary:
    """Prepare the folder `out` from documents in memory, in this process.

    The settings are those of `PrepareSettings`. held_out: the validation sources, instead of a random choice. left_out:
    what reading the documents left out; errors report it, and rejected documents are added to it. progress: receives
    the number of documents encoded. Duplicates are kept. Raises DataError if a split has no documents or `out` already
    is a data set, and ConfigurationError for settings out of range.
    """
    settings = PrepareSettings(context_size, stride, train_split, seed, recall_megabytes)
    refuse_data_set(out)
    noted = LeftOut() if left_out is None else left_out
    task = EncodeDocuments(Encoder(tokenizer, settings.windows))
    starts = range(0, len(documents), MAX_ROWS)
    items = (Documents(tuple(documents[start : start + MAX_ROWS])) for start in starts)
    with open_work(out, {}) as work, open_engine("local", workers=1) as engine:
        with work.removed_on_error():
            refuse_data_set(out)  # another command may have finished it meanwhile
        work.complete(engine, task, items, progress)
        merge = ShardMerger(work, out, tokenizer, settings.windows, noted, recall_megabytes)
        with work.removed_on_error():
            merge.survey(drops_duplicates=False)
            split = merge.hold_out(1 - train_split) if held_out is None else ListedSources.of(held_out, seed)
            merge.check(split)
        metadata = merge.write(split)
        work.remove()
    return PreparationSummary(metadata, noted)


def validation_sources(
    documents: Sequence[SourceDocument], share: float, seed: int, left_out: LeftOut | None = None
) -> set[str]:
    """Return the sources to hold out, as `Sources.hold_out` chooses them: with about `share` of all documents.

    Raises DataError if there are fewer than two; it reports what was left out.
    """
    draws = np.array([draw_of(document.source, seed) for document in documents], dtype=np.uint64)
    with tempfile.TemporaryDirectory() as folder:
        sources = Sources(Path(folder) / "sources", len(documents))
        sources.add(draws)
        found = sources.hold_out(share)
    if found is None:
        raise too_few_sources(len(documents), documents[0].source if documents else "", left_out or LeftOut())
    return {document.source for document, is_in in zip(documents, found.contains(draws), strict=True) if is_in}
