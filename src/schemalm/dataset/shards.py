"""Long work, done shard by shard: finished shards are kept beside the results, so that a killed command can go on.

    OUT/.work/lock     held by the command that works here
    OUT/.work/plan     JSON: everything that decides on the results
    OUT/.work/input    JSON Lines: the files that are read, with their sizes and times of change
    OUT/.work/shards/  a file for each finished shard, by number
    OUT/.work/scratch/ what else the command needs on the way; new for every command

A shard is a function of the corpus and the plan alone, and its file is there whole or not at all. So results do not
depend on who did which shard, nor on how often the command was killed. Names have no suffix, for a corpus may lie
around the output. Memory is bounded whatever the number of shards.
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
from schemalm.messages.wording import counted

_PLAN, _INPUT, _SHARDS, _SCRATCH = "plan", "input", "shards", "scratch"

# Called with the number of raw rows done.
Progress = Callable[[int], None]


class Sized(Protocol):
    """What is done at a time."""

    @property
    def num_rows(self) -> int:
        """How many raw rows it holds."""
        ...


Item = TypeVar("Item", bound=Sized)


@dataclass(frozen=True)
class Shard:
    """Pieces of a corpus that are worked on together; `is_held_out`: whether the corpus has them in its `val`."""

    pieces: tuple[Piece, ...]
    is_held_out: bool = False

    @property
    def num_rows(self) -> int:
        """How many raw rows it holds."""
        return sum(piece.num_rows for piece in self.pieces)

    @property
    def description(self) -> str:
        """What messages call it."""
        first, last = str(self.pieces[0].file.path), str(self.pieces[-1].file.path)
        return first if first == last else f"{first} to {last}"


def shards_of(pieces: Iterable[Piece], *, is_held_out: bool = False) -> Iterator[Shard]:
    """Yield the shards of a corpus."""
    for shard in into_shards(pieces):
        yield Shard(shard, is_held_out)


def listing(paths: Iterable[Path], path_matcher: PathMatcher | None = None) -> Iterator[dict[str, Any]]:
    """Yield the files of a corpus with what tells whether they are the same: sizes in bytes, times in nanoseconds."""
    for file in corpus_files(list(paths), LeftOut(), path_matcher):
        found = None
        with suppress(OSError):  # one that vanishes is noted when it is read
            found = file.path.stat()
        yield {
            "path": os.fspath(file.path),
            "size": None if found is None else found.st_size,
            "changed": None if found is None else found.st_mtime_ns,
        }


def digest_of(paths: Iterable[Path], path_matcher: PathMatcher | None = None) -> str:
    """The sha256 of the names and sizes of a corpus's files, the same wherever its folder stands."""
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
    """The work whose results go to the folder `out`, which is made where needed; nobody else can open it meanwhile.

    plan: what decides on the results, plain values of JSON by name. files: a `listing`. resume: goes on with what a
    killed command left here; else that is removed. Raises `DataError` where another command works here, and where it
    is to go on with another plan or with files that have changed, which it names.
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
    """A work under way: `num_done` shards are finished."""

    def __init__(self, out: Path, is_new: bool) -> None:
        self._out, self._is_new = out, is_new
        self._folder = out / WORKING_FOLDER
        self._shards = self._folder / _SHARDS
        self.num_done = self._num_rows = 0

    def begin(self, plan: Mapping[str, Any], files: Iterable[dict[str, Any]], resume: bool) -> None:
        """Go on with the shards that are there, or with none."""
        lines = (json.dumps(file).encode() + b"\n" for file in files)
        if resume and (self._folder / _PLAN).exists():
            self._compare(plan, lines)
        else:
            self._write(plan, lines)
        remove_partial(self._shards)
        self.num_done = sum(1 for _ in self._shards.iterdir())

    def scratch(self) -> Path:
        """A new, empty folder for what is needed on the way to the results."""
        scratch = self._folder / _SCRATCH
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        return scratch

    def complete(
        self, engine: Engine, task: Task[Item, bytes], shards: Iterable[Item], progress: Progress | None = None
    ) -> None:
        """Do the shards that are not done yet, and keep what the task makes of each.

        Raises what reading the shards and the task raise; where the corpus cannot be read, nothing is kept.
        """
        sizes: deque[int] = deque()
        for content in engine.map(task, self._remaining(shards, sizes)):
            write_atomically(self._shard(self.num_done), content)
            self.num_done += 1
            self._num_rows += sizes.popleft()
            if progress is not None:
                progress(self._num_rows)

    def _remaining(self, shards: Iterable[Item], sizes: deque[int]) -> Iterator[Item]:
        """Yield the shards that are not done yet, and note the size of each."""
        with self.refusing():
            remaining = iter(shards)
            self._num_rows = sum(shard.num_rows for shard in islice(remaining, self.num_done))
            for shard in remaining:
                sizes.append(shard.num_rows)
                yield shard

    def note_vanished(self, num_rows: int, left_out: LeftOut) -> None:
        """Note the files that were listed and then gone before they were read, where rows are missing.

        num_rows: how many raw rows were counted before. Raises `DataError` where as many were not read and no file is
        missing.
        """
        if self._num_rows == num_rows:
            return
        num_gone = 0
        with self.refusing(), (self._folder / _INPUT).open("rb") as file:
            for line in file:
                path = json.loads(line)["path"]
                if not os.path.lexists(path):
                    left_out.reject(Rejection(path, "it was gone before it could be read", file=path))
                    num_gone += 1
            if not num_gone:
                raise DataError(
                    f"the corpus changed while it was read: {counted(num_rows, 'row')} were counted and "
                    f"{self._num_rows:,} read; start again when nothing writes into it"
                )

    def shards(self) -> Iterator[bytes]:
        """Yield what the task made of each shard, in order."""
        for number in range(self.num_done):
            yield self._shard(number).read_bytes()

    def _shard(self, number: int) -> Path:
        return self._shards / f"{number:09}"

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Removes all where the corpus is refused: it has to change, and then what is done is of no use."""
        try:
            yield
        except SchemaLMError:
            self.remove()
            if self._is_new:
                with suppress(OSError):  # something else is in it
                    self._out.rmdir()
            raise

    def remove(self) -> None:
        """Remove the working folder: the results are there.

        At once, for others: whoever is about to take the lock in it finds that it is gone.
        """
        gone = self._folder.with_name(partial_name(self._folder.name))
        self._folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)  # another command may be removing it as well

    def _write(self, plan: Mapping[str, Any], lines: Iterable[bytes]) -> None:
        """Remove what is there, and write the plan, last."""
        (self._folder / _PLAN).unlink(missing_ok=True)
        for name in (_SHARDS, _SCRATCH):
            if (self._folder / name).exists():
                shutil.rmtree(self._folder / name)
        self._shards.mkdir()
        path = self._folder / _INPUT
        with self.refusing(), named_errors(path), path.open("wb") as file:
            file.writelines(lines)
        write_atomically(self._folder / _PLAN, json.dumps(plan).encode())

    def _compare(self, plan: Mapping[str, Any], lines: Iterable[bytes]) -> None:
        """Raise `DataError` with the first difference to the plan and the input that the work began with."""
        begun: dict[str, Any] = json.loads((self._folder / _PLAN).read_bytes())
        for name in dict.fromkeys([*begun, *plan]):
            if begun.get(name) != (now := json.loads(json.dumps(plan.get(name)))):
                raise self._another(f"{name} was {begun.get(name)}, and is {now}")
        with (self._folder / _INPUT).open("rb") as file:
            for before, line in zip_longest(file, lines):
                if before != line:
                    raise self._another(_change(before, line))

    def _another(self, difference: str) -> DataError:
        return DataError(
            f"{self._out} cannot be resumed: {difference}; go on as it was begun, or without --resume to start anew"
        )


def _change(before: bytes | None, now: bytes | None) -> str:
    """What became of a file, by the line of each of two listings."""
    old, new = (json.loads(line)["path"] if line else None for line in (before, now))
    if old == new:
        return f"{new} has changed"
    if old is not None and (new is None or old < new):
        return f"{old} is no longer there"
    return f"{new} was not there"


def remove_work(out: Path) -> None:
    """Remove what a command left that was killed after its results were whole."""
    shutil.rmtree(out / WORKING_FOLDER, ignore_errors=True)


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold the working folder of `out`; `DataError` where another process does, or removed it just now."""
    folder = out / WORKING_FOLDER
    with _open_lock(folder) as file:
        if not (acquire_lock(file.fileno()) and is_still_at(file.fileno(), folder / LOCK_FILE)):
            raise DataError(f"another command is writing into {out}: wait for it, or end it")
        yield


def _open_lock(folder: Path) -> BinaryIO:
    """The lock's file, which is made where needed, also where a command that ends removes its folder meanwhile."""
    while True:
        if folder.is_symlink():
            raise DataError(f"{folder} is a link, and may lead elsewhere: remove it")
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return open_lock_file(folder, LOCK_FILE)
