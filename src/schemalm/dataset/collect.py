"""Turns documents of any origin into a collected corpus: valid, without duplicates or secrets, split by source.

An engine examines the input shard by shard (`examination`). Duplicates and the split depend on all documents; they are
found in bounded memory (`survey`, `deduplication`). Finally the folder that `collected` describes is written. Every
document of the input is either kept or listed in rejected.jsonl with the reason.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from schemalm.dataset.collect_settings import CollectSettings, SplitBy
from schemalm.dataset.collected import FORMAT, README_FILE, read_manifest
from schemalm.dataset.corpus_readme import REASONS, readme
from schemalm.dataset.corpus_writer import CorpusWriter, WrittenCorpus
from schemalm.dataset.deduplication import deduplicate, kept_sources
from schemalm.dataset.examination import REJECTED, Examine
from schemalm.dataset.held_out import Sources
from schemalm.dataset.reading import select_rows
from schemalm.dataset.shards import Progress, Work, listing, open_work, shards_of
from schemalm.dataset.store import TRAIN, VAL, hash_file
from schemalm.dataset.survey import Survey
from schemalm.documents import LeftOut, value_digest
from schemalm.documents.collected import CORPUS_KIND, MANIFEST_FILE, REJECTED_FILE, WORKING_FOLDER
from schemalm.documents.corpus_files import as_text
from schemalm.documents.left_out import left_out_error
from schemalm.documents.pieces import read_pieces
from schemalm.engines import Engine
from schemalm.errors import DataError
from schemalm.files.writing import named_errors, write_atomically
from schemalm.grammar import Grammar
from schemalm.messages.wording import counted
from schemalm.schema.file_names import path_matcher
from schemalm.schema.naming import schema_name

NUM_LARGEST = 10  # sources named in the manifest
OUTPUTS = (TRAIN, VAL, REJECTED_FILE, README_FILE)
_SURVEYED = [
    *("kind", "repo", "path", "license", "file", "line", "sha256"),
    *("pointer", "keyword", "reason", "secrets"),
]
_WRITTEN = ["json", *_SURVEYED]
_COMPARED = ["kind", "features", "keys"]


@dataclass(frozen=True)
class CollectionSummary:
    """The manifest of a collected corpus, and what was left out."""

    manifest: dict[str, Any]
    left_out: LeftOut


class Collection:
    """One collection in progress, opened by `open_collection`: call `examine`, then `compare`, then `write`."""

    def __init__(
        self, paths: Sequence[Path], grammar: Grammar, out: Path, settings: CollectSettings, work: Work
    ) -> None:
        self._paths = paths
        self._grammar = grammar
        self._out = out
        self._settings = settings
        self._work = work
        self._left_out = LeftOut()
        with work.removed_on_error():
            self._selection = select_rows(paths, grammar.schema, settings.max_files)

    @property
    def num_rows(self) -> int:
        """The number of raw rows to examine."""
        return self._selection.num_chosen

    def examine(self, engine: Engine, progress: Progress | None = None) -> None:
        """Examine the shards that are not examined yet; `progress` receives the number of raw rows done."""
        settings = self._settings
        chosen, matcher = self._selection.chosen, path_matcher(self._grammar.schema)
        pieces = read_pieces(self._paths, self._left_out, chosen=chosen, path_matcher=matcher)
        task = Examine(
            self._grammar.schema, _rules(self._grammar), settings.merge_keys, settings.secrets, settings.similarity
        )
        self._work.complete(engine, task, shards_of(pieces), progress)
        self._work.note_vanished(self.num_rows, self._left_out)
        self._num_unread, self._unread = self._left_out.num_rejected, list(self._left_out.rejections)

    def compare(self) -> None:
        """Find duplicates and the sources to hold out; raises `DataError` if too little is left."""
        settings = self._settings
        self._scratch = self._work.scratch()
        survey = Survey(self._scratch, settings.split_by, settings.seed, self._left_out)
        for table in self._tables(_SURVEYED):
            survey.add(table)
        with self._work.removed_on_error():
            if not survey.num_valid:
                raise left_out_error(f"no document is left{_what_is_missing(survey)}", survey.left_out)
            deduplication = deduplicate(survey, self._tables(_COMPARED), settings.similarity)
            sources = kept_sources(survey, deduplication)
            held_out = sources.hold_out(1 - settings.train_split)
            if held_out is None:
                raise left_out_error(_too_few_sources(survey, sources, settings.split_by), survey.left_out)
        self._survey, self._deduplication, self._sources, self._held_out = survey, deduplication, sources, held_out

    def write(self) -> CollectionSummary:
        """Write the corpus, its manifest last, and remove the working folder; raises `OSError` with the path."""
        made = self._scratch / "corpus"
        made.mkdir()
        largest = self._sources.largest(NUM_LARGEST)
        writer = CorpusWriter(made, self._survey, self._deduplication, self._held_out, largest)
        done = writer.write(self._tables(_WRITTEN), self._unread)
        done.left_out[REJECTED] += self._num_unread
        manifest = self._manifest(done, {done.largest[draw]: count for draw, count in largest.items()})
        write_atomically(made / README_FILE, readme(manifest, self._left_out).encode())
        manifest["files"] = {**done.files, README_FILE: hash_file(made / README_FILE)}
        for name in OUTPUTS:
            _move(made / name, self._out / name)
        write_atomically(self._out / MANIFEST_FILE, json.dumps(manifest, indent=2).encode() + b"\n")
        self._work.remove()
        return CollectionSummary(manifest, self._left_out)

    def _manifest(self, done: WrittenCorpus, largest: dict[str, int]) -> dict[str, Any]:
        """Return the manifest without the hashes of files."""
        survey, schema, rules = self._survey, self._grammar.schema, self._grammar.rules
        splits = {name: asdict(split) for name, split in done.splits.items()}
        num_documents = survey.num_documents + self._num_unread  # each counts as one: its content is unknown
        counts = {"documents": num_documents, "kept": sum(split.num_documents for split in done.splits.values())}
        for split, num_sources in zip(splits.values(), self._num_sources(), strict=True):
            split["num_sources"] = num_sources
        licenses: Counter[str] = Counter()
        for split in splits.values():
            licenses.update(split["licenses"])
        return {
            "kind": CORPUS_KIND,
            "format": FORMAT,
            "schema": schema_name(schema),
            "rules": None if rules is None else rules.file.title,
            **_identity(self._paths, self._grammar, self._settings),
            "counts": {**counts, **{REASONS[why]: done.left_out[why] for why in REASONS}},
            "splits": splits,
            "secrets_by_kind": dict(sorted(survey.secrets.items())),
            "rejected_by_reason": self._left_out.count_reasons(),
            "passed_over": self._left_out.to_dict()["passed_over"],
            "largest_sources": largest,
            "licenses": dict(licenses.most_common()),
        }

    def _num_sources(self) -> tuple[int, int]:
        """Return the numbers of sources in training and in validation."""
        counts = [(len(draws), int(self._held_out.contains(draws).sum())) for draws, _ in self._sources.sizes()]
        num_sources, num_held_out = (sum(column) for column in zip(*counts, strict=True))
        return num_sources - num_held_out, num_held_out

    def _tables(self, columns: list[str]) -> Iterator[Any]:
        """Yield some columns of the tables of the examined shards, in order."""
        import pyarrow.parquet as pq  # noqa: PLC0415

        for content in self._work.shards():
            yield pq.ParquetFile(io.BytesIO(content)).read(columns, use_threads=False)


@contextmanager
def open_collection(
    paths: Sequence[Path], grammar: Grammar, out: Path, settings: CollectSettings, *, resume: bool = False
) -> Iterator[Collection]:
    """Open a collection of the documents in `paths` into the corpus folder `out`.

    resume: continue from what a killed command left there. Raises `DataError` if `out` already contains a corpus or the
    input cannot be read, and whatever `open_work` raises.
    """
    refuse_corpus(out)
    plan = _identity(paths, grammar, settings)
    plan |= plan.pop("settings")
    with open_work(out, plan, listing(paths, path_matcher(grammar.schema)), resume=resume) as work:
        yield Collection(paths, grammar, out, settings, work)


def collect(
    paths: Sequence[Path], grammar: Grammar, out: Path, settings: CollectSettings, engine: Engine
) -> CollectionSummary:
    """Collect the documents in `paths` into the folder `out`; raises what `open_collection` and its steps raise."""
    with open_collection(paths, grammar, out, settings) as collection:
        collection.examine(engine)
        collection.compare()
        return collection.write()


def finished(paths: Sequence[Path], grammar: Grammar, out: Path, settings: CollectSettings) -> CollectionSummary | None:
    """Return the corpus in `out` if this collection would make the same one, else None.

    A command that was killed at its very end leaves its working folder beside the corpus; it is removed. Examples of
    what was left out are in rejected.jsonl only.
    """
    manifest = read_manifest(out)
    if manifest is None or any(
        manifest.get(name) != what for name, what in _identity(paths, grammar, settings).items()
    ):
        return None
    shutil.rmtree(out / WORKING_FOLDER, ignore_errors=True)
    return CollectionSummary(manifest, LeftOut(reasons=manifest["rejected_by_reason"]))


def _identity(paths: Sequence[Path], grammar: Grammar, settings: CollectSettings) -> dict[str, Any]:
    """Return what determines a corpus, except the content of its inputs, as the manifest records it."""
    rules = _rules(grammar)
    return {
        "schema_sha256": value_digest(grammar.schema).hex(),
        "rules_sha256": None if rules is None else value_digest(rules).hex(),
        "inputs": [as_text(str(path)) for path in paths],
        "settings": asdict(settings),
        "versions": {name: version(name) for name in ("schemalm", "numpy", "pyarrow")},
    }


def _rules(grammar: Grammar) -> dict[str, Any] | None:
    """Return the content of the rules of a grammar, or None if it has none."""
    return None if grammar.rules is None else grammar.rules.file.content()


def refuse_corpus(out: Path) -> None:
    """Raise `DataError` if a folder contains a corpus or files with the same names; these are never overwritten."""
    if read_manifest(out) is not None:
        raise DataError(f"{out} already contains a collected corpus: choose another folder or delete it")
    taken = next((name for name in (MANIFEST_FILE, *OUTPUTS) if os.path.lexists(out / name)), None)
    if taken is not None and not (out / WORKING_FOLDER).is_dir():
        raise DataError(f"{out} already contains {taken}, which is not overwritten: choose another folder")


def _move(source: Path, target: Path) -> None:
    """Move a file or folder to its target, replacing what an interrupted collection left there."""
    if target.is_dir():
        shutil.rmtree(target)
    with named_errors(target):
        source.replace(target)


def _what_is_missing(survey: Survey) -> str:
    secret = f"; {counted(survey.num_secret, 'document')} contained secrets" if survey.num_secret else ""
    return f"{secret}; is the schema the right one?" if survey.left_out.breaks_schema else secret


def _too_few_sources(survey: Survey, sources: Sources, split_by: SplitBy) -> str:
    advice = "; --split-by repository splits by its repositories" if split_by == "owner" else ""
    return (
        f"fewer than two sources: a split needs one for training and one for validation; found "
        f"{counted(sources.num_documents, 'document')} of one {split_by}, such as {survey.origins[0].name}{advice}"
    )
