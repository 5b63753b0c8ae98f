"""What of a corpus is left out, and why: one record that grows while the corpus is read, checked and encoded.

Whoever leaves something out says so here, and whoever ends a work tells people of it from here: as lines of text, as
plain values, and in the error where too little is left to go on. Documents are rejected (text that is no document, or
breaks the schema), dropped as exact duplicates, or never read: files of other kinds, among others, are passed over.
The record is bounded, however much is left out: all is counted, and the first of each are kept by name. Records of
parts of a corpus, put together in order, are the record of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from schemalm.errors import DataError, DocumentError, InvalidDocument, LimitError
from schemalm.messages.visible import visible_line
from schemalm.messages.wording import counted, shortened

# Errors for which a document is left out, and the others are gone on with.
Rejecting: TypeAlias = DocumentError | InvalidDocument | DataError | LimitError

NUM_REASONS = 3  # that a message explains

NUM_KEPT = 1000  # rejections, and duplicates, that are kept by name; beyond them one of each new kind
_NUM_NAMES = 20  # of one kind of things passed over, that are kept
_NUM_KINDS = 2000  # of reasons and of things passed over, that are told apart
_OTHER_REASONS, _OTHER_THINGS = "other reasons", "others"
_NUM_CHARACTERS = 1000  # of a name or reason that is kept
_NUM_SHOWN_NAMES, _NUM_SHOWN_KINDS = 3, 6
_PLACE = re.compile(r"^.*?:\d+:\d+: ")
_PARTICULARS = re.compile(r"'[^']*'|U\+\w+|\b\d[\d,]*\b")


@dataclass(frozen=True)
class Rejection:
    """A document that is left out: its name, why, and the schema's keyword where that is what it breaks.

    `file`, `line` and `pointer` say where, as far as that is known: the file that holds the document, the line of it
    (from 1; of a table the row), and the JSON pointer inside the document.
    """

    name: str
    reason: str
    keyword: str = ""
    file: str = ""
    line: int | None = None
    pointer: str = ""

    @classmethod
    def of(
        cls,
        name: str,
        error: Rejecting,
        *,
        file: str = "",
        line: int | None = None,
    ) -> Rejection:
        """The rejection of a document for an error."""
        reason = shortened(str(error), _NUM_CHARACTERS)
        name = shortened(name, _NUM_CHARACTERS)
        if isinstance(error, InvalidDocument):
            return cls(name, reason, error.keyword, file, line, shortened(error.pointer, _NUM_CHARACTERS))
        if isinstance(error, LimitError):
            pointer = shortened(error.place, _NUM_CHARACTERS)
            return cls(name, f"{pointer or '/'}: {error.explanation}", "", file, line, pointer)
        return cls(name, reason, file=file, line=line)

    @property
    def kind(self) -> str:
        """The schema keyword that the document breaks, else the reason without what only this document has."""
        if self.keyword:
            return f"the schema's {self.keyword}"
        message = _PLACE.sub("", self.reason).removeprefix(f"{self.name}: ").removeprefix(f"{self.pointer or '/'}: ")
        return _PARTICULARS.sub("…", message)

    def __str__(self) -> str:
        is_named = not self.keyword and self.name in self.reason
        return visible_line(self.reason if is_named else f"{self.name}: {self.reason}")


@dataclass(frozen=True)
class Duplicate:
    """A document that is left out because its value is that of an earlier one, whose name is `original`."""

    name: str
    original: str


@dataclass
class Named:
    """Things of one kind: how many, and the names of the first of them."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more, by its name."""
        self.count += 1
        if len(self.names) < _NUM_NAMES:
            self.names.append(shortened(name, _NUM_CHARACTERS))

    def extend(self, other: Named) -> None:
        """Count those of another record as well."""
        self.count += other.count
        self.names = [*self.names, *other.names][:_NUM_NAMES]

    def __str__(self) -> str:
        names = ", ".join(map(visible_line, self.names[:_NUM_SHOWN_NAMES]))
        return f"({self.count:,}): {names}{', …' if self.count > _NUM_SHOWN_NAMES else ''}"


@dataclass
class LeftOut:
    """What was left out so far: `passed_over` by kind, `comments` of JSON files that have some.

    `rejections` and `duplicates` are the first of them, `num_rejected` and `num_duplicates` say how many there were;
    `reasons` counts rejections by kind, and of each kind one at least is kept.
    """

    rejections: list[Rejection] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    passed_over: dict[str, Named] = field(default_factory=dict)
    comments: Named = field(default_factory=Named)
    reasons: dict[str, int] = field(default_factory=dict)
    num_duplicates: int = 0

    def __post_init__(self) -> None:
        if not self.reasons:
            rejections, self.rejections = self.rejections, []
            for rejection in rejections:
                self.reject(rejection)
        self.num_duplicates = self.num_duplicates or len(self.duplicates)

    @property
    def num_rejected(self) -> int:
        """How many documents were rejected."""
        return sum(self.reasons.values())

    def reject(self, rejection: Rejection) -> None:
        """Note a document that is rejected."""
        self._keep(rejection, rejection.kind, 1)

    def drop(self, duplicate: Duplicate) -> None:
        """Note a document that equals an earlier one."""
        self.num_duplicates += 1
        if len(self.duplicates) < NUM_KEPT:
            self.duplicates.append(duplicate)

    def pass_over(self, kind: str, name: str) -> None:
        """Note a file or folder that is not read; `kind` is a plural, as in `.txt files`."""
        self._passed_over(kind).add(name)

    def extend(self, other: LeftOut) -> None:
        """Note what another record has as well."""
        for rejection in other.rejections:
            self._keep(rejection, rejection.kind if rejection.kind in other.reasons else _OTHER_REASONS, 0)
        for reason, count in other.reasons.items():
            self.reasons[_known(reason, self.reasons, _OTHER_REASONS)] += count
        self.duplicates += other.duplicates[: NUM_KEPT - len(self.duplicates)]
        self.num_duplicates += other.num_duplicates
        self.comments.extend(other.comments)
        for kind, passed in other.passed_over.items():
            self._passed_over(kind).extend(passed)

    def _keep(self, rejection: Rejection, reason: str, number: int) -> None:
        """Keep a rejection that is among the first, or the first of its kind, and count so many of that kind."""
        known = _known(reason, self.reasons, _OTHER_REASONS)
        if known not in self.reasons or len(self.rejections) < NUM_KEPT:
            self.rejections.append(rejection)
        self.reasons[known] = self.reasons.get(known, 0) + number

    def _passed_over(self, kind: str) -> Named:
        return self.passed_over.setdefault(_known(kind, self.passed_over, _OTHER_THINGS), Named())

    @property
    def breaks_schema(self) -> bool:
        """Whether a document was rejected by the schema: a text that is no document says nothing of it."""
        return any(rejection.keyword for rejection in self.rejections)

    def count_reasons(self) -> dict[str, int]:
        """How many documents each kind of reason rejected, most frequent first."""
        return dict(sorted(self.reasons.items(), key=lambda item: -item[1]))

    def explanation(self) -> list[str]:
        """All in a few lines: the commonest reasons, each with its count and one example, and what else is missing."""
        return [*self._commonest_reasons(), *self.unread()]

    def unread(self) -> list[str]:
        """Lines about duplicates, what was passed over, and comments; none where there is nothing of these."""
        lines = []
        if self.duplicates:
            first = self.duplicates[0]
            number = counted(self.num_duplicates, "exact duplicate")
            example = visible_line(f"{first.name}, which equals {first.original}")
            lines.append(f"{number} left out, for example {example}")
        if self.passed_over:
            lines.append(f"passed over: {'; '.join(self._kinds())}")
        if self.comments.count:
            lines.append(f"JSON that was read without its comments or trailing commas {self.comments}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "num_rejected": self.num_rejected,
            "rejected": [asdict(rejection) for rejection in self.rejections],
            "rejected_by_reason": self.count_reasons(),
            "num_duplicates": self.num_duplicates,
            "duplicates": [asdict(duplicate) for duplicate in self.duplicates],
            "passed_over": [{"kind": kind, **asdict(passed)} for kind, passed in self.passed_over.items()],
            "json_with_comments": asdict(self.comments),
        }

    @classmethod
    def from_dict(cls, described: dict[str, Any]) -> LeftOut:
        """The record that `to_dict` described; raises `KeyError` or `TypeError` for what is none."""
        return cls(
            [Rejection(**rejection) for rejection in described["rejected"]],
            [Duplicate(**duplicate) for duplicate in described["duplicates"]],
            {passed["kind"]: Named(passed["count"], passed["names"]) for passed in described["passed_over"]},
            Named(**described["json_with_comments"]),
            described["rejected_by_reason"],
            described.get("num_duplicates", 0),
        )

    def _commonest_reasons(self) -> Iterator[str]:
        examples = {rejection.kind: rejection for rejection in reversed(self.rejections)}
        counts = self.count_reasons()
        for kind in list(counts)[:NUM_REASONS]:
            # A kind that is no keyword is the example's reason without its particulars: once is enough.
            example = examples.get(kind)
            broken = f": {kind};" if example is None or example.keyword else ","
            yield f"{counts[kind]:,} rejected{broken} for example {example or self.rejections[-1]}"
        if len(counts) > NUM_REASONS:
            others = list(counts.values())[NUM_REASONS:]
            yield f"{sum(others):,} rejected for {counted(len(others), 'other reason')}"

    def _kinds(self) -> Iterator[str]:
        """Each kind with its count and some names; links first, as documents may stand behind them."""
        found = sorted(self.passed_over.items(), key=lambda item: (not item[0].startswith("links"), -item[1].count))
        for kind, passed in found[:_NUM_SHOWN_KINDS]:
            yield f"{kind} {passed}"
        if len(found) > _NUM_SHOWN_KINDS:
            yield counted(len(found) - _NUM_SHOWN_KINDS, "other kind")


def _known(kind: str, counted_kinds: Mapping[str, object], others: str) -> str:
    """The kind itself, or what stands for all others where there are too many already."""
    return kind if kind in counted_kinds or len(counted_kinds) < _NUM_KINDS else others


def too_little(problem: str, left_out: LeftOut) -> DataError:
    """The error where too little of a corpus is left to go on: what the problem is, and what became of the rest."""
    return DataError("\n  ".join([problem, *left_out.explanation()]))
