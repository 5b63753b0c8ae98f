"""Each checkpoint's samples are judged and kept; neither they nor their failure affect training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemalm.documents import load_document
from schemalm.evaluation import checkpoint_samples
from schemalm.evaluation.checkpoint_samples import CheckpointSamples, write_samples
from schemalm.generation import load_run
from schemalm.judging.interface import Message, Verdict
from schemalm.judging.schema_judge import NoJudge, SchemaJudge
from schemalm.training.checkpoint import checkpoint_steps
from schemalm.training.metrics import MEASURED_FIELDS, read_metrics

STEPS = [2, 4]


def files(run: Path) -> dict[str, bytes]:
    folder = run / "samples"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def computed(run: Path) -> list[dict[str, Any]]:
    return [{name: line[name] for name in line.keys() - MEASURED_FIELDS} for line in read_metrics(run)]


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def sampled_run(train_run: Callable[..., Path], told: list[str]) -> Path:
    """A run with checkpoints at two steps, each of which wrote three samples."""
    return train_run(CheckpointSamples(3, told.append), checkpoint_every=2)


def test_each_checkpoint_has_its_samples_and_their_verdicts(sampled_run: Path, told: list[str]) -> None:
    for step, message in zip(STEPS, told, strict=True):
        folder = sampled_run / "samples" / f"{step:06d}"
        verdicts = json.loads((folder / "verdicts.json").read_bytes())
        assert verdicts["step"] == step
        assert verdicts["judge"].startswith("jsonschema-rs")
        assert [sample["valid"] for sample in verdicts["samples"]] == [True] * 3
        for sample in verdicts["samples"]:
            assert "on" in load_document(folder / sample["file"])
        assert message.startswith(f"step {step}: 3 of 3 samples valid: {folder} (")


def test_the_same_run_and_step_have_the_same_samples(sampled_run: Path, train_run: Callable[..., Path]) -> None:
    again = train_run(CheckpointSamples(3, lambda _: None), checkpoint_every=2)
    assert files(again) == files(sampled_run)


def test_training_computes_the_same_with_samples_and_without(sampled_run: Path, train_run: Callable[..., Path]) -> None:
    assert computed(sampled_run) == computed(train_run(checkpoint_every=2))


def test_fewer_samples_replace_all_earlier_ones(sampled_run: Path, train_run: Callable[..., Path]) -> None:
    run = train_run(CheckpointSamples(3, lambda _: None), checkpoint_every=2)
    write_samples(load_run(run, 4), 1)
    assert {path.name for path in (run / "samples" / "000004").iterdir()} == {"0001.yaml", "verdicts.json"}


def test_a_sample_that_the_judge_rejects_is_kept_with_the_reason(
    sampled_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = Verdict((Message("too short", pointer="/name"),))
    monkeypatch.setattr(SchemaJudge, "judge_value", lambda *_: refusal)
    messages: list[str] = []
    CheckpointSamples(1, messages.append).saved(sampled_run, 2)
    (sample,) = json.loads((sampled_run / "samples" / "000002" / "verdicts.json").read_bytes())["samples"]
    assert (sample["valid"], sample["reason"], sample["pointer"]) == (False, "too short", "/name")
    assert messages[0].startswith("step 2: 0 of 1 samples valid")


def test_the_judge_is_found_before_training_begins(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    CheckpointSamples(1, messages.append, run_folder).begin(0, 4)
    assert messages[0].startswith("documents are judged by jsonschema-rs")
    monkeypatch.setattr(checkpoint_samples, "judge_for", lambda _: NoJudge("a pattern is too large"))
    CheckpointSamples(1, messages.append, run_folder).begin(0, 4)
    assert messages[1].startswith("no judge can read this schema, so documents will not be judged: a pattern")


def test_samples_are_kept_if_nobody_can_judge_them(sampled_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_samples, "judge_for", lambda _: NoJudge("a pattern is too large"))
    messages: list[str] = []
    CheckpointSamples(1, messages.append).saved(sampled_run, 2)
    verdicts = json.loads((sampled_run / "samples" / "000002" / "verdicts.json").read_bytes())
    assert verdicts["judge"] == "no judge"
    assert verdicts["samples"][0]["valid"] is None
    assert messages[0].startswith("step 2: 0 of 1 samples valid, 1 not judged: ")


def test_a_run_without_a_tokenizer_says_so_before_training_begins(tmp_path: Path) -> None:
    messages: list[str] = []
    CheckpointSamples(1, messages.append, tmp_path).begin(0, 4)
    assert messages[0].startswith("no checkpoint will write samples, training continues: ")


@pytest.mark.parametrize("error", [MemoryError("too large"), RuntimeError("device lost"), OSError(28, "disk full")])
def test_a_failure_is_reported_once_and_loses_nothing(
    train_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(checkpoint_samples, "generate", fail)
    messages: list[str] = []
    run = train_run(CheckpointSamples(2, messages.append), checkpoint_every=2)
    assert checkpoint_steps(run) == STEPS
    assert [line["step"] for line in read_metrics(run) if line["kind"] == "validation"] == STEPS
    assert messages == [
        f"step 2: no samples of this checkpoint, training continues: {type(error).__name__}: {error}",
    ]
    assert not (run / "samples").exists()


def test_samples_are_written_again_after_a_failure(sampled_run: Path) -> None:
    messages: list[str] = []
    samples = CheckpointSamples(1, messages.append)
    for step in (3, 4):
        samples.saved(sampled_run, step)
    assert "has no checkpoint of step 3" in messages[0]
    assert messages[1].startswith("step 4: 1 of 1 samples valid")
