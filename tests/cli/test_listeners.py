"""The listeners of `schemalm train` besides its progress."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest


def command(pipeline, run: Path, *options: object) -> tuple[object, ...]:
    return ("train", "--data", pipeline.data, "--out", run, "--steps", 2, "--batch-size", 2, *options)


@pytest.mark.slow
def test_each_checkpoint_has_samples_by_default(invoke, pipeline, tmp_path: Path) -> None:
    result = invoke(*command(pipeline, tmp_path / "run"))
    assert "step 2: 4 of 4 samples valid: " in result.stderr
    verdicts = json.loads((tmp_path / "run" / "samples" / "000002" / "verdicts.json").read_bytes())
    assert len(verdicts["samples"]) == 4
    result = invoke(*command(pipeline, tmp_path / "without", "--samples", 0))
    assert result.exit_code == 0
    assert not (tmp_path / "without" / "samples").exists()


@pytest.mark.slow
def test_the_parent_is_recorded_and_does_not_hinder_resuming(invoke, pipeline, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert invoke(*command(pipeline, run, "--samples", 0, "--parent", pipeline.run)).exit_code == 0
    recorded = json.loads((run / "config.json").read_bytes())["parent"]
    assert (run / recorded).resolve() == pipeline.run.resolve()
    assert invoke(*command(pipeline, run, "--samples", 0, "--resume", "auto")).exit_code == 0


def test_a_parent_that_is_no_run_is_refused(invoke, pipeline, tmp_path: Path) -> None:
    result = invoke(*command(pipeline, tmp_path / "run", "--parent", pipeline.corpus))
    assert result.exit_code == 2
    assert "not a run folder" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_missing_tracker_ends_before_anything_is_written(
    invoke, pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)  # as if it were not installed
    result = invoke(*command(pipeline, tmp_path / "run", "--track", "wandb"))
    assert result.exit_code == 2
    assert "pip install 'schemalm[wandb]'" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_tracker_that_fails_does_not_end_the_run(
    invoke, pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda _: object())
    result = invoke(*command(pipeline, tmp_path / "run", "--samples", 0, "--track", "wandb"))
    assert result.exit_code == 0, result.output
    assert "WandbTracker failed and gets no further events" in result.stderr
