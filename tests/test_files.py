"""Files appear whole or not at all, errors name them, and what cannot be written is found before the work."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from schemalm.errors import ConfigurationError
from schemalm.files import check_writable, named_errors, write_atomically


def run_full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_with_the_path_and_leaves_the_old_content(
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
def test_what_is_or_can_be_made_is_writable_and_nothing_stays(place: Path, name: str) -> None:
    before = everything_in(place)
    check_writable(place / name, "report.html", "plots/loss.svg")
    assert everything_in(place) == before


@pytest.mark.parametrize("name", ["file", "file/below", "file/far/below", "dangling", "dangling/below", "loop/below"])
def test_what_no_folder_can_be_is_named(place: Path, name: str) -> None:
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


def test_a_relative_folder_is_made_where_the_process_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    check_writable(Path("new/below"))
    with pytest.raises(ConfigurationError, match=r"^file/below cannot be written: file: Not a directory"):
        check_writable(Path("file/below"))


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_what_the_disk_refuses_is_found_by_trying(place: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
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
