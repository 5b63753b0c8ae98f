"""Runs the judges that are npm packages: each in one Node process, which reads and writes JSON Lines."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from judges.batches import FailedJudgeError, in_batches, run_program
from judges.installation import FOLDER, node
from judges.verdicts import Message, Verdict

SCRIPT = Path(__file__).with_name("judge.mjs")


def judge_with_node(name: str, texts: list[str]) -> list[Verdict]:
    """Judges documents with the judge `name` of `judge.mjs`."""
    return in_batches(partial(_judge_batch, name), texts)


def _judge_batch(name: str, texts: list[str]) -> list[Verdict]:
    lines = "".join(f"{json.dumps(text)}\n" for text in texts)
    code, output, errors = run_program([node(), str(SCRIPT), name, str(FOLDER)], lines)
    answers = output.splitlines()
    if code != 0 or len(answers) != len(texts):
        raise FailedJudgeError(f"{name} ended with {code} after {len(answers)} verdicts: {errors[-200:].strip()}")
    return [_verdict(json.loads(answer)) for answer in answers]


def _verdict(found: list[dict[str, Any]]) -> Verdict:
    messages = [(each["advice"], Message(each["line"], each["text"], each["kind"])) for each in found]
    return Verdict(
        tuple(message for advice, message in messages if not advice),
        tuple(message for advice, message in messages if advice),
    )
