"""Finished shards are kept, used by a command with the same plan, and removed if the corpus changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemalm.dataset.shards import WORKING_FOLDER, Shard, Work, listing, open_work, shards_of
from schemalm.documents import LeftOut
from schemalm.documents.pieces import read_pieces
from schemalm.engines import open_engine
from schemalm.errors import ConfigurationError, DataError

PLAN = {"stride": 4, "tokenizer": "abc"}


@dataclass(frozen=True)
class Part:
    """Some rows, identified by the first."""

    number: int
    num_rows: int = 10


@dataclass(frozen=True)
class Name:
    """The task: return the number of a part; kill the worker at one of them."""

    done: list[int]
    fatal: int | None = None

    def start(self) -> Callable[[Part], bytes]:
        return self._name

    def _name(self, part: Part) -> bytes:
        if part.number == self.fatal:
            raise KeyboardInterrupt
        self.done.append(part.number)
        return str(part.number).encode()


def complete(work: Work, task: Name, num_parts: int = 4, progress: Callable[[int], None] | None = None) -> None:
    with open_engine("local", workers=1) as engine:
        work.complete(engine, task, map(Part, range(num_parts)), progress)


def interrupt(out: Path, fatal: int = 2) -> None:
    """A command that is killed at a shard."""
    with pytest.raises(KeyboardInterrupt), open_work(out, PLAN) as work:
        complete(work, Name([], fatal))


def test_shards_are_kept_in_order_until_the_work_is_removed(tmp_path: Path) -> None:
    seen: list[int] = []
    with open_work(tmp_path / "out", PLAN) as work:
        complete(work, Name([]), progress=seen.append)
        assert list(work.shards()) == [b"0", b"1", b"2", b"3"]
        work.remove()
    assert seen == [10, 20, 30, 40]
    assert list((tmp_path / "out").iterdir()) == []


def test_killed_work_continues_at_the_last_finished_shard(tmp_path: Path) -> None:
    interrupt(tmp_path)
    (tmp_path / WORKING_FOLDER / "shards" / ".000000002.77.partial").write_bytes(b"half")
    (tmp_path / ".tokenizer.json.77.partial").write_bytes(b"half")
    seen: list[int] = []
    with open_work(tmp_path, PLAN, resume=True) as work:
        complete(work, task := Name([]), progress=seen.append)
        assert list(work.shards()) == [b"0", b"1", b"2", b"3"]
    assert (task.done, seen) == ([2, 3], [30, 40])
    assert not list(tmp_path.rglob("*.partial"))


def test_without_resume_work_starts_again(tmp_path: Path) -> None:
    interrupt(tmp_path)
    with open_work(tmp_path, {"stride": 5}) as work:
        complete(work, task := Name([]), 1)
        assert list(work.shards()) == [b"0"]
    assert task.done == [0]


def test_resuming_work_that_was_not_started_starts_it(tmp_path: Path) -> None:
    with open_work(tmp_path / "new", PLAN, resume=True) as work:
        assert work.num_done == 0


def test_another_plan_is_refused_with_the_difference(tmp_path: Path) -> None:
    interrupt(tmp_path)
    with (
        pytest.raises(DataError, match=r"cannot be resumed: stride was 4, and is now 5; .*without --resume"),
        open_work(tmp_path, {**PLAN, "stride": 5}, resume=True),
    ):
        pass
    with open_work(tmp_path, PLAN, resume=True) as work:
        assert work.num_done == 2


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda folder: (folder / "b.yml").write_text("b: changed"), r"b\.yml has changed"),
        (lambda folder: (folder / "b.yml").unlink(), r"b\.yml has been removed"),
        (lambda folder: (folder / "c.yml").unlink(), r"c\.yml has been removed"),
        (lambda folder: (folder / "a2.yml").write_text("a: 2"), r"a2\.yml has been added"),
        (lambda folder: (folder / "d.yml").write_text("d: 1"), r"d\.yml has been added"),
    ],
)
def test_files_that_have_changed_are_named(tmp_path: Path, change: Callable[[Path], Any], difference: str) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.yml").write_text(f"{name}: 1")
    with open_work(tmp_path / "out", PLAN, listing([folder])):
        pass
    with open_work(tmp_path / "out", PLAN, listing([folder]), resume=True):
        pass
    change(folder)
    with (
        pytest.raises(DataError, match=difference),
        open_work(tmp_path / "out", PLAN, listing([folder]), resume=True),
    ):
        pass


def test_two_commands_cannot_write_into_one_folder(tmp_path: Path) -> None:
    with (
        open_work(tmp_path, PLAN),
        pytest.raises(DataError, match="another command is writing into"),
        open_work(tmp_path, PLAN, resume=True),
    ):
        pass
    with open_work(tmp_path, PLAN, resume=True):
        pass


def test_a_file_cannot_be_the_output(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(ConfigurationError, match="is a file"), open_work(tmp_path / "out", PLAN):
        pass


def test_a_corpus_that_cannot_be_read_leaves_nothing(tmp_path: Path) -> None:
    def parts() -> Iterator[Part]:
        yield Part(0)
        raise DataError("cut off")

    with (
        open_engine("local", workers=1) as engine,
        pytest.raises(DataError, match="cut off"),
        open_work(tmp_path / "out", PLAN) as work,
    ):
        work.complete(engine, Name([]), parts())
    assert not (tmp_path / "out").exists()


def test_shards_name_their_files(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("a: 1")
    (shard,) = shards_of(read_pieces([tmp_path], LeftOut()), is_held_out=True)
    assert (shard.num_rows, shard.is_held_out) == (2, True)
    assert shard.description == f"{tmp_path / 'a.yml'} to {tmp_path / 'b.yml'}"
    assert Shard(shard.pieces[:1]).description == str(tmp_path / "a.yml")


def test_files_that_disappear_before_they_are_read_are_rejected_by_name(tmp_path: Path) -> None:
    gone = tmp_path / "gone.yml"
    left_out = LeftOut()
    with open_work(tmp_path / "out", PLAN, [{"path": str(tmp_path)}, {"path": str(gone)}]) as work:
        complete(work, Name([]), 3)
        work.note_vanished(30, left_out)
        assert not left_out.num_rejected
        work.note_vanished(40, left_out)
    assert [rejection.file for rejection in left_out.rejections] == [str(gone)]


def test_rows_that_are_missing_without_a_file_are_an_error(tmp_path: Path) -> None:
    with open_work(tmp_path / "out", PLAN, [{"path": str(tmp_path)}]) as work:
        complete(work, Name([]), 3)
        with pytest.raises(DataError, match=r"changed while it was read: 40 rows were counted and 30 read"):
            work.note_vanished(40, LeftOut())
    assert not (tmp_path / "out").exists()
