"""Counts verdicts, and groups the messages that differ only in the document's own words."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from judges.verdicts import Message, Verdict

# What a message repeats of the document: quoted text, types of expressions, numbers.
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`")
_BRACES = re.compile(r"\{[^{}]*\}")
_NUMBER = re.compile(r"\d+")
# So deep are types nested in messages.
_NUM_LEVELS = 6
_MAX_CHARACTERS = 160


@dataclass(frozen=True)
class Group:
    """Messages of one kind: in how many documents, and one of them with its source."""

    kind: str
    text: str
    num_documents: int
    example: str


def pattern(message: Message) -> str:
    """A message without what it repeats of the document."""
    text = _QUOTED.sub("'…'", message.text)
    for _ in range(_NUM_LEVELS):
        text = _BRACES.sub("…", text)
    return _NUMBER.sub("N", text)[:_MAX_CHARACTERS]


def reasons(sources: list[str], verdicts: list[Verdict]) -> list[Group]:
    """The reasons to refuse documents, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for source, verdict in zip(sources, verdicts, strict=True):
        found = {(message.kind, pattern(message)): message for message in verdict.messages}
        counts.update(found.keys())
        for key, message in found.items():
            examples.setdefault(key, f"{source}, line {message.line}: {message.text}")
    return [Group(kind, text, count, examples[kind, text]) for (kind, text), count in counts.most_common()]
