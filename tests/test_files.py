"""Files appear whole or not at all, and errors of the system name them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from schemalm.files import named_errors, write_atomically


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
