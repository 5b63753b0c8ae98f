"""A document that makes a judge fail does not spoil the verdicts of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import given

from schemalm.judging.batches import MAX_FAILED_RUNS, in_batches, write_documents
from schemalm.judging.interface import Document, Message, Verdict
from schemalm.judging.programs import FailedJudgeError

REFUSED, FAILED = Verdict((Message("no", 1),)), Verdict(failure="the program ended")
EXPECTED = {"good": Verdict(), "bad": REFUSED, "crash": FAILED}


def documents(*texts: str) -> list[Document]:
    return [Document(text) for text in texts]


def judge_batch(batch: Sequence[Document]) -> list[Verdict]:
    texts = [document.text for document in batch]
    if "crash" in texts:
        raise FailedJudgeError("the program ended")
    return [EXPECTED[text] for text in texts]


@given(st.lists(st.sampled_from(["good", "good", "bad"]), max_size=40), st.integers(1, 10), st.integers(0, 40))
def test_each_document_has_its_own_verdict_wherever_one_crashes(texts: list[str], size: int, at: int) -> None:
    texts.insert(at, "crash")
    assert in_batches(judge_batch, documents(*texts), batch_size=size) == [EXPECTED[text] for text in texts]


def test_no_documents_have_no_verdicts() -> None:
    assert in_batches(judge_batch, []) == []


def test_a_program_that_only_fails_is_not_asked_for_each_document() -> None:
    calls = []

    def fail(batch: Sequence[Document]) -> list[Verdict]:
        calls.append(len(batch))
        raise FailedJudgeError("broken")

    assert in_batches(fail, documents(*["good"] * 1000)) == [Verdict(failure="broken")] * 1000
    assert len(calls) == MAX_FAILED_RUNS


def test_documents_are_written_as_they_are(tmp_path: Path) -> None:
    assert write_documents(tmp_path, documents("a: 1\r\n", "b: ü", "\udc80")) == ["0.yml", "1.yml", "2.yml"]
    assert (tmp_path / "0.yml").read_bytes() == b"a: 1\r\n"
    assert (tmp_path / "1.yml").read_text(encoding="utf-8") == "b: ü"
    assert (tmp_path / "2.yml").read_bytes() == b"\xed\xb2\x80"
