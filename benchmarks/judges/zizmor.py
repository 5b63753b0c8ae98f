"""Asks whether zizmor, a tool for the security of workflows, can load documents; its findings do not matter here."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from judges.batches import FailedJudgeError, in_batches, run_program, write_documents
from judges.installation import python_program
from judges.verdicts import Message, Verdict

# zizmor stops at the first document that it cannot load, and starts again without it: batches are small.
BATCH_SIZE = 50
_OPTIONS = ("--offline", "--no-progress", "--strict-collection", "--no-exit-codes", "--format=json", "--color=never")
_NOT_LOADED = re.compile(r"failed to load file://(?:\./)?(\d+)\.yml as workflow")
_CAUSE = re.compile(r"^ +(?:\d+: )?(\S.*)$", re.MULTILINE)


def judge_with_zizmor(texts: list[str]) -> list[Verdict]:
    """Accepts the documents that zizmor can load."""
    return in_batches(_judge_batch, texts, BATCH_SIZE)


def _judge_batch(texts: list[str]) -> list[Verdict]:
    verdicts = [Verdict()] * len(texts)
    with TemporaryDirectory() as folder:
        remaining = dict(enumerate(write_documents(Path(folder), texts)))
        while remaining:
            command = [str(python_program("zizmor")), *_OPTIONS, *remaining.values()]
            code, _, errors = run_program(command, folder=Path(folder))
            if code == 0:
                break
            refused = _NOT_LOADED.search(errors)
            if refused is None or int(refused[1]) not in remaining:
                raise FailedJudgeError(f"zizmor ended with {code}: {errors[-200:].strip()}")
            verdicts[int(refused[1])] = Verdict((Message(0, _cause(errors), "load"),))
            del remaining[int(refused[1])]
    return verdicts


def _cause(errors: str) -> str:
    _, _, causes = errors.partition("Caused by:")
    found = _CAUSE.findall(causes.partition("Stack backtrace:")[0])
    return found[-1] if found else "failed to load"
