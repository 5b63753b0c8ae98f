"""Merges encoded shards into a prepared folder: drops duplicates, splits by source, numbers the states.

Shards are read twice, in order: first to learn what depends on all documents (`survey`), then to copy their tokens
(`write`). Memory is bounded whatever the number of shards: data about each document is kept in files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from schemalm.baselines import AnyTokenizer
from schemalm.dataset.duplicates import DIGEST_BYTES, ROWS_AT_ONCE, are_first, find_originals
from schemalm.dataset.echo import BoolArray
from schemalm.dataset.encoding import HELD_OUT, EncodedShard, WindowSettings, rejection_of
from schemalm.dataset.held_out import Draws, Sources, draw_of
from schemalm.dataset.origins import Origin, Origins, duplicate, note_duplicates
from schemalm.dataset.partitions import append
from schemalm.dataset.recall_building import write_recall
from schemalm.dataset.shards import Work
from schemalm.dataset.state_tables import StateNumbers
from schemalm.dataset.store import (
    MASKS_FILE,
    STATE_TABLE_FILE,
    TOKENIZER_FILE,
    TRAIN,
    VAL,
    Metadata,
    SplitMetadata,
    SplitWriter,
    hash_file,
    write_array,
    write_metadata,
)
from schemalm.documents import LeftOut, Rejection
from schemalm.documents.left_out import Duplicate, left_out_error
from schemalm.errors import DataError
from schemalm.files.writing import named_errors, write_atomically
from schemalm.messages.wording import counted
from schemalm.schema.naming import schema_name
from schemalm.tokenizer import Tokenizer

LEFT_OUT_FILE = "left_out.jsonl"
_SOURCES = "sources.bin"


class SourceSet(Protocol):
    """A set of held-out sources."""

    def contains(self, draws: Draws) -> BoolArray:
        """Return which of the draws belong to held-out sources."""
        ...


@dataclass(frozen=True)
class ListedSources:
    """Held-out sources that are listed by their draws."""

    draws: Draws

    @classmethod
    def of(cls, sources: Collection[str], seed: int) -> ListedSources:
        """Return the set of the sources with these names."""
        return cls(np.array(sorted(draw_of(source, seed) for source in sources), dtype=np.uint64))

    def contains(self, draws: Draws) -> BoolArray:
        """Return which of the draws are listed."""
        return np.isin(draws, self.draws)


CORPUS_VALIDATION = ListedSources(np.array([HELD_OUT], dtype=np.uint64))


class ShardMerger:
    """Merges the shards of a work folder into the folder `out`, and adds to `left_out`."""

    def __init__(
        self,
        work: Work,
        out: Path,
        tokenizer: AnyTokenizer,
        settings: WindowSettings,
        left_out: LeftOut,
        recall_megabytes: int,
    ) -> None:
        """recall_megabytes: the most of each table of recall; 0 for none."""
        self._recall_megabytes = recall_megabytes
        self._work, self._out = work, out
        self._tokenizer = tokenizer
        self._settings = settings
        self._left_out = left_out
        self._unread = list(left_out.rejections)
        self._states = StateNumbers()
        self._num_documents = 0
        self._a_source = ""

    def survey(self, *, drops_duplicates: bool) -> None:
        """Learn what depends on all documents; raises `DataError` if no document is left."""
        self._scratch = self._work.scratch()
        self._origins = Origins(self._scratch)
        for content in self._work.shards():
            self._survey(EncodedShard(content))
        if not self._num_documents:
            raise left_out_error(
                f"no document is left; a split needs two sources{schema_question(self._tokenizer, self._left_out)}",
                self._left_out,
            )
        self._draws: Draws = np.memmap(self._scratch / "draws", np.uint64, "r")
        self._originals = None
        if drops_duplicates:
            digests = np.memmap(self._scratch / "digests", np.uint8, "r").reshape(-1, DIGEST_BYTES)
            self._originals = find_originals(digests, self._scratch / "originals.npy")
            note_duplicates(self._originals, self._origins, self._left_out)

    def _survey(self, shard: EncodedShard) -> None:
        self._states.add(shard.tables)
        self._left_out.extend(shard.left_out)
        origins = []
        for entry in shard.entries:
            if (rejection := rejection_of(entry)) is not None:
                self._left_out.reject(rejection)
            else:
                origins.append(Origin(entry["name"], entry["file"], entry["line"]))
                self._a_source = self._a_source or entry["source"]
        self._num_documents += len(origins)
        self._origins.add(origins)
        for name in ("draws", "digests"):
            append(self._scratch / name, shard.array(name).tobytes())

    def _spans(self) -> Iterator[tuple[int, int]]:
        for start in range(0, self._num_documents, ROWS_AT_ONCE):
            yield start, min(start + ROWS_AT_ONCE, self._num_documents)

    def _are_kept(self, start: int, stop: int) -> BoolArray:
        """Return which of the documents from `start` to `stop` do not repeat an earlier one."""
        if self._originals is None:
            return np.ones(stop - start, dtype=np.bool_)
        return are_first(self._originals, start, stop)

    def hold_out(self, share: float) -> SourceSet:
        """Choose the sources to hold out, by the seed; raises `DataError` if there are fewer than two."""
        sources = Sources(self._scratch / "sources", self._num_documents)
        num_kept = 0
        for start, stop in self._spans():
            draws = self._draws[start:stop][self._are_kept(start, stop)]
            num_kept += len(draws)
            sources.add(draws)
        found = sources.hold_out(share)
        if found is None:
            raise too_few_sources(num_kept, self._a_source, self._left_out)
        return found

    def write(self, held_out: SourceSet) -> Metadata:
        """Write the folder, its metadata last; raises `OSError` with the path."""
        files = {TOKENIZER_FILE: self._write_tokenizer()}
        masks, rows = self._states.tables()
        for name in (MASKS_FILE, STATE_TABLE_FILE):  # a killed command may have left them
            (self._out / name).unlink(missing_ok=True)
        if len(rows):
            files[MASKS_FILE] = write_array(self._out / MASKS_FILE, masks)
            files[STATE_TABLE_FILE] = write_array(self._out / STATE_TABLE_FILE, rows.astype(np.uint32))
        metadata = Metadata(
            context_size=self._settings.context_size,
            stride=self._settings.stride,
            vocab_size=self._tokenizer.vocab_size,
            pad_id=self._tokenizer.pad_id,
            num_masks=len(masks),
            num_places=len(rows),
            num_states=self._tokenizer.states.num_states if isinstance(self._tokenizer, Tokenizer) else 0,
            tokenizer_sha256=files[TOKENIZER_FILE],
            files=files,
            splits=self._write_splits(held_out),
        )
        if self._recall_megabytes:
            sources = np.fromfile(self._scratch / _SOURCES, np.uint32)
            metadata = write_recall(self._out, metadata, sources, self._scratch, self._recall_megabytes)
        write_metadata(self._out, metadata)
        return metadata

    def check(self, held_out: SourceSet) -> None:
        """Raise `DataError` if a split has no documents."""
        num_train = num_val = 0
        for start, stop in self._spans():
            is_val = held_out.contains(self._draws[start:stop])[self._are_kept(start, stop)]
            num_val += int(is_val.sum())
            num_train += int((~is_val).sum())
        for name, number in ((TRAIN, num_train), (VAL, num_val)):
            if not number:
                asked = schema_question(self._tokenizer, self._left_out)
                raise left_out_error(f"no document is left for the split {name!r}{asked}", self._left_out)

    def _write_tokenizer(self) -> str:
        write_atomically(self._out / TOKENIZER_FILE, self._tokenizer.to_json())
        return hash_file(self._out / TOKENIZER_FILE)

    def _write_splits(self, held_out: SourceSet) -> dict[str, SplitMetadata]:
        path = self._out / LEFT_OUT_FILE
        with ExitStack() as stack:
            writers = {name: stack.enter_context(self._writer(name)) for name in (TRAIN, VAL)}
            file = stack.enter_context(path.open("wb"))
            start = 0
            for content in self._work.shards():
                shard = EncodedShard(content)
                stop = start + len(shard.array("lengths"))
                stays, is_val = self._are_kept(start, stop), held_out.contains(self._draws[start:stop])
                self._write_documents(writers[TRAIN], shard, stays & ~is_val)
                append(self._scratch / _SOURCES, shard.array("sources")[stays & ~is_val].tobytes())
                self._write_documents(writers[VAL], shard, stays & is_val)
                with named_errors(path):
                    file.writelines(self._left_out_lines(shard, start, stays))
                start = stop
            with named_errors(path):
                file.writelines(_line(asdict(rejection)) for rejection in self._unread)
                file.flush()
                os.fsync(file.fileno())
            return {name: writer.finish() for name, writer in writers.items()}

    def _writer(self, name: str) -> SplitWriter:
        return SplitWriter(
            self._out / name,
            vocab_size=self._tokenizer.vocab_size,
            context_size=self._settings.context_size,
            stride=self._settings.stride,
            num_places=len(self._states),
        )

    def _write_documents(self, writer: SplitWriter, shard: EncodedShard, is_chosen: BoolArray) -> None:
        """Write the chosen documents of a shard."""
        of_tokens = np.repeat(is_chosen, shard.array("lengths"))
        states = None
        if len(self._states):
            states = self._states.add(shard.tables)[shard.states[of_tokens]]
        lengths, num_bytes = shard.array("lengths")[is_chosen], shard.array("num_bytes")[is_chosen]
        writer.extend(shard.array("tokens")[of_tokens], states, lengths, num_bytes)

    def _left_out_lines(self, shard: EncodedShard, start: int, stays: BoolArray) -> Iterator[bytes]:
        """Yield a JSON line for each document of a shard that is left out; valid documents count from `start`."""
        number = 0
        for entry in shard.entries:
            if (rejection := rejection_of(entry)) is not None:
                yield _line(asdict(rejection))
                continue
            if not stays[number]:
                yield _line(self._duplicate_entry(start + number))
            number += 1

    def _duplicate_entry(self, number: int) -> dict[str, Any]:
        assert self._originals is not None
        found, origin = duplicate(number, self._originals, self._origins), self._origins[number]
        return {
            "name": found.name,
            "reason": f"exact duplicate of {found.original}",
            "original": found.original,
            "file": origin.file,
            "line": origin.line,
        }


def _line(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def schema_question(tokenizer: AnyTokenizer, left_out: LeftOut) -> str:
    """Return what to add if no document is left: a tokenizer of another schema rejects all of them."""
    if not isinstance(tokenizer, Tokenizer) or not left_out.breaks_schema:
        return ""
    return f"; the tokenizer's schema is {schema_name(tokenizer.grammar.schema)}: is it the right one?"


def too_few_sources(num_documents: int, source: str, left_out: LeftOut) -> DataError:
    """Return the error for documents that all have one source, or for no documents."""
    if not num_documents:
        return left_out_error("no document is left; a split needs two sources", left_out)
    found = f"{counted(num_documents, 'document')} of {source}"
    problem = f"fewer than two sources: a split needs one for training and one for validation; found {found}"
    return left_out_error(problem, left_out)


def read_left_out(out: Path) -> LeftOut:
    """Return what was left out, from the file in a prepared folder."""
    left_out = LeftOut()
    with (out / LEFT_OUT_FILE).open("rb") as file:
        for line in file:
            entry = json.loads(line)
            if "original" in entry:
                left_out.drop(Duplicate(entry["name"], entry["original"]))
            else:
                left_out.reject(Rejection(**entry))
    return left_out
