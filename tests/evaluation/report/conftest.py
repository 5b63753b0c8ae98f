"""Evaluations of given documents, which may be anything, and a folder to write their reports into."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.dataset.store import Split
from schemalm.evaluation.acceptance import acceptances
from schemalm.evaluation.answer import usefulness
from schemalm.evaluation.evaluate import Evaluation, Sample
from schemalm.evaluation.samples import Written, sample_statistics
from schemalm.generation import Generated
from schemalm.judging import Document, Message, Verdict
from schemalm.tokenizer import Tokenizer

ATTACK = "</pre><script>alert(1)</script>{{ 7 * 7 }}|`\u202e"
HELD_OUT = [{"name": f"real {number}", "on": "push"} for number in range(5)]
TRAIN = [{"name": f"known {number}", "on": "release"} for number in range(4)]


@dataclass(frozen=True)
class Named:
    """A judge with a name, which is not asked here."""

    name: str
    title: str = "a program 1.0"
    meaning: str = "it loads"
    why_not: str = ""

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        raise NotImplementedError


@pytest.fixture(scope="session")
def any_value() -> Tokenizer:
    """A tokenizer of all JSON values."""
    return Tokenizer.from_grammar(compile_schema(True))


@pytest.fixture(scope="session")
def known(any_value: Tokenizer, make_split: Callable[..., Split]) -> Split:
    """The training documents."""
    return make_split([any_value.encode(value) for value in TRAIN], any_value.vocab_size)


@pytest.fixture(scope="session")
def make_sample(any_value: Tokenizer) -> Callable[..., Sample]:
    """A sample of a value with verdicts by judge; probability: of each token; any fields may be changed."""

    def make(
        value: Any, finish: Any = "complete", probability: float = 0.9, verdicts: Any = None, **changes: Any
    ) -> Sample:
        tokens = any_value.encode(value)
        logprobs = [math.log(probability)] * len(tokens)
        generated = Generated(value, tokens, sum(logprobs), finish, 0, logprobs)
        text = Document.of_value(value).text
        sample = Sample(generated, text, verdicts or {"schema": Verdict()}, copied=(), repeated=(), nearest=None)
        return replace(sample, **changes)

    return make


@pytest.fixture(scope="session")
def make_evaluation(any_value: Tokenizer, known: Split, evaluation: Evaluation) -> Callable[..., Evaluation]:
    """The evaluation of samples that the same judges judged, beside real documents; any fields may be changed."""

    def make(samples: Sequence[Sample], held_out: Sequence[Any] = HELD_OUT, **changes: Any) -> Evaluation:
        names = [*samples[0].verdicts]
        verdicts = {name: [sample.verdicts[name] for sample in samples] for name in names}
        real = {name: [Verdict()] * len(held_out) for name in names}
        acceptance = acceptances([Named(name) for name in names], verdicts, real)
        generated = [sample.generated for sample in samples]
        statistics = sample_statistics(
            [Written(one.value, tuple(one.tokens), one.finish) for one in generated],
            [Written(value, tuple(any_value.encode(value))) for value in held_out],
            known,
            any_value,
        )
        fields: dict[str, Any] = {
            "samples": tuple(samples),
            "acceptance": acceptance,
            "statistics": statistics,
            "usefulness": usefulness(acceptance[0], statistics),
        }
        return replace(evaluation, **fields | changes)

    return make


@pytest.fixture(scope="session")
def hostile(make_sample: Callable[..., Sample], make_evaluation: Callable[..., Evaluation]) -> Evaluation:
    """Forty samples: the second one attacks the page wherever it can, and others are refused, closed or too deep."""
    yes = Verdict()
    samples = [
        make_sample({"name": f"sample {number}", "on": "push"}, verdicts={"schema": yes, "second": yes})
        for number in range(40)
    ]
    message = Message(ATTACK, pointer=f"/{ATTACK}".replace("</", "<~1"), kind=ATTACK)
    refused = {"schema": Verdict((message,)), "second": Verdict((Message("too early", line=1),), (message,))}
    samples[1] = make_sample({ATTACK: [ATTACK]}, verdicts=refused)
    samples[2] = make_sample({"on": "release"}, finish="closed", verdicts={"schema": yes, "second": yes})
    failed = {"schema": yes, "second": Verdict(failure=f"it crashed {ATTACK}")}
    samples[3] = make_sample(nested(600), verdicts=failed)
    late = {"schema": yes, "second": Verdict((Message("broken late", pointer="/name"),))}
    samples[37] = make_sample({"on": 1, "name": "late"}, verdicts=late)
    return make_evaluation(samples, schema_name=f"job {ATTACK}", missing={f"third {ATTACK}": ATTACK}, rules=ATTACK)


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture
def folder(run_folder: Path, tmp_path: Path) -> Path:
    """A run folder to write into."""
    copy = tmp_path / "a run"
    copy.mkdir()
    for name in ("config.json", "metrics.jsonl"):
        shutil.copy(run_folder / name, copy / name)
    return copy
