"""Small programs that stand for judges, so that no judge has to be installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PYTHON = sys.executable  # tests replace it


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str, str], Path]:
    """Return a function that writes a Python script as a program, and returns its path."""

    def write(name: str, body: str) -> Path:
        path = tmp_path / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{PYTHON}\nimport os, pathlib, sys\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def judges_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the place of all judges."""
    folder = tmp_path / "judges"
    monkeypatch.setenv("SCHEMALM_JUDGES", str(folder))
    return folder
