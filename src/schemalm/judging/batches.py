"""Asks a program about many documents, in batches: one that makes the program fail cannot spoil the verdicts of others.

A batch that fails is halved until the documents that the program fails on are alone. A program that fails again and
again without a verdict in between is not asked any more, so a broken one costs a few runs, whatever the documents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from schemalm.judging.interface import Document, Verdict
from schemalm.judging.programs import FailedJudgeError

BATCH_SIZE = 100
# Halving finds one document among a hundred in seven runs.
MAX_FAILED_RUNS = 16
# To start a program, and for each document: the slowest needs up to 0.1 s for one on a busy machine.
_START_SECONDS, _DOCUMENT_SECONDS = 30, 1

JudgeBatch = Callable[[Sequence[Document]], list[Verdict]]


def limit_seconds(num_documents: int) -> float:
    """Return the time in seconds that a program may take for a batch."""
    return _START_SECONDS + _DOCUMENT_SECONDS * num_documents


def in_batches(
    judge_batch: JudgeBatch, documents: Sequence[Document], *, batch_size: int = BATCH_SIZE
) -> list[Verdict]:
    """Return the verdicts on documents; one that the program fails on by itself has the failure as its verdict.

    judge_batch: returns the verdicts on a batch; raises `FailedJudgeError` if there are none.
    """
    halving = _Halving(judge_batch)
    starts = range(0, len(documents), batch_size)
    return [verdict for start in starts for verdict in halving.judge(documents[start : start + batch_size])]


class _Halving:
    """Asks about a batch, and about its halves if that fails."""

    def __init__(self, judge_batch: JudgeBatch) -> None:
        self._judge_batch = judge_batch
        self._num_failed = 0  # since the last verdict
        self._failure = ""

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        if self._num_failed < MAX_FAILED_RUNS:
            try:
                verdicts = self._judge_batch(documents)
            except FailedJudgeError as failure:
                self._num_failed += 1
                self._failure = str(failure)
            else:
                self._num_failed = 0
                return verdicts
            if len(documents) > 1:
                middle = len(documents) // 2
                return self.judge(documents[:middle]) + self.judge(documents[middle:])
        return [Verdict(failure=self._failure)] * len(documents)


def write_documents(folder: Path, documents: Sequence[Document]) -> list[str]:
    """Write the text of each to a file of its own, and return the names of the files: `0.yml`, `1.yml`, ..."""
    names = [f"{index}.yml" for index in range(len(documents))]
    for name, document in zip(names, documents, strict=True):
        write_text(folder / name, document.text)
    return names


def write_text(path: Path, text: str) -> None:
    """Write a text as it is, with half characters too."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
