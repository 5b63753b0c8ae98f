"""What judges said about documents, as text, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from schemalm.cli.judge_inputs import Given
from schemalm.judging import Judge, Message, Verdict
from schemalm.judging.summary import Group, Tally, grouped, of_all_judges
from schemalm.messages.visible import visible_line
from schemalm.messages.wording import counted

COLUMNS = ("judge", "accepted", "share", "95 % interval", "refused", "not judged", "with advice")
ALL = "all judges"
# Of the text; JSON has everything.
NUM_SHOWN_DOCUMENTS, NUM_SHOWN_ERRORS, NUM_SHOWN_REASONS = 20, 5, 5


@dataclass(frozen=True)
class Report:
    """The verdicts of the judges asked on the documents given, by the judge's name.

    missing: known judges that could not be asked. unreadable: files and rows that cannot be read, with the reason.
    """

    schema: str
    rules: str | None
    given: Sequence[Given]
    asked: Sequence[Judge]
    found: Mapping[str, Sequence[Verdict]]
    missing: Sequence[Judge]
    unreadable: Mapping[str, str]

    @cached_property
    def all(self) -> list[tuple[Given, Verdict]]:
        """Each document with the verdict of all judges together."""
        return list(zip(self.given, of_all_judges(self.found), strict=True))

    @property
    def accepts_all(self) -> bool:
        """Whether every judge accepts every document."""
        return all(verdict.accepted for _, verdict in self.all)

    @property
    def tallies(self) -> dict[str, Tally]:
        """The counts by judge, and those of all judges together."""
        tallies = {name: Tally.of(verdicts) for name, verdicts in self.found.items()}
        return tallies | {ALL: Tally.of([verdict for _, verdict in self.all])}

    def rows(self) -> list[tuple[str, ...]]:
        """Return the rows of the table, one for each judge and one for all."""
        return [_row(name, tally) for name, tally in self.tallies.items()]

    def lines(self) -> Iterator[str]:
        """Yield the first documents that are not accepted with the reasons, and the most frequent reasons by judge."""
        others = [index for index, (_, verdict) in enumerate(self.all) if not verdict.accepted]
        for index in others[:NUM_SHOWN_DOCUMENTS]:
            for name, verdicts in self.found.items():
                yield from _reasons(self.given[index], name, verdicts[index])
            yield ""
        if len(others) > NUM_SHOWN_DOCUMENTS:
            yield f"... and {counted(len(others) - NUM_SHOWN_DOCUMENTS, 'more document')} (--json lists all)\n"
        for name in self.found:
            yield from _frequent(name, self._grouped(name)["reasons"])

    def _grouped(self, name: str) -> dict[str, list[Group]]:
        """Return the groups of a judge's reasons, its advice, and its failures."""
        names, verdicts = [one.document.name for one in self.given], self.found[name]
        failures = [[Message(verdict.failure)] if verdict.failure else [] for verdict in verdicts]
        return {
            "reasons": grouped(names, [verdict.errors for verdict in verdicts]),
            "advice": grouped(names, [verdict.advice for verdict in verdicts]),
            "failures": grouped(names, failures),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values: counts by judge, and every document that is not accepted by all."""
        tallies = self.tallies
        return {
            "schema": self.schema,
            "rules": self.rules,
            "num_documents": len(self.given),
            "all_judges": tallies[ALL].to_dict(),
            "judges": [
                {**_described(judge), **tallies[judge.name].to_dict(), **self._groups_as_json(judge.name)}
                for judge in self.asked
            ],
            "missing": [{**_described(judge), "why_not": judge.why_not} for judge in self.missing],
            "not_accepted": [
                self._as_json(index) for index, (_, verdict) in enumerate(self.all) if not verdict.accepted
            ],
            "unreadable": [{"file": name, "reason": reason} for name, reason in self.unreadable.items()],
        }

    def _groups_as_json(self, name: str) -> dict[str, Any]:
        return {kind: [asdict(group) for group in groups] for kind, groups in self._grouped(name).items()}

    def _as_json(self, index: int) -> dict[str, Any]:
        """Return a document, with what each judge that does not accept it says; lines are those of the document."""
        one = self.given[index]
        said = {name: verdicts[index] for name, verdicts in self.found.items() if not verdicts[index].accepted}
        return {
            "document": one.document.name,
            "file": one.source.name,
            "first_line": one.first_line or None,
            "verdicts": {name: asdict(verdict) for name, verdict in said.items()},
        }


def _described(judge: Judge) -> dict[str, str]:
    return {"name": judge.name, "title": judge.title, "meaning": judge.meaning}


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    low, high = tally.interval
    share = "-" if tally.share is None else f"{tally.share:.1%}"
    counts = (tally.num_refused, tally.num_not_judged, tally.num_with_advice)
    accepted = f"{tally.num_accepted:,} of {tally.num_judged:,}"
    return (name, accepted, share, f"{low:.1%} to {high:.1%}", *(f"{count:,}" for count in counts))


def _reasons(one: Given, name: str, verdict: Verdict) -> Iterator[str]:
    """Yield why a judge does not accept a document."""
    if verdict.failure:
        yield f"{visible_line(one.document.name)}: {name}: not judged: {visible_line(verdict.failure)}"
    for message in verdict.errors[:NUM_SHOWN_ERRORS]:
        yield f"{visible_line(one.place(message))}: {name}: {visible_line(str(message))}"
    if len(verdict.errors) > NUM_SHOWN_ERRORS:
        yield f"{visible_line(one.document.name)}: {name}: {len(verdict.errors) - NUM_SHOWN_ERRORS:,} more"


def _frequent(name: str, groups: Sequence[Group]) -> Iterator[str]:
    """Yield the most frequent reasons of a judge, with the number of documents."""
    if not groups:
        return
    yield f"{name} refuses, by number of documents:"
    for group in groups[:NUM_SHOWN_REASONS]:
        yield f"{group.num_documents:>6,}  {visible_line(str(group))}"
    if len(groups) > NUM_SHOWN_REASONS:
        yield f"        and {counted(len(groups) - NUM_SHOWN_REASONS, 'more kind')} (--json lists all)"
    yield ""
