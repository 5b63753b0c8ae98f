"""`schemalm runs` lists runs and their differences from their parents."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def folder(invoke, pipeline, tmp_path: Path) -> Path:
    """A run, another run with the first as its parent, and a run that has logged nothing."""
    runs = tmp_path / "runs"
    shutil.copytree(pipeline.run, runs / "base")
    child = ("train", "--data", pipeline.data, "--out", runs / "child", "--steps", 1, "--batch-size", 2, "--seed", 5)
    assert invoke(*child, "--samples", 0, "--parent", runs / "base").exit_code == 0
    shutil.copytree(pipeline.run, runs / "begun", ignore=shutil.ignore_patterns("metrics.jsonl", "checkpoints"))
    return runs


def test_runs_are_listed_with_what_changed(invoke, folder: Path) -> None:
    result = invoke("runs", folder)
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "2 of 2" in lines["base"]
    assert "0 of 2" in lines["begun"]
    assert "child against" in result.stdout
    assert "num_steps 1 (was 2), seed 5 (was 0)" in result.stdout
    assert result.stderr.splitlines()[-1].startswith("next: schemalm compare ")


def test_runs_in_json(invoke, folder: Path) -> None:
    result = invoke("runs", folder / "base", folder / "child", "--json")
    report = json.loads(result.stdout)
    assert report["problems"] == []
    base, child = report["runs"]
    assert (base["name"], base["parent"], base["changed"]) == ("base", None, None)
    assert base["bits_per_byte"] > 0
    assert base["best_step"] == 2
    assert child["changed"] == {"num_steps": {"parent": 2, "run": 1}, "seed": {"parent": 0, "run": 5}}


def test_a_missing_parent_is_reported(invoke, folder: Path) -> None:
    shutil.rmtree(folder / "base")
    result = invoke("runs", folder)
    assert result.exit_code == 0
    assert "the parent cannot be read" in result.stdout


def test_damaged_runs_are_named_and_the_others_listed(invoke, folder: Path) -> None:
    (folder / "base" / "metrics.jsonl").write_text('{"kind": "train", "step": "two", "loss": 1}\n')
    result = invoke("runs", folder)
    assert result.exit_code == 1
    assert "base/metrics.jsonl is damaged" in result.stderr
    assert "child" in result.stdout


def test_only_damaged_runs_are_not_a_bug_of_the_program(invoke, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    result = invoke("runs", tmp_path)
    assert result.exit_code == 1
    assert "config.json is damaged" in result.stderr
    assert "Traceback" not in result.output


def test_folders_without_runs_are_refused(invoke, tmp_path: Path) -> None:
    result = invoke("runs", tmp_path)
    assert result.exit_code == 2
    assert "contains no run" in result.stderr
    assert invoke("runs", tmp_path / "none").exit_code == 2
    assert invoke("runs").exit_code == 2
