"""A small experiment from end to end: every run is made once, in any number of calls and filters."""

from __future__ import annotations

import json
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from schemalm.dataset.store import read_metadata
from schemalm.errors import ConfigurationError, TrainingError
from schemalm.experiments import runner, runs
from schemalm.experiments.recipe import Recipe
from schemalm.experiments.results import Result, read_results
from schemalm.experiments.runner import RunFilter, run_experiment
from schemalm.interruption import Interrupted

pytestmark = pytest.mark.slow


def with_late_arm(recipe: Recipe) -> Recipe:
    """Return the recipe with an additional arm whose budget no other arm has."""
    late = replace(recipe.arms[0], name="late", baseline="late", budgets=(700,))
    return replace(recipe, arms=(*recipe.arms, late))


def results_of(out: Path) -> dict[tuple[str, str], Result]:
    return {(result.arm, result.measure): result for result in read_results(out)}


def test_every_run_has_one_result_with_the_same_documents_scored(finished: Path) -> None:
    results = results_of(finished)
    assert set(results) == {("bpe", "compute"), ("typed", "compute"), ("typed", "documents")}
    assert len({(r.num_validation_documents, r.num_validation_bytes) for r in results.values()}) == 1
    for result in results.values():
        assert 0 < result.bits_per_byte < 10
        assert result.num_epochs < 1.5


def test_equal_compute_is_equal_tokens_and_equal_documents_are_the_baseline_s(finished: Path) -> None:
    results = results_of(finished)
    baseline = results["bpe", "compute"]
    for measure in ("bpe", "compute"), ("typed", "compute"):
        assert results[measure].num_tokens == pytest.approx(600, abs=4 * 32)
    documents = results["typed", "documents"]
    assert documents.num_documents == baseline.num_documents
    wanted = 600 * documents.tokens_per_train_document / baseline.tokens_per_train_document
    assert documents.num_tokens == pytest.approx(wanted, abs=4 * 32)


def test_tokenizers_and_data_are_shared_and_checkpoints_of_finished_runs_are_gone(finished: Path) -> None:
    assert len(list((finished / "tokenizers").glob("*.json"))) == 2
    data = [folder for folder in (finished / "data").iterdir() if folder.is_dir()]
    assert len(data) == 3
    assert all(read_metadata(folder).splits["val"].num_documents == 2 for folder in data)
    for run in (finished / "runs").iterdir():
        assert {path.name for path in run.iterdir()} >= {"config.json", "metrics.jsonl"}
        assert not list((run / "checkpoints").iterdir())
    assert json.loads((finished / "summary.json").read_text())["rows"]


def test_finished_runs_are_not_repeated(recipe: Recipe, finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "train", None)
    summary = run_experiment(recipe, finished)
    assert (summary.num_made, summary.num_existing, summary.failures) == (0, 3, ())


def test_filters_and_processes_give_the_results_of_one_call(recipe: Recipe, finished: Path, tmp_path: Path) -> None:
    for name in ("corpus", "tokenizers", "data"):
        shutil.copytree(finished / name, tmp_path / name)
    assert run_experiment(recipe, tmp_path, run_filter=RunFilter(arms=["bpe"]), jobs=2).num_made == 1
    assert run_experiment(recipe, tmp_path).num_made == 2
    expected = {place: result.bits_per_byte for place, result in results_of(finished).items()}
    assert {place: result.bits_per_byte for place, result in results_of(tmp_path).items()} == expected


def test_a_filter_that_selects_no_run_is_refused(recipe: Recipe) -> None:
    for run_filter, message in (
        (RunFilter(arms=["none"]), "no arm none; it has bpe, typed"),
        (RunFilter(models=["huge"]), "no model huge; it has "),
        (RunFilter(measures=["time"]), "no measure time; it has compute, documents"),
        (RunFilter(budgets=[7]), "no budget 7; it has 600"),
        (RunFilter(seeds=[7]), "no seed 7; it has 0"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            run_filter.select(recipe)
    with pytest.raises(ConfigurationError, match="no run with this combination"):
        RunFilter(arms=["late"], budgets=[600]).select(with_late_arm(recipe))
    chosen = RunFilter(arms=["typed"], budgets=[600], seeds=[0]).select(recipe)
    assert [run.measure for run in chosen] == ["compute", "documents"]
    assert [run.arm.name for run in RunFilter(measures=["documents"]).select(recipe)] == ["typed"]


def test_a_run_that_fails_is_reported_and_the_others_continue(
    recipe: Recipe, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("corpus", "tokenizers", "data"):
        shutil.copytree(finished / name, tmp_path / name)
    train = runs.train

    def diverge(data: Path, out: Path, *arguments: object, **options: object) -> object:
        if "bpe" in out.name:
            raise TrainingError("training diverged")
        return train(data, out, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "train", diverge)
    lines: list[str] = []
    run_filter = RunFilter(arms=["bpe", "typed"])
    summary = run_experiment(replace(recipe, name="failing"), tmp_path, run_filter=run_filter, log=lines.append)
    assert (summary.num_made, [failure.reason for failure in summary.failures]) == (2, ["training diverged"])
    assert "failed: training diverged" in "".join(lines)


def test_an_interrupted_run_continues(
    recipe: Recipe, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("corpus", "tokenizers", "data"):
        shutil.copytree(finished / name, tmp_path / name)
    run_filter = RunFilter(arms=["bpe"])
    with monkeypatch.context() as patched:
        patched.setattr(runs, "validation_likelihood", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_experiment(recipe, tmp_path, run_filter=run_filter)
    assert read_results(tmp_path) == []
    assert run_experiment(recipe, tmp_path, run_filter=run_filter).num_made == 1
    (result,) = read_results(tmp_path)
    assert result.bits_per_byte == results_of(finished)["bpe", "compute"].bits_per_byte


def test_a_worker_that_is_terminated_starts_no_other_run(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []

    def interrupted(*_: object) -> None:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr(runner, "_outcome", interrupted)
    monkeypatch.setattr(os, "_exit", codes.append)
    runner._worker_outcome(None, None)  # type: ignore[arg-type]
    assert codes == [143]
