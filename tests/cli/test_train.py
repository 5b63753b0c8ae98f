"""Resumed runs, and runs from the weights of another run, take over the settings that are not given."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from schemalm.cli.terminal import command_line
from schemalm.training import loop


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip measuring the speed of the device, which takes longer than these runs."""
    monkeypatch.setattr(loop, "matmul_peak", lambda *_: 1e9)


@pytest.fixture
def run(pipeline, tmp_path: Path) -> Path:
    """A run of two steps of two windows each."""
    return Path(shutil.copytree(pipeline.run, tmp_path / "run"))


def config(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "config.json").read_text()))


@pytest.mark.slow
def test_a_resumed_run_needs_no_option_again_and_gets_more_steps(invoke, pipeline, run: Path) -> None:
    before = config(run)
    result = invoke("train", "--out", run, "--resume", "auto", "--steps", 3, "--samples", 0)
    assert result.exit_code == 0, result.stderr
    assert config(run)["training"] == {**before["training"], "num_steps": 3}
    assert config(run)["lengths"] == [{"after_step": 0, "num_steps": 2}, {"after_step": 2, "num_steps": 3}]
    assert "after step 2, learning rates are those of a run of 3 steps" in result.stderr


def test_fewer_steps_than_are_done_are_refused(invoke, run: Path) -> None:
    result = invoke("train", "--out", run, "--resume", "auto", "--steps", 1)
    assert result.exit_code == 2
    assert "has already done 2 steps, more than the 1 requested" in result.stderr


@pytest.mark.slow
def test_intervals_are_options_and_may_change(invoke, pipeline, tmp_path: Path) -> None:
    run, data = tmp_path / "new", ("--data", pipeline.data, "--batch-size", 2, "--samples", 0)
    intervals = ("--log-every", 1, "--evaluate-every", 2, "--checkpoint-every", 1, "--keep-checkpoints", 1)
    assert invoke("train", *data, "--out", run, "--steps", 3, *intervals).exit_code == 0
    names = ("log_every", "evaluate_every", "checkpoint_every", "keep_checkpoints")
    assert [config(run)["training"][name] for name in names] == [1, 2, 1, 1]
    assert {path.name for path in (run / "checkpoints").iterdir()} <= {"000002", "000003"}
    again = invoke("train", *data, "--out", run, "--steps", 3, "--resume", "auto", "--log-every", 7)
    assert again.exit_code == 0, again.stderr
    assert [config(run)["training"][name] for name in names] == [7, 2, 1, 1]


@pytest.mark.slow
def test_a_new_run_begins_with_the_weights_and_the_model_of_another(invoke, pipeline, tmp_path: Path) -> None:
    base, run = tmp_path / "base", tmp_path / "run"
    options = ("--data", pipeline.data, "--batch-size", 2, "--steps", 1, "--samples", 0)
    assert invoke("train", *options, "--no-echo", "--no-boosts", "--no-recall", "--out", base).exit_code == 0
    result = invoke("train", *options, "--from", base, "--out", run)
    assert result.exit_code == 0, result.stderr
    assert config(run)["model"] == config(base)["model"]
    assert (config(run)["from"]["run"], config(run)["from"]["step"], config(run)["parent"]) == ("../base", 1, "../base")
    refused = invoke("train", *options, "--from", base, "--out", tmp_path / "other", "--echo")
    assert refused.exit_code == 2
    assert "do not fit this run: model.num_echoes was 0, now" in refused.stderr


def test_the_data_is_required_if_nothing_determines_it(invoke, run: Path, tmp_path: Path) -> None:
    assert "is required: name the prepared data folder" in invoke("train", "--out", tmp_path / "new").stderr
    content = config(run)
    content["environment"]["data"] = str(tmp_path / "gone")
    (run / "config.json").write_text(json.dumps(content))
    result = invoke("train", "--out", run, "--resume", "auto")
    assert result.exit_code == 2
    assert f"no longer at {tmp_path / 'gone'}: give its folder (--data DIR)" in " ".join(result.stderr.split())


def test_other_data_than_the_resumed_runs_own_is_refused_with_what_differs(
    invoke, pipeline, run: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(pipeline.data, tmp_path / "other"))
    metadata = json.loads((other / "metadata.json").read_bytes())
    (other / "metadata.json").write_text(json.dumps({**metadata, "stride": metadata["stride"] + 1}))
    for option in ("--json", "--dry-run"):
        result = invoke("train", "--out", run, "--resume", "auto", "--data", other, option)
        assert result.exit_code == 2
        told = f"{other} is not the data that the run was trained on: its stride is {metadata['stride'] + 1}, the run's"
        assert told in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("price", [("--price", "2"), ("--price=2",), ()])
def test_a_dry_run_suggests_the_same_command_without_dry_run(invoke, pipeline, price: tuple[str, ...]) -> None:
    given = ("train", "--data", pipeline.data, "--steps", "3", "--seed", "7")
    result = invoke(*given, "--dry-run", *price)
    assert result.stderr.splitlines()[-1] == f"next: {command_line(*given, '--out', 'RUN')}"
    result = invoke(*given, *price, "--dry-run", "--out", "somewhere")
    assert result.stderr.splitlines()[-1] == f"next: {command_line(*given, '--out', 'somewhere')}"


def test_a_folder_of_something_else_is_not_to_be_resumed(invoke, pipeline, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = invoke("train", "--data", pipeline.data, "--out", tmp_path, "--steps", "1")
    assert result.exit_code == 2
    assert "not a run folder" in result.stderr
    assert "--resume" not in result.stderr
    assert "for 1 step;" in result.stderr


def test_a_run_without_a_checkpoint_says_how_to_get_one(invoke, run: Path) -> None:
    shutil.rmtree(run / "checkpoints")
    result = invoke("generate", run)
    assert result.exit_code == 2
    assert f"schemalm train --out {run} --resume auto" in result.stderr


@pytest.mark.slow
def test_packing_is_chosen_and_counted(invoke, pipeline, tmp_path: Path) -> None:
    given = ("train", "--data", pipeline.data, "--steps", "2", "--batch-size", "2", "--json")
    epochs = {}
    for packing in ("windows", "documents"):
        result = invoke(*given, "--packing", packing, "--dry-run")
        assert result.exit_code == 0, result.output
        epochs[packing] = json.loads(result.stdout)["num_epochs"]
        assert invoke(*given, "--packing", packing, "--out", tmp_path / packing).exit_code == 0
        assert config(tmp_path / packing)["training"]["packing"] == packing
    assert epochs["documents"] > epochs["windows"]
    resumed = invoke("train", "--out", tmp_path / "windows", "--resume", "auto", "--steps", "3", "--json")
    assert resumed.exit_code == 0, resumed.output
    refused = invoke("train", "--out", tmp_path / "windows", "--resume", "auto", "--packing", "documents")
    assert refused.exit_code == 2
    assert "training.packing was windows, now documents" in refused.stderr
    assert invoke(*given, "--packing", "rows", "--dry-run").exit_code == 2
