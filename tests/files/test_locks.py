"""Locks exclude others exactly as long as they are held."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import filelock
import pytest

from schemalm.dataset.shards import _locked
from schemalm.errors import CheckpointError, DataError
from schemalm.files.locks import (
    acquire_lock,
    acquire_lock_if_possible,
    is_still_at,
    locked_file,
    locked_folder,
    open_lock_file,
)
from schemalm.training.run import run_lock

HOLDS = """
import sys, time
from pathlib import Path
from schemalm.files.locks import acquire_lock, open_lock_file
with open_lock_file(Path(sys.argv[1]), ".lock") as file:
    print(acquire_lock(file.fileno()), flush=True)
    time.sleep(60)
"""


def test_a_lock_waits_for_its_holder(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with locked_file(tmp_path / "folder" / ".lock"):
            order.append("second")

    with locked_file(tmp_path / "folder" / ".lock"):
        other = threading.Thread(target=second)
        other.start()
        other.join(timeout=0.1)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_commands_write_files_that_belong_together_in_turn(tmp_path: Path) -> None:
    order: list[str] = []

    def write() -> None:
        with locked_folder(tmp_path / "out"):
            order.append("second")

    thread = threading.Thread(target=write)
    with locked_folder(tmp_path / "out"):
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_a_second_lock_is_refused_until_the_first_is_closed(tmp_path: Path) -> None:
    with open_lock_file(tmp_path, ".lock") as first, open_lock_file(tmp_path, ".lock") as second:
        assert acquire_lock(first.fileno())
        assert not acquire_lock(second.fileno())
        first.close()
        assert acquire_lock(second.fileno())


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        with open_lock_file(tmp_path, ".lock") as file:
            assert not acquire_lock(file.fileno())
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert acquire_lock(file.fileno())
    finally:
        process.kill()
        process.communicate()


def test_the_content_of_a_lock_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("kept")
    with open_lock_file(tmp_path, ".lock") as file:
        assert acquire_lock(file.fileno())
    assert (tmp_path / ".lock").read_text() == "kept"


def test_no_link_is_followed_and_no_pipe_waited_for(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a link"):
        open_lock_file(tmp_path, "link")
    with pytest.raises(OSError, match="it is not a regular file"):
        open_lock_file(tmp_path, "pipe")
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without locks."""

    def refuse(*_: Any, **__: Any) -> bool:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(filelock, "lock_descriptor", refuse)


@pytest.mark.usefixtures("no_locks")
def test_a_lock_that_protects_a_file_needs_a_file_system_with_locks(tmp_path: Path) -> None:
    with open_lock_file(tmp_path, ".lock") as file, pytest.raises(OSError, match="no locks"):
        acquire_lock(file.fileno())
    with pytest.raises(OSError, match="no locks"), locked_file(tmp_path / ".lock"):
        pass


@pytest.mark.usefixtures("no_locks")
def test_training_and_preparing_refuse_a_folder_that_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"lock cannot be locked: no locks"), run_lock(tmp_path / "run"):
        pass
    with pytest.raises(DataError, match=r"lock cannot be locked: no locks"), _locked(tmp_path / "data"):
        pass


@pytest.mark.usefixtures("no_locks")
def test_a_folder_is_written_without_locks_if_there_are_none(tmp_path: Path) -> None:
    with locked_folder(tmp_path), open_lock_file(tmp_path, ".lock") as file:
        assert acquire_lock_if_possible(file.fileno())


def test_a_file_removed_or_replaced_under_a_lock_is_detected(tmp_path: Path) -> None:
    path = tmp_path / ".lock"
    with open_lock_file(tmp_path, ".lock") as file:
        assert is_still_at(file.fileno(), path)
        path.unlink()
        assert not is_still_at(file.fileno(), path)
        path.touch()
        assert not is_still_at(file.fileno(), path)
