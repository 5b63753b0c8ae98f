"""Evaluation of a trained run: all figures, reproducible, with faults reported."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import schemalm.evaluation.evaluate as evaluate_module
from schemalm.dataset.store import Split
from schemalm.documents import canonical_json
from schemalm.errors import ConfigurationError, DataError
from schemalm.evaluation.diversity import Neighbours, decode_documents, named_keys
from schemalm.evaluation.evaluate import Evaluation, Sample, evaluate, examine, to_text
from schemalm.generation import Generated, Run, load_run
from schemalm.judging.interface import Message, Verdict
from schemalm.judging.schema_judge import NoJudge, SchemaJudge
from schemalm.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def run(run_folder: Path) -> Run:
    return load_run(run_folder)


@pytest.fixture(scope="module")
def evaluation(run: Run) -> Evaluation:
    return evaluate(run, num_samples=8, max_tokens=40)


def test_a_trained_run_writes_only_valid_documents(evaluation: Evaluation) -> None:
    assert len(evaluation.samples) == 8
    assert evaluation.valid_share == 1
    assert {sample.finish for sample in evaluation.samples} <= {"complete", "budget"}
    assert 0 < evaluation.distinct_share <= 1


def test_the_same_seed_gives_the_same_evaluation(run: Run, evaluation: Evaluation) -> None:
    assert evaluate(run, num_samples=8, max_tokens=40).to_dict() == evaluation.to_dict()


def test_it_counts_the_data(evaluation: Evaluation, data: Path) -> None:
    train, validation = Split(data, "train"), Split(data, "val")
    assert evaluation.num_train_documents == evaluation.num_neighbours == train.num_documents
    assert evaluation.likelihood.num_documents == len(evaluation.validation.lines.values) == validation.num_documents
    assert sum(evaluation.validation.tokens.values) == validation.offsets[-1]


def test_it_is_plain_json(evaluation: Evaluation) -> None:
    figures = json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))
    assert figures["schema"] == "job"
    assert figures["sampling"] == {"num_samples": 8, "temperature": 1.0, "max_tokens": 40, "seed": 0}
    assert len(figures["samples"]) == 8


def test_progress_is_reported(run: Run) -> None:
    told: list[str] = []
    evaluate(run, num_samples=1, max_tokens=8, num_documents=2, progress=told.append)
    assert told[:2] == ["scoring 2 validation documents", "sampling 1 document"]


def test_data_that_moved_can_be_named(run: Run, data: Path) -> None:
    configuration = {**run.configuration, "environment": {**run.configuration["environment"], "data": "/nowhere"}}
    moved = replace(run, configuration=configuration)
    with pytest.raises(DataError, match="give its folder"):
        evaluate(moved, num_samples=1)
    assert evaluate(moved, data=str(data), num_samples=1, max_tokens=8, num_documents=1).samples


@pytest.mark.parametrize("setting", ["num_samples", "num_documents"])
def test_a_count_of_nothing_is_refused(run: Run, setting: str) -> None:
    with pytest.raises(ConfigurationError, match=setting):
        evaluate(run, **{setting: 0})  # type: ignore[arg-type]


@pytest.fixture
def examined(tokenizer: Tokenizer, data: Path) -> Callable[[list[Generated]], tuple[Sample, ...]]:
    train = Split(data, "train")
    neighbours = Neighbours(decode_documents(tokenizer, train, range(train.num_documents)), named_keys(tokenizer))
    judge = SchemaJudge(tokenizer.grammar.schema, assert_formats=True)
    return lambda generated: examine(generated, judge, tokenizer, train, neighbours)


def generated(value: Any, **changes: Any) -> Generated:
    logprobs = [-math.log(2), 0.0, -math.log(2), 0.0]
    fields = {"tokens": [5, 6, 7, 8], "logprob": sum(logprobs), "finish": "complete", "num_forced": 1}
    fields["logprobs"] = logprobs
    return Generated(value=value, **fields | changes)


def test_samples_are_judged_and_compared(
    tokenizer: Tokenizer, data: Path, examined: Callable[[list[Generated]], tuple[Sample, ...]]
) -> None:
    (known,) = decode_documents(tokenizer, Split(data, "train"), [3])
    copy, invalid = examined([generated(known), generated({"on": "pull"}, finish="budget")])
    assert copy.verdict == Verdict()
    assert copy.is_copy
    assert copy.similarity == 1
    assert copy.bits_per_token == pytest.approx(0.5)
    assert (copy.num_tokens, copy.num_forced) == (4, 1)
    assert not invalid.is_copy
    assert invalid.verdict.accepted is False
    assert invalid.verdict.pointer == "/on"
    assert invalid.finish == "budget"


def test_shares_count_samples(make_evaluation: Callable[..., Evaluation], make_sample: Callable[..., Sample]) -> None:
    evaluation = make_evaluation(
        [
            make_sample(),
            make_sample(finish="budget", is_copy=True),
            make_sample(verdict=Verdict((Message("no", pointer="/a"),))),
            make_sample(is_copy=True),
        ]
    )
    assert (evaluation.valid_share, evaluation.complete_share, evaluation.novel_share) == (0.75, 0.75, 0.5)
    assert evaluation.tokens.values == (10, 10, 10, 10)
    assert evaluation.to_dict()["samples"][2]["reason"] == "no"


def test_what_could_not_be_judged_is_neither_valid_nor_invalid(
    make_evaluation: Callable[..., Evaluation], make_sample: Callable[..., Sample]
) -> None:
    unjudged = make_sample(verdict=Verdict(failure="too deep"))
    evaluation = make_evaluation([make_sample(), unjudged, make_sample(verdict=Verdict((Message("no"),))), unjudged])
    assert (evaluation.valid_share, evaluation.num_invalid, evaluation.num_unjudged) == (0.5, 1, 2)
    assert [sample["valid"] for sample in evaluation.to_dict()["samples"]] == [True, None, False, None]
    nothing = make_evaluation([unjudged])
    assert (nothing.valid_share, nothing.num_invalid, nothing.num_unjudged) == (None, 0, 1)


def test_a_missing_judge_is_reported_before_the_work(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate_module, "judge_for", lambda _: NoJudge("a pattern is too large"))
    told: list[str] = []
    evaluation = evaluate(run, num_samples=1, max_tokens=8, num_documents=2, progress=told.append)
    assert told[0] == ("no judge can read this schema, so documents will not be judged: a pattern is too large")
    assert evaluation.valid_share is None
    assert evaluation.judge == "no judge"


def test_values_too_deep_for_yaml_are_shown_as_json() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    assert to_text({"a": 1}) == "a: 1\n"
    assert to_text(value) == canonical_json(value).decode() + "\n"


@pytest.mark.parametrize(
    "settings", [{"temperature": -1}, {"temperature": math.nan}, {"max_tokens": 0}, {"seed": -1}, {"num_samples": 2.5}]
)
def test_settings_out_of_range_are_refused_before_the_work(run: Run, settings: dict[str, Any]) -> None:
    told: list[str] = []
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        evaluate(run, progress=told.append, **settings)
    assert told == []
