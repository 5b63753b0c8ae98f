"""config.json records where a run comes from, which has no effect."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from schemalm.dataset.store import read_metadata
from schemalm.errors import CheckpointError
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.progress import Progress
from schemalm.training.run import describe_run, open_run, read_config

CONFIGURATION = TrainingConfiguration(num_steps=2)


class Messages(Progress):
    """Records messages."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def message(self, text: str) -> None:
        self.told.append(text)


def describe(data: Path, out: Path, parent: Path | None = None) -> dict[str, Any]:
    return describe_run(data, read_metadata(data), CONFIGURATION, out, parent)


def start(data: Path, out: Path, parent: Path | None = None) -> list[str]:
    out.mkdir(parents=True, exist_ok=True)
    messages = Messages()
    resume = "auto" if any(out.iterdir()) else None
    open_run(out, describe(data, out, parent), data, resume, messages)
    return messages.told


def test_a_parent_is_recorded_as_a_relative_path(data: Path, tmp_path: Path) -> None:
    start(data, tmp_path / "runs" / "base")
    start(data, tmp_path / "runs" / "new" / "child", tmp_path / "runs" / "base")
    assert read_config(tmp_path / "runs" / "new" / "child")["parent"] == "../../base"
    assert read_config(tmp_path / "runs" / "base")["parent"] is None


def test_a_parent_that_is_not_a_run_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a run folder"):
        describe(data, tmp_path / "child", tmp_path)


def test_a_run_resumed_with_another_parent_keeps_its_own(data: Path, tmp_path: Path) -> None:
    base, other, child = (tmp_path / name for name in ("base", "other", "child"))
    start(data, base)
    start(data, other)
    start(data, child, base)
    assert start(data, child) == start(data, child, base) == []
    assert start(data, child, other) == ["the parent recorded at the start is kept: ../base"]
    assert start(data, base, other) == ["the parent recorded at the start is kept: none"]
    assert read_config(child)["parent"] == "../base"


def test_the_start_and_the_validation_documents_are_recorded(data: Path, tmp_path: Path) -> None:
    described, split = describe(data, tmp_path / "run"), read_metadata(data).splits["val"]
    assert datetime.fromisoformat(described["environment"]["started"]).tzinfo is not None
    assert described["data"]["num_validation_documents"] == split.num_documents
    assert described["data"]["num_validation_bytes"] == split.num_bytes
