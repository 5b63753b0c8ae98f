"""Long work, done shard by shard: finished shards are kept beside the results, so that a killed command can be resumed.

    OUT/.work/lock     held by the command that works here
    OUT/.work/plan     JSON: everything that determines the results
    OUT/.work/input    JSON Lines: the input files with their sizes and modification times
    OUT/.work/shards/  a file for each finished shard, by number
    OUT/.work/scratch/ temporary files; emptied for every command

A shard is a function of the corpus and the plan only, and its file is either complete or absent. Results therefore do
not depend on which process did which shard, nor on how often the command was killed. The files have no suffix because
the output folder may be inside the corpus. Memory is bounded whatever the number of shards.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from schemalm.documents.collected import LOCK_FILE, WORKING_FOLDER
from schemalm.documents.corpus_files import PathMatcher, corpus_files
from schemalm.documents.left_out import LeftOut, Rejection
from schemalm.documents.pieces import Piece, into_shards
from schemalm.engines import Engine, Task
from schemalm.errors import ConfigurationError, DataError, SchemaLMError
from schemalm.files.locks import acquire_lock, is_still_at, open_lock_file
from schemalm.files.writing import named_errors, partial_name, remove_partial, write_atomically
from schemalm.messages.wording import counted, reason_of

_PLAN, _INPUT, _SHARDS, _SCRATCH = "plan", "input", "shards", "scratch"

# Called with the number of raw rows done.
Progress = Callable[[int], None]


class WorkItem(Protocol):
    """A unit of work."""

    @property
    def num_rows(self) -> int:
        """The number of raw rows in it."""
        ...


Item = TypeVar("Item", bound=WorkItem)


@dataclass(frozen=True)
class Shard:
    """Pieces of a corpus that are processed together; `is_held_out`: whether they belong to the corpus's `val`."""

    pieces: tuple[Piece, ...]
    is_held_out: bool = False

    @property
    def num_rows(self) -> int:
        """The number of raw rows in it."""
        return sum(piece.num_rows for piece in self.pieces)

    @property
    def description(self) -> str:
        """The name of the shard in messages."""
        first, last = str(self.pieces[0].file.path), str(self.pieces[-1].file.path)
        return first if first == last else f"{first} to {last}"


def shards_of(pieces: Iterable[Piece], *, is_held_out: bool = False) -> Iterator[Shard]:
    """Yield the shards of a corpus."""
    for shard in into_shards(pieces):
        yield Shard(shard, is_held_out)


def listing(paths: Iterable[Path], path_matcher: PathMatcher | None = None) -> Iterator[dict[str, Any]]:
    """Yield the files of a corpus with their sizes in bytes and modification times in nanoseconds."""
    for file in corpus_files(list(paths), LeftOut(), path_matcher):
        found = None
        with suppress(OSError):  # a missing file is recorded when it is read
            found = file.path.stat()
        yield {
            "path": os.fspath(file.path),
            "size": None if found is None else found.st_size,
            "changed": None if found is None else found.st_mtime_ns,
        }


def digest_of(paths: Iterable[Path], path_matcher: PathMatcher | None = None) -> str:
    """Return the sha256 of the names and sizes of a corpus's files; it does not depend on where the corpus is."""
    digest = hashlib.sha256()
    for path in paths:
        for file in listing([path], path_matcher):
            name = os.fsencode(os.path.relpath(file["path"], path))
            digest.update(b"%s\0%s\0" % (name, str(file["size"]).encode()))
    return digest.hexdigest()


@contextmanager
def open_work(
    out: Path, plan: Mapping[str, Any], files: Iterable[dict[str, Any]] = (), *, resume: bool = False
) -> Iterator[Work]:
    """Open the work on the folder `out`, creating it if needed; no other command can open it at the same time.

    plan: what determines the results, as JSON values by name. files: a `listing`. resume: continue from what a killed
    command left here; otherwise that is removed. Raises `DataError` if another command works here, and, when resuming,
    if the plan or a file has changed; the message names the difference.
    """
    if out.exists() and not out.is_dir():
        raise ConfigurationError(f"{out} is a file: choose a folder")
    is_new = not out.exists()
    with _locked(out):
        work = Work(out, is_new)
        remove_partial(out)
        work.begin(plan, files, resume)
        yield work


class Work:
    """Work in progress: `num_done` shards are finished."""

    def __init__(self, out: Path, is_new: bool) -> None:
        self._out, self._is_new = out, is_new
        self._folder = out / WORKING_FOLDER
        self._shards = self._folder / _SHARDS
        self.num_done = self._num_rows = 0

    def begin(self, plan: Mapping[str, Any], files: Iterable[dict[str, Any]], resume: bool) -> None:
        """Continue with the shards that exist, or start with none."""
        lines = (json.dumps(file).encode() + b"\n" for file in files)
        if resume and (self._folder / _PLAN).exists():
            self._compare(plan, lines)
        else:
            self._write(plan, lines)
        remove_partial(self._shards)
        self.num_done = sum(1 for _ in self._shards.iterdir())

    def scratch(self) -> Path:
        """Return a new, empty folder for temporary files."""
        scratch = self._folder / _SCRATCH
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        return scratch

    def complete(
        self, engine: Engine, task: Task[Item, bytes], shards: Iterable[Item], progress: Progress | None = None
    ) -> None:
        """Do the shards that are not done yet, and keep the result of each.

        Raises what reading the shards and the task raise; nothing is kept if the corpus cannot be read.
        """
        sizes: deque[int] = deque()
        for content in engine.map(task, self._remaining(shards, sizes)):
            write_atomically(self._shard(self.num_done), content)
            self.num_done += 1
            self._num_rows += sizes.popleft()
            if progress is not None:
                progress(self._num_rows)

    def _remaining(self, shards: Iterable[Item], sizes: deque[int]) -> Iterator[Item]:
        """Yield the shards that are not done yet, and record the size of each."""
        with self.removed_on_error():
            remaining = iter(shards)
            self._num_rows = sum(shard.num_rows for shard in islice(remaining, self.num_done))
            for shard in remaining:
                sizes.append(shard.num_rows)
                yield shard

    def note_vanished(self, num_rows: int, left_out: LeftOut) -> None:
        """If rows are missing, record the files that disappeared between listing and reading.

        num_rows: the number of raw rows counted before. Raises `DataError` if the numbers of rows differ but no file is
        missing.
        """
        if self._num_rows == num_rows:
            return
        num_gone = 0
        with self.removed_on_error(), (self._folder / _INPUT).open("rb") as file:
            for line in file:
                path = json.loads(line)["path"]
                if not os.path.lexists(path):
                    left_out.reject(Rejection(path, "it disappeared before it could be read", file=path))
                    num_gone += 1
            if not num_gone:
                raise DataError(
                    f"the corpus changed while it was read: {counted(num_rows, 'row')} were counted and "
                    f"{self._num_rows:,} read; start again when nothing writes to it"
                )

    def shards(self) -> Iterator[bytes]:
        """Yield the task's result for each shard, in order."""
        for number in range(self.num_done):
            yield self._shard(number).read_bytes()

    def _shard(self, number: int) -> Path:
        return self._shards / f"{number:09}"

    @contextmanager
    def removed_on_error(self) -> Iterator[None]:
        """Remove the working folder if the corpus is refused: it must change, so finished shards are useless."""
        try:
            yield
        except SchemaLMError:
            self.remove()
            if self._is_new:
                with suppress(OSError):  # the folder is not empty
                    self._out.rmdir()
            raise

    def remove(self) -> None:
        """Remove the working folder, once the results are complete.

        Other commands see it disappear at once: one that is about to take the lock in it notices.
        """
        gone = self._folder.with_name(partial_name(self._folder.name))
        self._folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)  # another command may be removing it as well

    def _write(self, plan: Mapping[str, Any], lines: Iterable[bytes]) -> None:
        """Remove existing work, and write the plan, last."""
        (self._folder / _PLAN).unlink(missing_ok=True)
        for name in (_SHARDS, _SCRATCH):
            if (self._folder / name).exists():
                shutil.rmtree(self._folder / name)
        self._shards.mkdir()
        path = self._folder / _INPUT
        with self.removed_on_error(), named_errors(path), path.open("wb") as file:
            file.writelines(lines)
        write_atomically(self._folder / _PLAN, json.dumps(plan).encode())

    def _compare(self, plan: Mapping[str, Any], lines: Iterable[bytes]) -> None:
        """Raise `DataError` with the first difference from the plan and the input that the work was started with."""
        begun: dict[str, Any] = json.loads((self._folder / _PLAN).read_bytes())
        for name in dict.fromkeys([*begun, *plan]):
            if begun.get(name) != (now := json.loads(json.dumps(plan.get(name)))):
                raise self._another(f"{name} was {begun.get(name)}, and is now {now}")
        with (self._folder / _INPUT).open("rb") as file:
            for before, line in zip_longest(file, lines):
                if before != line:
                    raise self._another(_change(before, line))

    def _another(self, difference: str) -> DataError:
        return DataError(
            f"{self._out} cannot be resumed: {difference}; resume with the original settings and input, or start again "
            "without --resume"
        )


def _change(before: bytes | None, now: bytes | None) -> str:
    """Return what happened to a file, given the first differing lines of two listings."""
    old, new = (json.loads(line)["path"] if line else None for line in (before, now))
    if old == new:
        return f"{new} has changed"
    if old is not None and (new is None or old < new):
        return f"{old} has been removed"
    return f"{new} has been added"


def remove_work(out: Path) -> None:
    """Remove what a command left that was killed after its results were complete."""
    shutil.rmtree(out / WORKING_FOLDER, ignore_errors=True)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Lock the working folder of `out`; raises `DataError` if another process holds it or has removed it."""
    folder = out / WORKING_FOLDER
    with _open_lock(folder) as file:
        try:
            is_free = acquire_lock(file.fileno())
        except OSError as error:
            raise DataError(f"{folder / LOCK_FILE} cannot be locked: {reason_of(error)}") from None
        if not (is_free and is_still_at(file.fileno(), folder / LOCK_FILE)):
            raise DataError(f"another command is writing into {out}: wait for it, or end it")
        yield


def _open_lock(folder: Path) -> BinaryIO:
    """Open the lock file, creating it if needed, even if a finishing command removes the folder meanwhile."""
    while True:
        if folder.is_symlink():
            raise DataError(f"{folder} is a link, and may lead elsewhere: remove it")
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return open_lock_file(folder, LOCK_FILE)
