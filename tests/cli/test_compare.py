"""`schemalm compare` shows runs side by side and writes their curves."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def trained(invoke, pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("trained") / "other"
    command = ("train", "--data", pipeline.data, "--out", run, "--steps", 2, "--batch-size", 2, "--seed", 1)
    assert invoke(*command, "--samples", 0).exit_code == 0
    return run


@pytest.fixture
def other(trained: Path, tmp_path: Path) -> Path:
    """A run of the same data with another seed."""
    return shutil.copytree(trained, tmp_path / "other")


def test_runs_are_shown_side_by_side(invoke, pipeline, other: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("compare", pipeline.run, other, pipeline.run, "--out", out)
    assert result.exit_code == 0, result.output
    rows = {line.split("  ")[0]: line.split() for line in result.stdout.splitlines()}
    assert rows["seed"] == ["seed", "0", "1"]
    assert rows["steps"] == ["steps", "2", "of", "2", "2", "of", "2"]
    assert "note:" not in result.stdout
    assert f"curves: {out / 'comparison.html'}" in result.stdout
    assert (out / "plots" / "bits-per-byte-over-tokens.svg").exists()
    assert "next: schemalm evaluate " in result.stderr


def test_compare_in_json(invoke, pipeline, other: Path, tmp_path: Path) -> None:
    result = invoke("compare", pipeline.run, other, "--out", tmp_path / "out", "--json")
    report = json.loads(result.stdout)
    assert [run["name"] for run in report["runs"]] == ["run", "other"]
    assert report["settings"] == {"seed": {"run": 0, "other": 1}}
    assert report["reservations"] == []
    assert Path(report["page"]).exists()
    assert report["warnings"] == []


def test_runs_of_other_data_are_reported_as_not_comparable(invoke, pipeline, other: Path, tmp_path: Path) -> None:
    config = json.loads((other / "config.json").read_bytes())
    config["data"]["num_validation_bytes"] += 1
    (other / "config.json").write_text(json.dumps(config))
    result = invoke("compare", pipeline.run, other, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "note: These runs were not validated on the same documents" in result.stdout


def test_a_run_without_metrics_is_shown(invoke, pipeline, other: Path, tmp_path: Path) -> None:
    (other / "metrics.jsonl").unlink()
    result = invoke("compare", pipeline.run, other, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert "Nothing has been logged yet by other." in result.stdout


def test_something_that_is_not_a_run_is_refused(invoke, pipeline, other: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for run in (empty, tmp_path / "nowhere", pipeline.data, pipeline.schema):
        result = invoke("compare", pipeline.run, run, "--out", tmp_path / "out")
        assert result.exit_code == 2, result.output
        assert "Traceback" not in result.output
        assert str(run) in result.stderr
    (other / "metrics.jsonl").write_text("nonsense\n")
    assert "is damaged" in invoke("compare", other, "--out", tmp_path / "out").stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_not_written_to(invoke, pipeline, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(pipeline.run, run)
    result = invoke("compare", pipeline.run, "--out", run)
    assert result.exit_code == 2
    assert "choose another folder with --out" in result.stderr
