"""Runs actionlint over a folder of documents.

All that actionlint says is an error to it. Some of it is only advice: real workflows that run well break it as often.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from judges.batches import FailedJudgeError, in_batches, run_program, write_documents
from judges.installation import python_program
from judges.verdicts import Message, Verdict

# Runner labels, deprecated commands, constant conditions, and passwords in the document.
ADVICE_KINDS = frozenset({"runner-label", "deprecated-commands", "if-cond", "credentials"})
# Security of caches.
ADVICE_PREFIX = "cache-"
# About versions and inputs of actions. Only the form of `uses` counts.
ACTION_ERRORS = ("specifying action", "tag of Docker action", "URI for Docker container")
UNTRUSTED = "is potentially untrusted"


def judge_with_actionlint(texts: list[str]) -> list[Verdict]:
    """Judges documents; reusable workflows and actions of the same repository are not looked up."""
    return in_batches(_judge_batch, texts)


def is_advice(kind: str, text: str) -> bool:
    """Whether a message of actionlint is no reason to refuse a document."""
    if kind == "action":
        return not text.startswith(ACTION_ERRORS)
    return kind in ADVICE_KINDS or kind.startswith(ADVICE_PREFIX) or (kind == "expression" and UNTRUSTED in text)


def _judge_batch(texts: list[str]) -> list[Verdict]:
    with TemporaryDirectory() as folder:
        names = write_documents(Path(folder), texts)
        options = ("-no-color", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}")
        code, output, errors = run_program([str(python_program("actionlint")), *options, *names], folder=Path(folder))
    if code not in (0, 1) or not output:
        raise FailedJudgeError(f"actionlint ended with {code}: {errors[-200:].strip()}")
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for message in json.loads(output):
        found[message["filepath"]].append(message)
    return [_verdict(found[name]) for name in names]


def _verdict(found: list[dict[str, Any]]) -> Verdict:
    messages = [Message(each["line"], each["message"], each["kind"]) for each in found]
    advice = [message for message in messages if is_advice(message.kind, message.text)]
    return Verdict(tuple(message for message in messages if message not in advice), tuple(advice))
