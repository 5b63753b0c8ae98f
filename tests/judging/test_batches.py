"""A document that makes a judge fail does not spoil the verdicts of the others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from judges.batches import FailedJudgeError, in_batches, run_program, write_documents
from judges.verdicts import Message, Verdict

from judges import batches

REFUSED = Verdict((Message(1, "no"),))


def judge_batch(texts: list[str]) -> list[Verdict]:
    if "crash" in texts:
        raise FailedJudgeError("the program ended")
    return [REFUSED if text == "bad" else Verdict() for text in texts]


def test_verdicts_are_in_the_order_of_the_documents() -> None:
    texts = ["good", "bad", "good", "bad", "bad"]
    assert [verdict.accepted for verdict in in_batches(judge_batch, texts, size=2)] == [True, False, True, False, False]


def test_only_the_document_that_the_judge_fails_on_is_refused_for_it() -> None:
    verdicts = in_batches(judge_batch, ["good", "bad", "crash", "good", "good"])
    assert verdicts == [Verdict(), REFUSED, Verdict((Message(0, "the program ended", "crash"),)), Verdict(), Verdict()]


def test_no_documents_have_no_verdicts() -> None:
    assert in_batches(judge_batch, []) == []


def test_a_program_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "LIMIT_SECONDS", 0.2)
    with pytest.raises(FailedJudgeError, match="no verdict"):
        run_program([sys.executable, "-c", "import time; time.sleep(60)"])


def test_documents_are_written_as_they_are(tmp_path: Path) -> None:
    assert write_documents(tmp_path, ["a: 1\r\n", "b: ü"]) == ["0.yml", "1.yml"]
    assert (tmp_path / "0.yml").read_bytes() == b"a: 1\r\n"
    assert (tmp_path / "1.yml").read_text(encoding="utf-8") == "b: ü"
