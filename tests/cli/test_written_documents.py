"""The best documents are those that the model, or most of the judges, likes best."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from schemalm.cli.written_documents import best
from schemalm.generation import Generated
from schemalm.judging import Document, Message, Verdict


class Picky:
    """Refuses numbers from some on."""

    title, meaning, why_not = "a program", "small enough", ""

    def __init__(self, name: str, limit: int, why_not: str = "") -> None:
        self.name, self.limit, self.why_not = name, limit, why_not

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        assert not self.why_not
        return [Verdict((Message("too large"),) if int(str(one.value)) >= self.limit else ()) for one in documents]


def written(value: int, logprob: float, num_tokens: int = 1) -> tuple[Generated, str]:
    return Generated(value, [1] * num_tokens, logprob, "complete", 0, [logprob / num_tokens] * num_tokens), f"{value}\n"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run whose documents have three judges, one of them missing."""
    judges = [Picky("a", 3), Picky("b", 2), Picky("c", 0, why_not="it is not installed")]
    monkeypatch.setattr("schemalm.judging.judges_for", lambda _: judges)
    return SimpleNamespace(tokenizer=SimpleNamespace(grammar=None))


DOCUMENTS = [written(3, -1.0), written(2, -2.0), written(0, -8.0, 2), written(1, -3.0), written(4, -0.5)]


def values(found: Sequence[tuple[Generated, str]]) -> list[int]:
    return [document.value for document, _ in found]


def test_all_documents_stay_as_they_came_unless_some_are_kept(run: Any) -> None:
    assert values(best(DOCUMENTS, None, "judges", run)) == [3, 2, 0, 1, 4]


def test_the_model_likes_documents_by_their_mean_log_probability(run: Any) -> None:
    assert values(best(DOCUMENTS, 5, "logprob", run)) == [4, 3, 2, 1, 0]
    assert values(best(DOCUMENTS, 2, "logprob", run)) == [4, 3]


def test_judges_decide_before_the_model(run: Any) -> None:
    assert values(best(DOCUMENTS, 5, "judges", run)) == [1, 0, 2, 4, 3]
    assert values(best(DOCUMENTS, 1, "judges", run)) == [1]


def test_without_judges_the_model_decides(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemalm.judging.judges_for", lambda _: [Picky("c", 0, why_not="it is not installed")])
    assert values(best(DOCUMENTS, 2, "judges", run)) == [4, 3]
