"""Interrupted sweeps continue where they stopped, and end with the same bytes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schemalm.baselines import ByteBPETokenizer, CharacterTokenizer
from schemalm.errors import ConfigurationError, DataError, TrainingError
from schemalm.experiments import ablation
from schemalm.experiments.ablation import Sweep, parse_axis, plan_ablation, run_ablation, table_rows
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus, text_corpus

TEXT = "a cat sat on a mat and ate a rat; " * 6
BASE = ReferenceConfiguration(n_head=2, n_embd=8, context_size=6, batch_size=2, steps=3, num_evaluation_windows=2)
GRID = {"tie_head": (True, False), "input_norm": (True, False)}
ARTIFACTS = {"results.csv", "results.jsonl", "results.md", "results.svg", "runs"}


def read(tokenizer: str) -> Corpus:
    """Return the corpus of the text as characters, or as byte BPE with few merges."""
    made = CharacterTokenizer(TEXT) if tokenizer == "character" else ByteBPETokenizer.train([TEXT], 262)
    return text_corpus(TEXT, made)


def sweep(out: Path, plan: list[ReferenceConfiguration], axes: tuple[str, ...] = tuple(GRID)) -> Sweep:
    return run_ablation(plan, axes, read, out, lambda message: None)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def plan() -> list[ReferenceConfiguration]:
    return plan_ablation(BASE, GRID, 2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, plan: list[ReferenceConfiguration]) -> Path:
    out = tmp_path_factory.mktemp("ablation")
    assert sweep(out, plan).num_made == 8
    return out


def test_a_plan_has_every_combination_with_every_seed(plan: list[ReferenceConfiguration]) -> None:
    found = [(one.tie_head, one.input_norm, one.seed) for one in plan]
    assert found == [(tied, normed, seed) for tied in (True, False) for normed in (True, False) for seed in (0, 1)]


def test_the_artifacts_hold_every_run(finished: Path) -> None:
    assert {path.name for path in finished.iterdir()} == ARTIFACTS
    lines = [json.loads(line) for line in (finished / "results.jsonl").read_text().splitlines()]
    with (finished / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(lines) == len(rows) == 8
    assert [float(row["bits_per_byte"]) for row in rows] == [line["bits_per_byte"] for line in lines]
    assert {row["tie_head"] for row in rows} == {"true", "false"}
    table = (finished / "results.md").read_text().splitlines()
    assert len(table) == 2 + 4
    assert table[2].startswith("| true | true | ") and " ± " in table[2]
    assert "tie_head=false, input_norm=false" in (finished / "results.svg").read_text()


@pytest.mark.slow
@pytest.mark.parametrize("num_before", [0, 1, 3, 7])
def test_an_interrupted_sweep_continues_to_the_same_bytes(
    num_before: int,
    finished: Path,
    plan: list[ReferenceConfiguration],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train: Callable = ablation.train
    num_trained = 0

    def interrupted(*arguments: object) -> object:
        nonlocal num_trained
        num_trained += 1
        if num_trained > num_before:
            raise KeyboardInterrupt
        return train(*arguments)

    monkeypatch.setattr(ablation, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(tmp_path, plan)
    assert len(list((tmp_path / "runs").glob("*.json"))) == num_before
    assert (tmp_path / "results.csv").exists() == (num_before > 0)
    monkeypatch.setattr(ablation, "train", train)
    (tmp_path / "runs").mkdir(exist_ok=True)
    (tmp_path / "runs" / ".0.json.1.partial").write_text("{")  # as a killed process leaves it
    assert sweep(tmp_path, plan).num_made == 8 - num_before
    assert contents(tmp_path) == contents(finished)


def test_finished_runs_are_not_repeated(
    finished: Path, plan: list[ReferenceConfiguration], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(finished)
    monkeypatch.setattr(ablation, "train", None)
    assert sweep(finished, plan).num_made == 0
    assert contents(finished) == before


def test_every_engine_and_both_models_can_be_swept(tmp_path: Path) -> None:
    grid = {"engine": ("scalar", "array", "torch"), "model": ("bigram", "mini-gpt")}
    rows = sweep(tmp_path, plan_ablation(BASE, grid, 1), tuple(grid)).rows
    losses = {(row["engine"], row["model"]): row["validation_loss"] for row in rows}
    for model in ("bigram", "mini-gpt"):
        assert losses["scalar", model] == pytest.approx(losses["array", model], abs=1e-9)
        assert losses["torch", model] == pytest.approx(losses["array", model], abs=1e-5)


def test_tokenizers_can_be_swept(tmp_path: Path) -> None:
    grid = {"tokenizer": ("character", "bytes"), "n_layer": (1, 2)}
    header, lines = table_rows(tuple(grid), sweep(tmp_path, plan_ablation(BASE, grid, 1), tuple(grid)).rows)
    assert header[:2] == ("tokenizer", "n_layer")
    assert [line[:2] for line in lines] == [("character", "1"), ("character", "2"), ("bytes", "1"), ("bytes", "2")]


def test_a_run_that_fails_is_reported_and_skipped(
    plan: list[ReferenceConfiguration], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train: Callable = ablation.train

    def failing(configuration: ReferenceConfiguration, corpus: Corpus) -> object:
        if configuration.tie_head:
            raise TrainingError("diverged")
        return train(configuration, corpus)

    monkeypatch.setattr(ablation, "train", failing)
    made = sweep(tmp_path, plan)
    assert (made.num_made, len(made.rows), len(made.failures)) == (4, 4, 4)
    assert made.failures[0] == "1 of 8: tie_head=true, input_norm=true, seed=0: diverged"


def test_a_damaged_run_is_named(plan: list[ReferenceConfiguration], tmp_path: Path) -> None:
    sweep(tmp_path, plan[:1])
    for content in ("{", "[]", '{"train_loss": 1}'):
        (path,) = (tmp_path / "runs").glob("*.json")
        path.write_text(content)
        with pytest.raises(DataError, match=r"is damaged.* delete it to repeat the run"):
            sweep(tmp_path, plan[:1])


def test_axes_are_read_by_the_type_of_their_setting() -> None:
    assert parse_axis("tie_head=true,false") == ("tie_head", (True, False))
    assert parse_axis("n_layer=1,2") == ("n_layer", (1, 2))
    assert parse_axis("learning_rate=0.1") == ("learning_rate", (0.1,))
    assert parse_axis("tokenizer=character,typed") == ("tokenizer", ("character", "typed"))


@pytest.mark.parametrize("text", ["depth=1", "seed=1,2", "n_layer", "n_layer=1,x", "tie_head=yes", "n_layer=1,1"])
def test_something_that_is_not_an_axis_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_axis(text)


def test_an_invalid_combination_is_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigurationError, match="n_embd 8 must be a multiple"):
        plan_ablation(replace(BASE), {"n_head": (2, 3)}, 1)
