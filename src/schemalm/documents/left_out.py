"""The record of the documents and files of a corpus that were left out, and why.

The code that reads, checks and encodes a corpus adds to the record. At the end, the record is shown as lines of text,
written as plain values, or put into an error if too little is left to continue. A document is rejected (its text is not
a document, or breaks the schema) or dropped as an exact duplicate; a file is passed over, for example if it is of
another kind. The record is bounded: everything is counted, but only the first of each kind are kept by name. Merging
the records of the parts of a corpus, in order, yields the record of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from schemalm.errors import DataError, DocumentError, InvalidDocument, LimitError
from schemalm.messages.visible import visible_line
from schemalm.messages.wording import counted, shortened

# The errors that reject one document, without stopping the work on the others.
Rejecting: TypeAlias = DocumentError | InvalidDocument | DataError | LimitError

NUM_REASONS = 3  # shown in a message

NUM_KEPT = 1000  # rejections, and duplicates, kept by name; beyond that, one rejection of each new kind
_NUM_NAMES = 20  # kept for each kind of files passed over
_NUM_KINDS = 2000  # of reasons, and of files passed over, that are counted separately
_OTHER_REASONS, _OTHER_THINGS = "other reasons", "others"
_NUM_CHARACTERS = 1000  # kept of a name or reason
_NUM_SHOWN_NAMES, _NUM_SHOWN_KINDS = 3, 6
_PLACE = re.compile(r"^.*?:\d+:\d+: ")
_PARTICULARS = re.compile(r"'[^']*'|U\+\w+|\b\d[\d,]*\b")


@dataclass(frozen=True)
class Rejection:
    """A rejected document: its name, the reason, and the keyword if it breaks the schema.

    `file`, `line` and `pointer` say where, if known: the file with the document, the line in it (from 1; in a table the
    row), and the JSON pointer inside the document.
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
        """Return the rejection of a document because of an error."""
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
        """The schema keyword that the document breaks, else the reason without the details of this document."""
        if self.keyword:
            return f"the schema's {self.keyword}"
        message = _PLACE.sub("", self.reason).removeprefix(f"{self.name}: ").removeprefix(f"{self.pointer or '/'}: ")
        return _PARTICULARS.sub("…", message)

    def __str__(self) -> str:
        is_named = not self.keyword and self.name in self.reason
        return visible_line(self.reason if is_named else f"{self.name}: {self.reason}")


@dataclass(frozen=True)
class Duplicate:
    """A document that is left out because its value equals that of an earlier one, named `original`."""

    name: str
    original: str


@dataclass
class Named:
    """Files of one kind: their number, and the names of the first ones."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one more, and keep its name if it is among the first."""
        self.count += 1
        if len(self.names) < _NUM_NAMES:
            self.names.append(shortened(name, _NUM_CHARACTERS))

    def extend(self, other: Named) -> None:
        """Add those of another record."""
        self.count += other.count
        self.names = [*self.names, *other.names][:_NUM_NAMES]

    def __str__(self) -> str:
        names = ", ".join(map(visible_line, self.names[:_NUM_SHOWN_NAMES]))
        return f"({self.count:,}): {names}{', …' if self.count > _NUM_SHOWN_NAMES else ''}"


@dataclass
class LeftOut:
    """Everything left out so far: `passed_over` by kind, and in `comments` the JSON files that have comments.

    `rejections` and `duplicates` are only the first ones; `num_rejected` and `num_duplicates` are the full counts.
    `reasons` counts rejections by kind; at least one rejection of each kind is kept.
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
        """The number of rejected documents."""
        return sum(self.reasons.values())

    def reject(self, rejection: Rejection) -> None:
        """Record a rejected document."""
        self._keep(rejection, rejection.kind, 1)

    def drop(self, duplicate: Duplicate) -> None:
        """Record a document that equals an earlier one."""
        self.num_duplicates += 1
        if len(self.duplicates) < NUM_KEPT:
            self.duplicates.append(duplicate)

    def pass_over(self, kind: str, name: str) -> None:
        """Record a file or folder that is not read; `kind` is a plural such as `.txt files`."""
        self._passed_over(kind).add(name)

    def extend(self, other: LeftOut) -> None:
        """Add everything from another record."""
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
        """Keep a rejection if it is among the first, or the first of its kind, and add `number` to its count."""
        known = _known(reason, self.reasons, _OTHER_REASONS)
        if known not in self.reasons or len(self.rejections) < NUM_KEPT:
            self.rejections.append(rejection)
        self.reasons[known] = self.reasons.get(known, 0) + number

    def _passed_over(self, kind: str) -> Named:
        return self.passed_over.setdefault(_known(kind, self.passed_over, _OTHER_THINGS), Named())

    @property
    def breaks_schema(self) -> bool:
        """Whether the schema rejected a document; text that is not a document does not count."""
        return any(rejection.keyword for rejection in self.rejections)

    def count_reasons(self) -> dict[str, int]:
        """Return the number of rejected documents by kind of reason, the most frequent first."""
        return dict(sorted(self.reasons.items(), key=lambda item: -item[1]))

    def explanation(self) -> list[str]:
        """Return a few lines of text: the most common reasons with counts and examples, then the lines of `unread`."""
        return [*self._commonest_reasons(), *self.unread()]

    def unread(self) -> list[str]:
        """Return the lines about duplicates, files passed over and comments, if there are any."""
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
        """Return the record as plain values."""
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
        """Return the record that `to_dict` described; raises `KeyError` or `TypeError` for anything else."""
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
            # A kind that is not a keyword is the example's reason without its details: showing it once is enough.
            example = examples.get(kind)
            broken = f": {kind};" if example is None or example.keyword else ","
            yield f"{counts[kind]:,} rejected{broken} for example {example or self.rejections[-1]}"
        if len(counts) > NUM_REASONS:
            others = list(counts.values())[NUM_REASONS:]
            yield f"{sum(others):,} rejected for {counted(len(others), 'other reason')}"

    def _kinds(self) -> Iterator[str]:
        """Yield each kind with its count and some names; links first, since documents may be behind them."""
        found = sorted(self.passed_over.items(), key=lambda item: (not item[0].startswith("links"), -item[1].count))
        for kind, passed in found[:_NUM_SHOWN_KINDS]:
            yield f"{kind} {passed}"
        if len(found) > _NUM_SHOWN_KINDS:
            yield counted(len(found) - _NUM_SHOWN_KINDS, "other kind")


def _known(kind: str, counted_kinds: Mapping[str, object], others: str) -> str:
    """Return the kind itself, or `others` if it is new and there are too many kinds already."""
    return kind if kind in counted_kinds or len(counted_kinds) < _NUM_KINDS else others


def left_out_error(problem: str, left_out: LeftOut) -> DataError:
    """Return the error for a corpus of which too little is left: the problem, and what was left out and why."""
    return DataError("\n  ".join([problem, *left_out.explanation()]))
