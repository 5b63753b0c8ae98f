"""Files that users name are read up to a size, once, without waiting forever."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from schemalm.compilation import compile_schema
from schemalm.documents import load_document
from schemalm.errors import ConfigurationError, DocumentError, SchemaError
from schemalm.files.reading import read_bounded
from schemalm.files.toml_table import read_toml

Make = Callable[[Path], object]


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(path))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


HOSTILE: dict[str, tuple[Make, str]] = {
    "pipe": (os.mkfifo, "a pipe into which nothing is written"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "socket": (bind, "a socket"),
    "loop": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "huge": (sparse, "larger than"),
}


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A path without a readable file, and the message about it."""
    make, reason = HOSTILE[request.param]
    make(tmp_path / "file.json")
    return tmp_path / "file.json", reason


def test_every_reader_refuses_other_paths_and_large_files_at_once(hostile: tuple[Path, str]) -> None:
    path, reason = hostile
    for read, error in ((load_document, DocumentError), (compile_schema, SchemaError), (read_toml, ConfigurationError)):
        with pytest.raises(error, match=reason):
            read(path)


def test_missing_folders_and_files_are_named(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "a folder, not a file"), (tmp_path / "none", "No such file")):
        with pytest.raises(OSError, match=reason) as caught:
            read_bounded(path, 10)
        assert caught.value.filename == str(path)


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert read_bounded(tmp_path / "a", 10) == b"x" * 10
    with pytest.raises(OSError, match="larger than 9 bytes"):
        read_bounded(tmp_path / "a", 9)


def test_system_files_of_unknown_size_are_read() -> None:
    assert b"Name:" in read_bounded(Path("/proc/self/status"), 1 << 16)


def test_a_pipe_with_a_writer_is_read_to_its_end_or_to_the_limit() -> None:
    reading, writing = os.pipe()
    path = Path(f"/proc/self/fd/{reading}")
    os.write(writing, b"a: 1\n" * 100)
    with pytest.raises(OSError, match="larger than 99 bytes"):
        read_bounded(path, 99)
    os.write(writing, b"b: 2\n")
    os.close(writing)
    assert read_bounded(path, 1000).endswith(b"b: 2\n")
    os.close(reading)


def test_a_pipe_with_a_silent_writer_is_refused_after_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemalm.files.reading.MAX_SILENCE_SECONDS", 0)
    reading, writing = os.pipe()
    with pytest.raises(OSError, match="nothing was written for 0 seconds"):
        read_bounded(Path(f"/proc/self/fd/{reading}"), 10)
    os.close(reading)
    os.close(writing)


def test_a_toml_key_has_a_bounded_number_of_parts(tmp_path: Path) -> None:
    (tmp_path / "deep.toml").write_text("a." * 1000 + "b = 1")
    with pytest.raises(ConfigurationError, match="more than 64 parts"):
        read_toml(tmp_path / "deep.toml")
