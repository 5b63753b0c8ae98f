"""Samples are shown line by line, with probabilities as classes and reasons at their lines; the worst are chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from tests.evaluation.report.conftest import nested

from schemalm.evaluation.evaluate import Evaluation, Sample
from schemalm.evaluation.report.documents import (
    MAX_LINES,
    MAX_NEAREST_CHARACTERS,
    MAX_REASONS,
    NUM_SHOWN,
    NUM_WORST,
    Shown,
    shown_samples,
)
from schemalm.evaluation.samples.statistics import Nearest
from schemalm.judging import Message, Verdict
from schemalm.tokenizer import Tokenizer

Show = Callable[..., Shown]


@pytest.fixture(scope="module")
def show(make_sample: Callable[..., Sample], make_evaluation: Callable[..., Evaluation], any_value: Tokenizer) -> Show:
    """One sample as it is shown."""

    def make(value: Any, **changes: Any) -> Shown:
        ((shown,), _) = shown_samples(make_evaluation([make_sample(value, **changes)]), any_value)
        return shown

    return make


def refused(*messages: Message, name: str = "judge") -> dict[str, Verdict]:
    return {name: Verdict(messages)}


def texts(shown: Shown) -> list[str]:
    return ["".join(piece.text for piece in line.pieces) for line in shown.lines]


def test_the_lines_are_those_of_the_text(show: Show) -> None:
    shown = show({"name": "a", "run": "make\nmake install\n", "steps": [{"x": 1}]})
    assert texts(shown) == ["name: a", "", "run: |", "  make", "  make install", "", "steps:", "  - x: 1"]
    assert (shown.number, shown.num_hidden, shown.reasons, shown.nearest) == (1, 0, (), "")


@pytest.mark.parametrize(
    ("probability", "level"), [(0.9, 0), (0.5001, 0), (0.3, 1), (0.1, 2), (0.02, 3), (0.001, 4), (1e-30, 4)]
)
def test_probabilities_are_levels(show: Show, probability: float, level: int) -> None:
    shown = show({"name": "abc"}, probability=probability)
    assert max(piece.level for line in shown.lines for piece in line.pieces) == level
    assert {piece.level for line in shown.lines for piece in line.pieces if piece.text.isalpha()} == {level}


def test_tokens_of_a_completion_have_no_level(make_sample: Callable[..., Sample], show: Show) -> None:
    sample = make_sample({"name": "abc"}, probability=0.001)
    generated = replace(sample.generated, logprobs=sample.generated.logprobs[:2])
    levels = [piece.level for line in show({"name": "abc"}, generated=generated).lines for piece in line.pieces]
    assert 0 in levels


def test_reasons_stand_at_the_lines_of_judges(show: Show) -> None:
    messages = (Message("wrong", line=2, kind="syntax"), Message("also wrong", line=2), Message("elsewhere", line=99))
    shown = show({"a": 1, "b": 2, "c": 3}, verdicts=refused(*messages))
    assert [line.reasons for line in shown.lines] == [(), ("judge: syntax: wrong", "judge: also wrong"), ()]
    assert shown.reasons == ("judge: elsewhere",)


def test_reasons_with_a_pointer_are_located(show: Show) -> None:
    messages = (Message("too small", pointer="/b/1"), Message("no such place", pointer="/x/y"), Message("in general"))
    shown = show({"a": 1, "b": [2, 3]}, verdicts=refused(*messages))
    assert [text for text, line in zip(texts(shown), shown.lines, strict=True) if line.reasons] == ["  - 3"]
    assert shown.reasons == ("judge: no such place (/x/y)", "judge: in general")


def test_many_reasons_are_counted_and_missing_verdicts_explained(show: Show) -> None:
    verdicts = refused(*[Message(f"fault {number}", line=1) for number in range(MAX_REASONS + 3)])
    shown = show({"a": 1}, verdicts=verdicts | {"other": Verdict(failure="it crashed")})
    assert len(shown.lines[0].reasons) == MAX_REASONS
    assert shown.reasons == ("other: cannot be judged: it crashed", "and 3 more")


def test_long_documents_are_cut(show: Show) -> None:
    shown = show([0] * (MAX_LINES + 7), nearest=Nearest(0, 0.5, "x" * (2 * MAX_NEAREST_CHARACTERS)))
    assert (len(shown.lines), shown.num_hidden) == (MAX_LINES, 7)
    assert len(shown.nearest) == MAX_NEAREST_CHARACTERS + 1


@pytest.mark.slow
@pytest.mark.parametrize("depth", [100, 200, 600, 1500])
def test_documents_of_any_depth_are_shown(show: Show, depth: int) -> None:
    shown = show(nested(depth), verdicts=refused(Message("too deep", pointer="/0/0")))
    assert "".join(texts(shown)).replace(" ", "").replace("-", "") in ("[]", "[" * (depth + 1) + "]" * (depth + 1))
    located = [reason for line in shown.lines for reason in line.reasons]
    assert [*shown.reasons, *located] in (["judge: too deep"], ["judge: too deep (/0/0)"])


def test_nothing_is_bad_about_good_samples(
    make_sample: Callable[..., Sample], make_evaluation: Callable[..., Evaluation], any_value: Tokenizer
) -> None:
    samples = [make_sample(number, copied=((0, 1),)) for number in range(NUM_SHOWN + 5)]
    first, worst = shown_samples(make_evaluation(samples), any_value)
    assert [shown.number for shown in first] == [*range(1, NUM_SHOWN + 1)]
    assert worst == []


def test_the_worst_samples_are_shown_with_what_is_wrong(
    make_sample: Callable[..., Sample], make_evaluation: Callable[..., Evaluation], any_value: Tokenizer
) -> None:
    yes, no = Verdict(), Verdict((Message("no"),))
    text = "a text of many tokens"
    whole = ((0, len(any_value.encode(text))),)
    samples = [make_sample(text, verdicts={"a": yes, "b": yes}) for _ in range(12)]
    samples[2] = make_sample(text, finish="closed", verdicts={"a": yes, "b": yes})
    samples[4] = make_sample(text, verdicts={"a": yes, "b": yes}, copied=whole)
    samples[5] = make_sample(text, verdicts={"a": yes, "b": no}, copied=whole, repeated=whole)
    samples[7] = make_sample(text, verdicts={"a": no, "b": no})
    samples[9] = make_sample(text, verdicts={"a": yes, "b": yes}, repeated=whole)
    _, worst = shown_samples(make_evaluation(samples), any_value)
    assert [(shown.number, shown.why) for shown in worst] == [
        (6, "refused by 1 of 2 judges"),
        (8, "refused by 2 of 2 judges"),
        (5, "100 % of it stands in one training document"),
        (10, "100 % of it repeats earlier parts"),
        (3, "closed by the grammar"),
    ]
    many = [make_sample(number, verdicts={"a": no}) for number in range(NUM_WORST + 3)]
    _, worst = shown_samples(make_evaluation(many), any_value)
    assert [shown.number for shown in worst] == [*range(1, NUM_WORST + 1)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.slow
@given(value=JSON, line=st.integers(0, 5), pointer=st.sampled_from(["", "/0", "/a", "/0/0", "no pointer", "/~2"]))
def test_any_document_is_shown_with_all_its_reasons(
    make_sample: Callable[..., Sample], hostile: Evaluation, any_value: Tokenizer, value: Any, line: int, pointer: str
) -> None:
    sample = make_sample(value, verdicts=refused(Message("wrong", line, pointer)))
    ((shown,), _) = shown_samples(replace(hostile, samples=(sample,)), any_value)
    assert len(shown.lines) + shown.num_hidden == sample.text.removesuffix("\n").count("\n") + 1
    assert len(shown.reasons) + sum(len(each.reasons) for each in shown.lines) == 1
