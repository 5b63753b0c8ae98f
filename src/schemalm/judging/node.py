"""The judges that are npm packages: each in one Node process for a batch, which reads and writes JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from schemalm.documents import canonical_json
from schemalm.judging.batches import in_batches, limit_seconds
from schemalm.judging.installation import node, node_package, part_folder, required
from schemalm.judging.interface import Document, Message, Verdict, shorten
from schemalm.judging.program_judge import ProgramJudge
from schemalm.judging.programs import run_program

SCRIPT = "judge.mjs"


def github_parser() -> ProgramJudge:
    """Return the judge that is GitHub's own parser of workflows."""
    package, meaning = "@actions/workflow-parser", "GitHub's parser: no error in reading and converting"
    return _npm("github-parser", package, "GitHub's workflow parser", meaning)


def language_service() -> ProgramJudge:
    """Return the judge that is GitHub's support for editors; its warnings are advice."""
    package, meaning = "@actions/languageservice", "GitHub's editor support: no diagnostic that is an error"
    return _npm("language-service", package, "GitHub's language service", meaning)


def action_validator() -> ProgramJudge:
    """Return the judge that is the program action-validator."""
    package, meaning = "@action-validator/core", "a validator: schema, and some references"
    return _npm("action-validator", package, "action-validator", meaning)


def typescript() -> ProgramJudge:
    """Return the judge that reads `tsconfig.json` as `tsc --showConfig` does, without looking for its files."""
    meaning = "the compiler: no error in reading the configuration"
    return _npm("tsc", "typescript", "the TypeScript compiler", meaning, _json_text)


def _written_text(document: Document) -> str:
    return document.text


def _npm(
    name: str, package: str, program: str, meaning: str, text_of: Callable[[Document], str] = _written_text
) -> ProgramJudge:
    ask = partial(in_batches, partial(_judge_batch, name, text_of))
    return ProgramJudge(name, package, program, meaning, node_package(package), ask, needs_node=True)


def _json_text(document: Document) -> str:
    """Return the document as JSON: as it is written if that is JSON, with its comments."""
    if document.fault or document.may_be_json:
        return document.text
    return canonical_json(document.value).decode()


def _judge_batch(name: str, text_of: Callable[[Document], str], documents: Sequence[Document]) -> list[Verdict]:
    texts = [text_of(document) for document in documents]
    command = [node(), str(required(SCRIPT)), name, str(part_folder("npm"))]
    lines = "".join(f"{json.dumps(text)}\n" for text in texts)
    done = run_program(command, lines, limit_seconds=limit_seconds(len(documents)))
    answers = done.output.splitlines()
    if done.code != 0 or len(answers) != len(documents):
        raise done.failed(name)
    return [
        _verdict(json.loads(answer), has_lines=text == document.text)
        for answer, text, document in zip(answers, texts, documents, strict=True)
    ]


def _verdict(answer: dict[str, Any], *, has_lines: bool) -> Verdict:
    """Return the verdict of one answer: `messages`, each an error or advice, or the `failure` of the package.

    has_lines: whether the lines are those of the document's own text.
    """
    found = [
        (each["advice"], Message(shorten(each["text"]), each["line"] if has_lines else 0, kind=each["kind"]))
        for each in answer["messages"]
    ]
    return Verdict(
        tuple(message for advice, message in found if not advice),
        tuple(message for advice, message in found if advice),
        shorten(answer["failure"]),
    )
