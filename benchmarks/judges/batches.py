"""Asks a judge about many documents, in batches: one that makes the judge fail cannot spoil the verdicts of others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from judges.verdicts import Message, Verdict

BATCH_SIZE = 100
# Of one batch; it is halved if it needs longer. The slowest judge needs up to 0.1 s a document on a busy machine.
LIMIT_SECONDS = 120


class FailedJudgeError(Exception):
    """A program ended without verdicts."""


def run_program(command: Sequence[str], text: str | None = None, folder: Path | None = None) -> tuple[int, str, str]:
    """Returns the exit code, the output and the errors of a program; raises `FailedJudgeError` if it takes too long."""
    try:
        done = subprocess.run(
            command,
            input=text,
            cwd=folder,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise FailedJudgeError(f"no verdict within {LIMIT_SECONDS} s") from None
    return done.returncode, done.stdout, done.stderr


def in_batches(
    judge_batch: Callable[[list[str]], list[Verdict]], texts: Sequence[str], size: int = BATCH_SIZE
) -> list[Verdict]:
    """Judges the documents, and halves each batch that the judge fails on.

    A document that the judge fails on by itself is refused, with the failure as the message.
    """
    verdicts: list[Verdict] = []
    for start in range(0, len(texts), size):
        verdicts += _judge(judge_batch, list(texts[start : start + size]))
    return verdicts


def _judge(judge_batch: Callable[[list[str]], list[Verdict]], texts: list[str]) -> list[Verdict]:
    try:
        return judge_batch(texts)
    except FailedJudgeError as failure:
        if len(texts) == 1:
            return [Verdict((Message(0, str(failure), "crash"),))]
    middle = len(texts) // 2
    return _judge(judge_batch, texts[:middle]) + _judge(judge_batch, texts[middle:])


def write_documents(folder: Path, texts: Sequence[str]) -> list[str]:
    """Writes each document to a file of its own, and returns the names of the files: `0.yml`, `1.yml`, ..."""
    names = [f"{index}.yml" for index in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    return names
