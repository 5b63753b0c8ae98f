"""Files appear whole or not at all, errors name them, and unwritable ones are found before the work."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from schemalm.errors import ConfigurationError
from schemalm.files.writing import (
    check_kind,
    check_writable,
    filled_atomically,
    has_content,
    named_errors,
    partial_name,
    remove_partial,
    write_atomically,
)


def run_full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_reported_with_the_path_and_the_old_content_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "figures.json"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", run_full)
    with pytest.raises(OSError, match="No space left") as caught:
        write_atomically(path, b"new")
    assert caught.value.filename == str(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["figures.json"]


def test_an_error_that_names_a_file_keeps_it(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(FileNotFoundError) as caught, named_errors(tmp_path / "other"):
        missing.read_bytes()
    assert caught.value.filename == str(missing)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("content")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to("folder")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("name", ["folder", "link", "new", "new/below/it", "folder/new"])
def test_existing_and_possible_folders_are_writable_and_nothing_remains(place: Path, name: str) -> None:
    before = everything_in(place)
    check_writable(place / name, "report.html", "plots/loss.svg")
    assert everything_in(place) == before


@pytest.mark.parametrize("name", ["file", "file/below", "file/far/below", "dangling", "dangling/below", "loop/below"])
def test_a_path_that_cannot_be_a_folder_is_named(place: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_writable(place / name, advice="choose another folder with --out")
    assert str(caught.value).startswith(f"{place / name} cannot be written: ")
    assert str(caught.value).endswith("; choose another folder with --out")


def test_a_name_that_is_too_long_is_refused(place: Path) -> None:
    with pytest.raises(ConfigurationError, match="File name too long"):
        check_writable(place / ("long" * 100))


@pytest.mark.parametrize(("name", "named"), [("folder", "folder"), ("pipe", "pipe"), ("file/below", "file")])
def test_a_file_that_cannot_be_written_is_named(place: Path, name: str, named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{place / named}: "):
        check_writable(place, name)
    check_writable(place, "file")  # it is replaced


def test_a_relative_folder_is_made_in_the_current_folder(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    check_writable(Path("new/below"))
    with pytest.raises(ConfigurationError, match=r"^file/below cannot be written: file: Not a directory"):
        check_writable(Path("file/below"))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_a_read_only_or_full_disk_is_found_by_trying(place: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    asked: list[object] = []

    def refuse(*, dir: object, **_: Any) -> None:
        asked.append(dir)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(ConfigurationError, match=f"new cannot be written: {place}: {os.strerror(number)}"):
        check_writable(place / "new")
    assert asked == [place]


def test_a_full_disk_is_found_although_files_can_be_made(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Path("/dev/full").open("wb"))  # noqa: SIM115
    with pytest.raises(ConfigurationError, match="No space left on device"):
        check_writable(place)


FILLS = """
import os, sys
from pathlib import Path
from schemalm.files.writing import filled_atomically, write_atomically
with filled_atomically(Path(sys.argv[1])) as folder:
    for number in range(40):
        write_atomically(folder / f"{number}", b"x" * 5000)
        print(number, flush=True)
"""


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("is_there", [False, True])
def test_a_killed_command_leaves_its_folder_complete_or_absent(tmp_path: Path, is_there: bool) -> None:
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
    for moment in (0, 7, 38):
        command = subprocess.Popen([sys.executable, "-c", FILLS, str(out)], stdout=subprocess.PIPE, text=True)
        assert command.stdout is not None
        while int(command.stdout.readline() or 40) < moment:
            pass
        command.send_signal(signal.SIGKILL)
        command.wait()
        command.stdout.close()
        assert not has_content(out)
    with filled_atomically(out) as folder:
        write_atomically(folder / "a", b"whole")
    assert names_in(tmp_path) == ["out"]
    assert names_in(out) == ["a"]


@pytest.mark.parametrize("is_there", [False, True])
def test_a_second_command_that_fills_the_same_folder_is_refused(tmp_path: Path, is_there: bool) -> None:
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
    with filled_atomically(out) as folder:
        (folder / "first").write_text("1")
        with pytest.raises(ConfigurationError, match="another command is writing into"), filled_atomically(out):
            pass
        assert names_in(folder) == ["first"]
    assert names_in(out) == ["first"]
    with pytest.raises(ConfigurationError, match="is not empty; choose another folder"), filled_atomically(out):
        pass
    assert (names_in(tmp_path), names_in(out)) == (["out"], ["first"])


def test_an_error_while_a_folder_is_filled_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", run_full)
    with pytest.raises(OSError, match="No space left"), filled_atomically(tmp_path / "out") as folder:
        write_atomically(folder / "a", b"content")
    assert not names_in(tmp_path)


def test_a_link_instead_of_the_hidden_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").write_text("dear")
    (tmp_path / ".out.partial").symlink_to("mine")
    with pytest.raises(OSError, match=r"."), filled_atomically(tmp_path / "out"):
        pass
    assert (tmp_path / "mine" / "letter").read_text() == "dear"


def test_only_remains_of_killed_commands_are_removed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in (".report.html.123.partial", partial_name("report.html")):
        (folder / name).write_text("half")
    (folder / partial_name("prepared")).mkdir()
    kept = ["notes.partial", ".notes.partial", "report.html", partial_name("link")]
    for name in kept[:-1]:
        (folder / name).write_text("mine")
    (folder / kept[-1]).symlink_to(outside)
    os.mkfifo(folder / partial_name("pipe"))
    check_writable(folder, "report.html")
    assert set(names_in(folder)) == set(kept)
    assert outside.read_text() == "mine"


def test_a_file_that_another_command_is_writing_stays(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def write() -> None:
        from schemalm.files.writing import opened_atomically  # noqa: PLC0415

        with opened_atomically(tmp_path / "file") as file:
            file.write(b"content")
            begun.set()
            go_on.wait()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    begun.wait()
    remove_partial(tmp_path)
    write_atomically(tmp_path / "file", b"another's")
    go_on.set()
    thread.join()
    assert (tmp_path / "file").read_bytes() == b"content"
    assert names_in(tmp_path) == ["file"]


def test_an_existing_link_with_a_partial_name_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemalm.files.writing.partial_name", lambda name: f".{name}.1.partial")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / ".file.1.partial").symlink_to("mine")
    with pytest.raises(FileExistsError):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_linked_folder_for_plots_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "plots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="plots: it is a link"):
        check_writable(tmp_path / "run", "report.html", "plots/loss.svg")


def test_a_file_of_another_kind_is_not_overwritten(tmp_path: Path) -> None:
    page = re.compile(b"<!doctype")
    file = tmp_path / "page.html"
    for content in (None, b"", b"<!doctype html><p>old"):
        if content is not None:
            file.write_bytes(content)
        check_kind(file, "a page", page, "choose another file")
    file.write_bytes(b"kind: alpha\n")
    with pytest.raises(ConfigurationError, match="is not a page: it is not overwritten; choose another file"):
        check_kind(file, "a page", page, "choose another file")
