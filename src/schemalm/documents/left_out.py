"""What of a corpus is left out, and why: one record that grows while the corpus is read, checked and encoded.

Whoever leaves something out says so here, and whoever ends a work tells people of it from here: as lines of text, as
plain values, and in the error where too little is left to go on. Documents are rejected (text that is no document, or
breaks the schema), dropped as exact duplicates, or never read: a folder's links and files of other kinds are passed
over. Names of rejected and duplicate documents are all kept, of what is passed over the first of each kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from schemalm.errors import DataError, DocumentError, InvalidDocument
from schemalm.wording import counted

NUM_REASONS = 3  # that a message explains
LINKS = "symbolic links, not followed"

_NUM_NAMES = 20  # of one kind, that are kept
_NUM_SHOWN_NAMES, _NUM_SHOWN_KINDS = 3, 6
_PLACE = re.compile(r"^.*?:\d+:\d+: ")
_PARTICULARS = re.compile(r"'[^']*'|U\+\w+|\b\d+\b")


@dataclass(frozen=True)
class Rejection:
    """A document that is left out: its name, why, and the schema's keyword where that is what it breaks."""

    name: str
    reason: str
    keyword: str = ""

    @classmethod
    def of(cls, name: str, error: DocumentError | InvalidDocument | DataError) -> Rejection:
        """The rejection of a document for an error."""
        return cls(name, str(error), error.keyword if isinstance(error, InvalidDocument) else "")

    @property
    def kind(self) -> str:
        """The schema keyword that the document breaks, else the reason without what only this document has."""
        if self.keyword:
            return f"the schema's {self.keyword}"
        message = _PLACE.sub("", self.reason).removeprefix(f"{self.name}: ")
        return _PARTICULARS.sub("…", message)

    def __str__(self) -> str:
        is_named = not self.keyword and self.name in self.reason
        return self.reason if is_named else f"{self.name}: {self.reason}"


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
            self.names.append(name)

    def extend(self, other: Named) -> None:
        """Count those of another record as well."""
        self.count += other.count
        self.names = [*self.names, *other.names][:_NUM_NAMES]

    def __str__(self) -> str:
        names = ", ".join(self.names[:_NUM_SHOWN_NAMES])
        return f"({self.count:,}): {names}{', …' if self.count > _NUM_SHOWN_NAMES else ''}"


@dataclass
class LeftOut:
    """What was left out so far: `passed_over` by kind, `comments` of JSON files that have some."""

    rejections: list[Rejection] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    passed_over: dict[str, Named] = field(default_factory=dict)
    comments: Named = field(default_factory=Named)

    def pass_over(self, kind: str, name: str) -> None:
        """Note a file or folder that is not read; `kind` is a plural, as in `.txt files`."""
        self.passed_over.setdefault(kind, Named()).add(name)

    def extend(self, other: LeftOut) -> None:
        """Note what another record has as well."""
        self.rejections += other.rejections
        self.duplicates += other.duplicates
        self.comments.extend(other.comments)
        for kind, passed in other.passed_over.items():
            self.passed_over.setdefault(kind, Named()).extend(passed)

    @property
    def breaks_schema(self) -> bool:
        """Whether a document was rejected by the schema: a text that is no document says nothing of it."""
        return any(rejection.keyword for rejection in self.rejections)

    def count_reasons(self) -> dict[str, int]:
        """How many documents each kind of reason rejected, most frequent first."""
        return dict(Counter(rejection.kind for rejection in self.rejections).most_common())

    def explanation(self) -> list[str]:
        """All in a few lines: the commonest reasons, each with its count and one example, and what else is missing."""
        return [*self._commonest_reasons(), *self.unread()]

    def unread(self) -> list[str]:
        """Lines about duplicates, what was passed over, and comments; none where there is nothing of these."""
        lines = []
        if self.duplicates:
            first = self.duplicates[0]
            number = counted(len(self.duplicates), "exact duplicate")
            lines.append(f"{number} left out, for example {first.name}, which equals {first.original}")
        if self.passed_over:
            lines.append(f"passed over: {'; '.join(self._kinds())}")
        if self.comments.count:
            lines.append(f"JSON that was read without its comments or trailing commas {self.comments}")
        return lines

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, every document included."""
        return {
            "rejected": [asdict(rejection) for rejection in self.rejections],
            "rejected_by_reason": self.count_reasons(),
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
        )

    def _commonest_reasons(self) -> Iterator[str]:
        examples = {rejection.kind: rejection for rejection in reversed(self.rejections)}
        counts = self.count_reasons()
        for kind in list(counts)[:NUM_REASONS]:
            # A kind that is no keyword is the example's reason without its particulars: once is enough.
            broken = f": {kind};" if examples[kind].keyword else ","
            yield f"{counts[kind]:,} rejected{broken} for example {examples[kind]}"
        if len(counts) > NUM_REASONS:
            others = list(counts.values())[NUM_REASONS:]
            yield f"{sum(others):,} rejected for {counted(len(others), 'other reason')}"

    def _kinds(self) -> Iterator[str]:
        """Each kind with its count and some names; links first, as documents may stand behind them."""
        found = sorted(self.passed_over.items(), key=lambda item: (item[0] != LINKS, -item[1].count))
        for kind, passed in found[:_NUM_SHOWN_KINDS]:
            yield f"{kind} {passed}"
        if len(found) > _NUM_SHOWN_KINDS:
            yield counted(len(found) - _NUM_SHOWN_KINDS, "other kind")


def too_little(problem: str, left_out: LeftOut) -> DataError:
    """The error where too little of a corpus is left to go on: what the problem is, and what became of the rest."""
    return DataError("\n  ".join([problem, *left_out.explanation()]))
