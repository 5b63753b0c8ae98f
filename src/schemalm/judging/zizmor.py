"""Asks whether zizmor, a tool for the security of workflows, can load documents; its findings do not matter here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from schemalm.judging.batches import in_batches, limit_seconds, write_documents
from schemalm.judging.installation import python_package_file
from schemalm.judging.interface import Document, Message, Verdict
from schemalm.judging.program_judge import ProgramJudge
from schemalm.judging.programs import run_program

# zizmor stops at the first document that it cannot load, and starts again without it: batches are small.
BATCH_SIZE = 50
_OPTIONS = ("--offline", "--no-progress", "--strict-collection", "--no-exit-codes", "--format=json", "--color=never")
_NOT_LOADED = re.compile(r"failed to load file://(?:\./)?(\d+)\.yml as workflow")
_CAUSE = re.compile(r"^ +(?:\d+: )?(\S.*)$", re.MULTILINE)
_LINE = re.compile(r"\bat line (\d+)")


def zizmor() -> ProgramJudge:
    """Return the judge."""
    return ProgramJudge(
        "zizmor",
        "zizmor",
        "zizmor",
        "a tool for security: it can load the document",
        _program(),
        partial(in_batches, _judge_batch, batch_size=BATCH_SIZE),
    )


def _program() -> Path:
    return python_package_file("bin", "zizmor")


def _judge_batch(documents: Sequence[Document]) -> list[Verdict]:
    verdicts = [Verdict()] * len(documents)
    with TemporaryDirectory() as folder:
        remaining = dict(enumerate(write_documents(Path(folder), documents)))
        while remaining:
            command = [str(_program()), *_OPTIONS, *remaining.values()]
            done = run_program(command, folder=Path(folder), limit_seconds=limit_seconds(len(remaining)))
            if done.code == 0:
                break
            refused = _NOT_LOADED.search(done.errors)
            if refused is None or int(refused[1]) not in remaining:
                raise done.failed("zizmor")
            verdicts[int(refused[1])] = Verdict((_message(done.errors),))
            del remaining[int(refused[1])]
    return verdicts


def _message(errors: str) -> Message:
    _, _, causes = errors.partition("Caused by:")
    found = _CAUSE.findall(causes.partition("Stack backtrace:")[0])
    text = found[-1] if found else "failed to load"
    line = _LINE.search(text)
    return Message(text, int(line[1]) if line else 0, kind="load")
