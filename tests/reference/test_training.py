"""Runs are reproducible byte for byte, keep their weights if evaluation fails, and are refused if damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from schemalm.errors import CheckpointError, TrainingError
from schemalm.reference import training
from schemalm.reference.data import Corpus
from schemalm.reference.engines import ArrayEngine, make_engine
from schemalm.reference.training import Trained, load_run, stream_loss, train, train_run

from .conftest import TINY


def silent(step: int, loss: float) -> None:
    """Ignore all steps."""


@pytest.mark.parametrize(("engine", "model"), [*product(("scalar", "array", "torch"), ("bigram", "mini-gpt"))])
def test_a_run_can_be_loaded_and_computes_what_it_did(engine: str, model: str, corpus: Corpus, tmp_path: Path) -> None:
    configuration = replace(TINY, engine=engine, model=model)
    evaluation = train_run(configuration, corpus, tmp_path, silent)
    loaded, tokenizer, trained = load_run(tmp_path)
    assert (loaded, tokenizer.to_json()) == (configuration, corpus.tokenizer.to_json())
    assert evaluation == json.loads((tmp_path / "evaluation.json").read_text())
    assert stream_loss(trained, corpus.validation, 6, 3) == pytest.approx(evaluation["validation_loss"], abs=1e-9)


def test_equal_runs_give_equal_files(corpus: Corpus, tmp_path: Path) -> None:
    for name in ("one", "other"):
        train_run(TINY, corpus, tmp_path / name, silent)
    one, other = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "other"))
    assert one == other
    assert set(one) == {"config.json", "tokenizer.json", "weights.safetensors", "evaluation.json"}


def test_weights_are_kept_if_evaluation_fails(corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Trained) -> dict[str, float]:
        raise ZeroDivisionError

    monkeypatch.setattr(Trained, "evaluate", fail)
    with pytest.raises(ZeroDivisionError):
        train_run(TINY, corpus, tmp_path, silent)
    assert not (tmp_path / "evaluation.json").exists()
    load_run(tmp_path)


def test_every_step_is_reported_and_training_lowers_the_loss(corpus: Corpus) -> None:
    steps: list[int] = []
    configuration = replace(TINY, steps=60, learning_rate=0.03)
    losses = train(configuration, corpus, lambda step, loss: steps.append(step)).losses
    assert steps == list(range(1, 61))
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.3


def test_a_loss_that_is_not_finite_is_an_error_with_the_step(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArrayEngine, "loss", lambda *_: float("inf"))
    with pytest.raises(TrainingError, match=r"diverged at step 1: lower learning_rate 0\.01"):
        train(TINY, corpus)


def test_arithmetic_that_overflows_is_one_too(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def overflow(self: ArrayEngine, rate: float) -> None:
        np.exp(np.array([1e4]))

    monkeypatch.setattr(ArrayEngine, "step", overflow)
    with pytest.raises(TrainingError, match="diverged at step 1"):
        train(TINY, corpus)


@pytest.mark.parametrize("engine", ["scalar", "array", "torch"])
def test_logits_far_apart_have_a_finite_loss(engine: str, corpus: Corpus) -> None:
    configuration = replace(TINY, engine=engine, model="bigram", optimizer="sgd", learning_rate=1e6, dtype="float64")
    assert train(configuration, corpus).losses == pytest.approx(
        train(replace(configuration, engine="array"), corpus).losses, rel=1e-9
    )


def test_growing_memory_stops_a_run(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = iter([100.0] * 10 + [200.0] * 100)

    class Watched(training.MemoryGuard):
        def __init__(self, max_growth: float) -> None:
            super().__init__(max_growth, sizes.__next__)

    monkeypatch.setattr(training, "MemoryGuard", Watched)
    with pytest.raises(TrainingError, match="memory grew"):
        train(replace(TINY, steps=20), corpus)


def test_the_loss_of_a_stream_is_the_mean_over_its_tokens(corpus: Corpus) -> None:
    engine = make_engine(TINY, corpus.tokenizer.vocab_size)
    whole = stream_loss(engine, corpus.validation[:8], 6, 100)  # a window of six targets, and a window of one
    parts = [stream_loss(engine, part, 6, 1) for part in (corpus.validation[:7], corpus.validation[6:8])]
    assert whole == pytest.approx((6 * parts[0] + parts[1]) / 7)


def test_damaged_runs_and_other_folders_are_refused(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="was not written by `schemalm reference train`"):
        load_run(tmp_path)
    train_run(TINY, corpus, tmp_path, silent)
    config = json.loads((tmp_path / "config.json").read_text())
    for name, value, message in (("n_embd", 6, "n_embd"), ("n_layer", 2, "does not fit"), ("nonsense", 1, "nonsense")):
        changed = {"reference": {**config["reference"], name: value}}
        (tmp_path / "config.json").write_text(json.dumps(changed))
        with pytest.raises(CheckpointError, match=message):
            load_run(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "weights.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(CheckpointError, match="damaged"):
        load_run(tmp_path)
