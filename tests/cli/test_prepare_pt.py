"""`schemalm prepare --format pt`: which files it writes, and which it never overwrites."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from typer.testing import Result

Prepare = Callable[..., Result]


@pytest.fixture
def prepare(invoke, pipeline) -> Prepare:
    def run(output: Path, *options: object) -> Result:
        sizes = ("--context-size", 16, "--stride", 4, "--train-split", 0.7)
        files = ("--input", pipeline.corpus, "--output", output, "--tokenizer", pipeline.tokenizer)
        return invoke("prepare", *files, *sizes, *options)

    return run


def hashes(folder: Path) -> dict[str, str]:
    """Return the content of each file in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_windows_are_written_next_to_the_prepared_data(prepare: Prepare, pipeline, tmp_path: Path) -> None:
    result = prepare(tmp_path / "a", "--format", "pt")
    assert result.exit_code == 0, result.output
    assert f"next: schemalm train --data {tmp_path / 'a' / 'prepared'}" in result.stderr
    rows = torch.load(tmp_path / "a" / "train.pt", weights_only=True)
    described = json.loads((tmp_path / "a" / "metadata.json").read_bytes())
    assert rows.shape[1] == described["context_size"] + 1 == 17
    assert described["total_workflows"] == 12
    assert (tmp_path / "a" / "tokenizer.json").read_bytes() == pipeline.tokenizer.read_bytes()
    assert prepare(tmp_path / "b").exit_code == 0
    assert hashes(tmp_path / "a" / "prepared") == hashes(tmp_path / "b")


def test_existing_files_are_not_overwritten(prepare: Prepare, tmp_path: Path) -> None:
    assert prepare(tmp_path / "plain").exit_code == 0
    assert prepare(tmp_path / "both", "--format", "pt").exit_code == 0
    before = hashes(tmp_path)
    for name, options in [
        ("plain", ("--format", "pt")),
        ("plain", ("--format", "pt", "--resume")),
        ("both", ("--format", "pt")),
        ("both", ()),
    ]:
        result = prepare(tmp_path / name, *options)
        assert result.exit_code == 2, (name, options, result.output)
        assert "already contains a prepared data set" in result.stderr
    assert hashes(tmp_path) == before


@pytest.mark.parametrize("left", [(), ("train.pt", "val.pt", "prepared")])
def test_an_interrupted_preparation_continues(prepare: Prepare, tmp_path: Path, left: tuple[str, ...]) -> None:
    assert prepare(tmp_path, "--format", "pt").exit_code == 0
    before = hashes(tmp_path)
    for path in tmp_path.iterdir():
        if path.name not in (*left, "prepared"):
            path.unlink()
    assert prepare(tmp_path, "--format", "pt", "--resume").exit_code == 0
    assert hashes(tmp_path) == before


def test_the_folder_is_distinguished_from_prepared_data(prepare: Prepare, invoke, tmp_path: Path) -> None:
    assert prepare(tmp_path / "data", "--format", "pt").exit_code == 0
    result = invoke("train", "--data", tmp_path / "data", "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert (
        f"{tmp_path / 'data'} contains .pt files; the prepared data is in {tmp_path / 'data' / 'prepared'}"
        in result.stderr
    )
    shutil.rmtree(tmp_path / "data" / "prepared")
    assert invoke("train", "--data", tmp_path / "data", "--out", tmp_path / "run").exit_code == 2
