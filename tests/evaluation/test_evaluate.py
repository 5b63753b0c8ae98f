"""Evaluation of a trained run: all figures, reproducible, with faults reported."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemalm.dataset.store import Split
from schemalm.errors import ConfigurationError, DataError
from schemalm.evaluation import sampling
from schemalm.evaluation.evaluate import Evaluation, evaluate, plan_evaluation
from schemalm.evaluation.kept_parts import folder_for
from schemalm.generation import Run, generate
from schemalm.judging import Document, Judge, Message, Verdict, judge_for
from schemalm.judging.schema_judge import NoJudge

LITTLE: dict[str, Any] = {"num_samples": 3, "max_tokens": 8, "num_documents": 2, "judges": ()}


class Strict:
    """Refuses what has no steps, and gives advice on all documents."""

    name, title, meaning, why_not = "strict", "a program 1.0", "it has steps", ""

    def __init__(self) -> None:
        self.num_asked = 0

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        self.num_asked += 1
        no_steps = Message("no steps", kind="missing")
        return [
            Verdict(() if isinstance(one.value, dict) and one.value.get("steps") else (no_steps,), (Message("hm"),))
            for one in documents
        ]


def told_by(run: Run, **settings: Any) -> list[str]:
    """Evaluate, and return what was logged."""
    told: list[str] = []
    evaluate(run, log=told.append, **settings)
    return told


def without_last_digits(evaluation: Evaluation) -> Any:
    """The plain values; log-probabilities depend in the last digits on what was written at the same time."""
    content = evaluation.to_dict()
    for sample in content["samples"]:
        sample["logprob"] = round(sample["logprob"], 3)
    return json.loads(json.dumps(content))


def test_all_parts_are_there(evaluation: Evaluation, data: Path) -> None:
    assert len(evaluation.samples) == 8
    assert evaluation.num_invalid == 0
    everyone, by_schema = evaluation.acceptance
    assert (everyone, by_schema.name) == (evaluation.everyone, "schema")
    assert (everyone.samples.share, everyone.held_out.share, everyone.relative) == (1, 1, 1)
    assert evaluation.likelihood.kinds
    assert evaluation.likelihood.choices
    assert evaluation.usefulness.criteria
    assert (evaluation.missing, evaluation.number_formats, evaluation.rules) == ({}, {}, None)
    train, unseen = Split(data, "train"), Split(data, "val")
    statistics = evaluation.statistics
    assert evaluation.num_train_documents == statistics.num_train == train.num_documents
    assert evaluation.num_train_tokens == train.offsets[-1]
    assert evaluation.likelihood.num_documents == statistics.num_held_out == unseen.num_documents


def test_the_documents_are_those_of_generate(run: Run, evaluation: Evaluation) -> None:
    written = generate(run, num_samples=8, temperature=0.8, max_tokens=40, seed=0)
    assert [sample.generated.tokens for sample in evaluation.samples] == [one.tokens for one in written]
    assert [sample.generated.value for sample in evaluation.samples] == [one.value for one in written]
    assert [sample.generated.finish for sample in evaluation.samples] == [one.finish for one in written]
    other = generate(run, num_samples=3, temperature=1.5, min_p=0.1, max_tokens=8, seed=7)
    samples = evaluate(run, **LITTLE, temperature=1.5, min_p=0.1, seed=7).samples
    assert [sample.generated.tokens for sample in samples] == [one.tokens for one in other]


@pytest.mark.slow
def test_the_same_settings_give_the_same_evaluation(run: Run, evaluation: Evaluation) -> None:
    again = evaluate(run, num_samples=8, max_tokens=40, judges=[judge_for(run.tokenizer.grammar)])
    assert again.to_dict() == evaluation.to_dict()


def test_it_is_plain_json(evaluation: Evaluation) -> None:
    figures = json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))
    assert figures["schema"] == "job"
    settings = {"num_samples": 8, "temperature": 0.8, "max_tokens": 40, "seed": 0, "min_p": None}
    assert figures["sampling"] == settings
    assert [sample["text"] for sample in figures["samples"]] == [sample.text for sample in evaluation.samples]


def test_progress_is_reported(run: Run) -> None:
    told = told_by(run, **{**LITTLE, "judges": [Strict()]}, dtypes=["int8"])
    assert told == [
        "scoring 2 unseen documents",
        "scoring the same in float32, as in generation",
        "scoring the same in int8, as in generation",
        "sampling 3 documents",
        "strict judges 3 documents, samples",
        "strict judges 2 documents, unseen",
        "comparing them with 40 training documents",
    ]


def test_judges_see_samples_and_unseen_documents_alike(run: Run) -> None:
    judges: list[Judge] = [judge_for(run.tokenizer.grammar), Strict()]
    evaluation = evaluate(run, num_samples=8, max_tokens=40, judges=judges)
    everyone, by_schema, strict = evaluation.acceptance
    with_steps = [bool(sample.generated.value.get("steps")) for sample in evaluation.samples]
    assert strict.samples.num_accepted == sum(with_steps)
    assert [sample.num_refusing for sample in evaluation.samples] == [int(not has) for has in with_steps]
    assert 0 < strict.held_out.num_accepted < strict.held_out.num_documents
    assert everyone.samples == strict.samples
    assert by_schema.samples.num_accepted == 8
    assert strict.samples.num_with_advice == 8
    assert evaluation.num_invalid == 0


def test_a_run_that_nobody_judges_is_evaluated(run: Run) -> None:
    judges: list[Judge] = [NoJudge("a pattern is too large")]
    evaluation = evaluate(run, **{**LITTLE, "judges": judges})
    assert evaluation.missing == {"schema": "no program can read this schema: a pattern is too large"}
    assert (evaluation.usefulness.answer, evaluation.num_invalid) == ("unknown", 0)
    assert evaluation.samples[0].by_schema.accepted is None
    assert evaluation.everyone.relative is None


@pytest.mark.parametrize("lines", [0, 1])
def test_an_interrupted_evaluation_goes_on_and_gives_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: int
) -> None:
    settings: dict[str, Any] = {"num_samples": 6, "max_tokens": 40, "num_documents": 4}
    whole = evaluate(run, **settings, judges=[Strict()])
    monkeypatch.setattr(sampling, "SECONDS_BETWEEN_LINES", -1.0)
    monkeypatch.setattr(sampling, "BATCH_SIZE", 2)

    def interrupt(line: str) -> None:
        if line.startswith(f"sampled {lines + 1} of 6"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(run, **settings, judges=[Strict()], keep=tmp_path, log=interrupt)
    kept = tmp_path / "parts" / "samples.jsonl"
    assert len(kept.read_bytes().splitlines()) == lines + 1
    with kept.open("ab") as file:
        file.write(b'{"number": 5, "tok')  # a line that was being written
    told: list[str] = []
    judge = Strict()
    resumed = evaluate(run, **settings, judges=[judge], keep=tmp_path, log=told.append)
    assert f"sampling {5 - lines} documents" in told
    assert without_last_digits(resumed) == without_last_digits(whole)
    assert judge.num_asked == 2
    again = evaluate(run, **settings, judges=[judge], keep=tmp_path, log=told.append)
    assert (judge.num_asked, told.count("sampling 0 documents")) == (2, 1)
    assert again.to_dict() == resumed.to_dict()


def test_parts_of_number_formats_are_kept(run: Run, tmp_path: Path) -> None:
    first = evaluate(run, **LITTLE, dtypes=["int8"], keep=tmp_path)
    assert [*first.number_formats] == ["float32", "int8"]
    assert evaluate(run, **LITTLE, dtypes=["int8"], keep=tmp_path).number_formats == first.number_formats


@pytest.mark.parametrize("other", [{"seed": 1}, {"num_samples": 2}, {"judges": [Strict()]}, {"num_documents": 1}])
def test_another_evaluation_in_the_folder_is_refused(run: Run, tmp_path: Path, other: dict[str, Any]) -> None:
    evaluate(run, **LITTLE, keep=tmp_path)
    told: list[str] = []
    with pytest.raises(ConfigurationError, match="has another evaluation; choose another folder with --out"):
        evaluate(run, **{**LITTLE, **other}, keep=tmp_path, log=told.append)
    assert told == []


def kept(**changes: Any) -> bytes:
    """A line of samples that are kept, with fields changed."""
    fields = {"number": 0, "tokens": [], "logprobs": [], "finish": "complete", "num_forced": 0, "closed_by": None}
    return json.dumps(fields | changes).encode() + b"\n"


DAMAGES = [
    ("likelihood.json", b"[]", "expected `object`"),
    ("likelihood.json", b'{"num_documents": 2}', "missing required field"),
    ("samples-strict.json", b"[{}, {}, {}", "it is not JSON"),
    ("samples.jsonl", b"7\n", "line 1"),
    ("samples.jsonl", kept(tokens=[-1]), "line 1: "),
    ("samples.jsonl", kept(tokens=[10**6]), "line 1: "),
    ("samples.jsonl", kept(logprobs=[9]), "line 1 at /logprobs/0: "),
    ("identity.json", b"{", "it is not JSON"),
]


@pytest.mark.parametrize(("name", "content", "message"), DAMAGES)
def test_damaged_parts_are_named(run: Run, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    settings = {**LITTLE, "judges": [Strict()]}
    evaluate(run, **settings, keep=tmp_path)
    assert (tmp_path / "parts" / name).exists()
    (tmp_path / "parts" / name).write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"{name} is damaged.*; choose another folder with --out") as caught:
        evaluate(run, **settings, keep=tmp_path)
    assert message.replace("`", "") in str(caught.value)


def test_the_folder_is_that_of_the_run_unless_it_is_taken(run: Run, tmp_path: Path) -> None:
    first, second = (plan_evaluation(run, **LITTLE, seed=seed) for seed in (0, 1))
    assert folder_for(tmp_path, first.identity) == tmp_path
    first.evaluate(keep=tmp_path)
    assert folder_for(tmp_path, first.identity) == tmp_path
    assert folder_for(tmp_path, second.identity) == tmp_path / "evaluations" / "2"


def test_the_time_follows_from_the_speed_of_the_training(run: Run, tmp_path: Path) -> None:
    short, long = (plan_evaluation(run, **{**LITTLE, "num_samples": number}) for number in (3, 300))
    assert short.expected_seconds is not None
    assert long.expected_seconds is not None
    assert 0 < short.expected_seconds < long.expected_seconds
    assert replace(short, run=replace(run, folder=tmp_path)).expected_seconds is None


def test_data_that_moved_can_be_named(run: Run, data: Path) -> None:
    configuration = {**run.configuration, "environment": {**run.configuration["environment"], "data": "/nowhere"}}
    moved = replace(run, configuration=configuration)
    with pytest.raises(DataError, match="give its folder"):
        evaluate(moved, **LITTLE)
    assert evaluate(moved, data=str(data), **LITTLE).samples


@pytest.mark.parametrize(
    "settings",
    [
        *({"num_samples": 0}, {"num_documents": 0}, {"temperature": -1}, {"temperature": math.nan}, {"max_tokens": 0}),
        *({"seed": -1}, {"num_samples": 2.5}, {"min_p": 2}),
    ],
)
def test_settings_out_of_range_are_refused_before_the_work(run: Run, settings: dict[str, Any]) -> None:
    told: list[str] = []
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        evaluate(run, log=told.append, **settings)
    assert told == []
