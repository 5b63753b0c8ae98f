"""`schemalm.judge` asks judges about values and texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import schemalm
from schemalm.judging import Document, Message, Verdict, ask

SCHEMA = {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"]}


class Longest:
    """A judge that refuses long texts, and fails on some."""

    name, title, meaning, why_not = "longest", "longest 1", "at most 20 characters", ""

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        return [Verdict((Message("too long"),)) if len(document.text) > 20 else Verdict() for document in documents]


def test_values_and_texts_are_judged_by_name() -> None:
    documents = [{"kind": "a"}, "kind: b\n", "kind: c\n", "kind: [", {"kind": "a", "other": "x" * 30}]
    found = schemalm.judge(documents, ["schema", Longest()], schema=SCHEMA)
    assert [verdict.accepted for verdict in found["schema"]] == [True, True, False, False, True]
    assert [verdict.accepted for verdict in found["longest"]] == [True, True, True, True, False]
    assert found["schema"][2].errors[0].line == 1
    assert found["schema"][3].errors[0].kind == "document"


def test_merge_keys_are_read_as_the_format_reads_them() -> None:
    text = "x-a: &a {image: b}\nservices: {c: {<<: *a}}\n"
    assert schemalm.judge([text], ["schema"], schema="compose-spec")["schema"][0].accepted


def test_no_documents_have_no_verdicts() -> None:
    assert schemalm.judge([], ["schema"], schema=SCHEMA) == {"schema": []}


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (lambda _: [Verdict()], "1 verdicts for 2 documents"),
        (lambda _: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_judge_that_breaks_gives_no_verdict(answer: Any, failure: str) -> None:
    judge = Longest()
    judge.judge = answer  # type: ignore[method-assign]
    assert ask(judge, [Document("a"), Document("b")]) == [Verdict(failure=failure)] * 2


def test_the_example_of_the_guide_runs() -> None:
    page = Path(__file__).parents[2] / "docs" / "guide" / "judge.md"
    (example,) = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    found = names["verdicts"]
    assert [verdict.accepted for verdict in found["short"]] == [True, True]
    assert [verdict.accepted for verdict in found["schema"]] == [False, False]
    assert found["schema"][0].errors[0].pointer == "/jobs"


def test_a_judge_that_is_missing_is_an_error() -> None:
    with pytest.raises(schemalm.ConfigurationError, match="no judge 'tsc' for these documents"):
        schemalm.judge(["kind: a"], ["tsc"], schema=SCHEMA)
