"""`schemalm prepare --analyze`: a table, files if a folder is given, and no prepared data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_a_table_and_a_recommendation_are_shown_and_nothing_is_written(invoke, pipeline) -> None:
    result = invoke("prepare", "--input", pipeline.corpus, "--tokenizer", pipeline.tokenizer, "--analyze")
    assert result.exit_code == 0
    assert "512 tokens: " in result.stdout
    assert "recommended: --context-size 512 --stride 128" in result.stdout
    assert sum(line.startswith(("512 ", "1024 ", "2048 ")) for line in result.stdout.splitlines()) == 24
    assert "--context-size 512 --stride 128" in result.stderr


@pytest.mark.slow
def test_files_are_written_if_a_folder_is_given(invoke, pipeline, tmp_path: Path) -> None:
    asked = ("--input", pipeline.corpus, "--tokenizer", pipeline.tokenizer, "--output", tmp_path / "data")
    shown = json.loads(invoke("prepare", *asked, "--analyze", "--json").stdout)
    assert sorted(file.name for file in (tmp_path / "data").iterdir()) == ["analysis.json", "analysis.png"]
    written = json.loads((tmp_path / "data" / "analysis.json").read_text())
    assert written["choices"] == shown["choices"]
    assert written["recommended"]["context_size"] == 512
    sizes = ("--context-size", 512, "--stride", 128)
    prepared = json.loads(invoke("prepare", *asked, *sizes, "--json").stdout)
    choice = next(row for row in shown["choices"] if (row["context_size"], row["stride"]) == (512, 128))
    assert choice["num_windows"] == sum(split["num_windows"] for split in prepared["splits"].values())


def test_without_a_folder_preparing_is_refused(invoke, pipeline) -> None:
    result = invoke("prepare", "--input", pipeline.corpus, "--tokenizer", pipeline.tokenizer)
    assert result.exit_code == 2
    assert "--output" in result.stderr
