"""Counts verdicts, and groups the messages that differ only in the document's own words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from schemalm.judging.interface import Message, Verdict
from schemalm.judging.intervals import share_interval

# What a message repeats of the document: quoted text, types of expressions, numbers.
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`")
_BRACES = re.compile(r"\{[^{}]*\}")
_NUMBER = re.compile(r"\d+")
# So deep are types nested in messages.
_NUM_LEVELS = 6
# Of a message that is grouped: more than programs write of their own.
_MAX_READ_CHARACTERS = 2000
_MAX_CHARACTERS = 160


@dataclass(frozen=True)
class Group:
    """Messages of one kind: in how many documents, and one of them with the document's name."""

    kind: str
    text: str
    num_documents: int
    example: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}" if self.kind else self.text


@dataclass(frozen=True)
class Tally:
    """How many of `num_documents` a judge accepts, refuses, and has no verdict on; and how many have its advice."""

    num_documents: int
    num_accepted: int
    num_refused: int
    num_with_advice: int

    @classmethod
    def of(cls, verdicts: Sequence[Verdict]) -> Tally:
        """Return the counts of verdicts."""
        return cls(
            len(verdicts),
            sum(verdict.accepted is True for verdict in verdicts),
            sum(verdict.accepted is False for verdict in verdicts),
            sum(bool(verdict.advice) for verdict in verdicts),
        )

    @property
    def num_judged(self) -> int:
        """How many documents have a verdict."""
        return self.num_accepted + self.num_refused

    @property
    def num_not_judged(self) -> int:
        """How many documents have no verdict."""
        return self.num_documents - self.num_judged

    @property
    def share(self) -> float | None:
        """The share of accepted documents among those with a verdict; None if there are none."""
        return self.num_accepted / self.num_judged if self.num_judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share."""
        return share_interval(self.num_accepted, self.num_judged)

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, the share and its interval as plain values."""
        return {**asdict(self), "num_not_judged": self.num_not_judged, "share": self.share, "interval": self.interval}


def of_all_judges(verdicts: Mapping[str, Sequence[Verdict]]) -> list[Verdict]:
    """Return one verdict for each document, from all judges: it is accepted if all of them accept it.

    It is not judged if none refuses it and one has no verdict.
    """
    return [_joined(dict(zip(verdicts, found, strict=True))) for found in zip(*verdicts.values(), strict=True)]


def _joined(found: Mapping[str, Verdict]) -> Verdict:
    errors = tuple(message for verdict in found.values() for message in verdict.errors)
    advice = tuple(message for verdict in found.values() for message in verdict.advice)
    failures = [f"{name}: {verdict.failure}" for name, verdict in found.items() if verdict.failure]
    return Verdict(errors, advice, "" if errors else "; ".join(failures))


def pattern(message: Message) -> str:
    """Return a message without what it repeats of the document."""
    text = _QUOTED.sub("'…'", message.text[:_MAX_READ_CHARACTERS])
    for _ in range(_NUM_LEVELS):
        text = _BRACES.sub("…", text)
    return _NUMBER.sub("N", text)[:_MAX_CHARACTERS]


def grouped(names: Sequence[str], found: Iterable[Sequence[Message]]) -> list[Group]:
    """Return the messages on documents by kind, the most frequent first; `names` are those of the documents."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], str] = {}
    for name, messages in zip(names, found, strict=True):
        kinds = {(message.kind, pattern(message)): message for message in messages}
        counts.update(kinds.keys())
        for key, message in kinds.items():
            examples.setdefault(key, f"{located(name, message)}: {message.text}")
    return [Group(kind, text, count, examples[kind, text]) for (kind, text), count in counts.most_common()]


def located(name: str, message: Message) -> str:
    """Return the place of a message: `FILE:LINE`, or the document's name if the line is unknown."""
    return f"{name}:{message.line}" if message.line else name
