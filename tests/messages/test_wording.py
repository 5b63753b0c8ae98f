"""Small parts of the sentences in messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.dataset.store import METADATA_FILE, read_metadata
from schemalm.documents import load_document
from schemalm.errors import SchemaLMError
from schemalm.generation import load_run
from schemalm.messages.wording import counted, reason_of
from schemalm.training.run import CONFIG_FILE


def test_one_is_counted_without_an_s() -> None:
    assert (counted(1, "step"), counted(2000, "step")) == ("1 step", "2,000 steps")


def test_system_errors_are_worded_without_number_and_path() -> None:
    assert reason_of(PermissionError(13, "Permission denied", "secret")) == "Permission denied"
    assert reason_of(ValueError("no digit")) == "no digit"


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda folder: load_document(folder / "x.yml"), "x.yml"),
        (load_run, CONFIG_FILE),
        (read_metadata, METADATA_FILE),
    ],
)
def test_an_unreadable_file_is_explained_and_not_called_damaged(
    read, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).write_text("{}")

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SchemaLMError, match=r"Permission denied$") as caught:
        read(tmp_path)
    assert "Errno" not in str(caught.value)
    assert "is damaged" not in str(caught.value)
