"""Compares the built-in rules of GitHub workflows with independent judges, and keeps the verdicts for tests.

    python benchmarks/agreement.py ../shared/data [--publish]

Needs `make judges`. Judges the small workflows of `judged-workflows` and every workflow of `workflows/val.jsonl.zst`.
The rules should accept what GitHub's parser and language service accept, and the strict rules what actionlint and
check-jsonschema, by the published schema, accept as well. `--publish` writes `tests/agreement/*.txt`; `tests/agreement`
reads them, so tests need no judges. Of the real workflows, the files keep each one on which somebody disagrees, and
every twentieth of the others.

Each line has an id, the judges that accept the workflow, the rules that accept it, and, where they disagree, why:

    disp-default-choice parser,service default,strict # whether a default is an option depends on the type of the input

A reason is written by hand, and stays as long as the disagreement does. Without one, the place that the rules refuse
stands there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from rows import read_rows
from schemalm.checking.checker import Checker
from schemalm.compilation import compile_schema
from schemalm.documents import load_document
from schemalm.errors import SchemaLMError
from schemalm.files.writing import write_atomically
from schemalm.judging import Document
from schemalm.judging.known import judges_for

SCHEMA = "github-workflow"
RULES = {"default": "github-workflow", "strict": "github-workflow-strict"}
ASKED = {
    "parser": "github-parser",
    "service": "language-service",
    "actionlint": "actionlint",
    "schema": "check-jsonschema",
}
# The judges that each of the rules follows.
FOLLOWED = {"default": {"parser", "service"}, "strict": set(ASKED)}
KEPT_STRIDE = 20
NOBODY = "-"
FOLDER = Path(__file__).parents[1] / "tests" / "agreement"
HEADER = "# Who accepts which workflow; benchmarks/agreement.py writes this file. Reasons are written by hand.\n"


class Workflow(NamedTuple):
    """A workflow as text, with an id that is unique in its file."""

    id: str
    text: str


@dataclass(frozen=True)
class Line:
    """The judges and the rules that accept a workflow, and why they disagree, if they do."""

    id: str
    judges: frozenset[str]
    rules: frozenset[str]
    reason: str = ""

    @property
    def disagreements(self) -> list[str]:
        """The rules that do not follow their judges."""
        return [rules for rules, judges in FOLLOWED.items() if (rules in self.rules) != (judges <= self.judges)]

    def __str__(self) -> str:
        judges, rules = (
            ",".join(name for name in names if name in found) or NOBODY
            for names, found in ((ASKED, self.judges), (RULES, self.rules))
        )
        return f"{self.id} {judges} {rules}" + (f" # {self.reason}" if self.reason else "")


def parse(text: str) -> Iterator[Line]:
    """Yields the lines of a file."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            columns, _, reason = line.partition(" # ")
            name, judges, rules = columns.split()
            yield Line(name, _names(judges), _names(rules), reason)


def reasons(text: str) -> dict[str, str]:
    """The reasons in a file that were written by hand, by id."""
    return {line.id: line.reason for line in parse(text) if " refuses /" not in line.reason}


def _names(column: str) -> frozenset[str]:
    return frozenset() if column == NOBODY else frozenset(column.split(","))


def tiny_workflows(data: Path) -> list[Workflow]:
    """The small workflows of the shared data, each made for one rule."""
    lines = (data / "judged-workflows" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [Workflow(row["id"], row["yaml"]) for row in map(json.loads, lines)]


def real_workflows(data: Path) -> list[Workflow]:
    """The real workflows of the validation split, by their blobs."""
    rows = read_rows(data / "workflows" / "val.jsonl.zst")
    return list({row["blob"]: Workflow(row["blob"][:12], row["yaml"]) for row in rows}.values())


FILES: dict[str, Callable[[Path], list[Workflow]]] = {"tiny.txt": tiny_workflows, "real.txt": real_workflows}


# Keys after which a path has a key of the author.
_NAMED = re.compile(r"(?<=/)(jobs|env|with|inputs|outputs|matrix|include/\[\]|services|secrets)/[^/]+")


class Rules:
    """Which rules accept a workflow."""

    def __init__(self) -> None:
        self._checkers = {name: Checker(compile_schema(SCHEMA, rules=rules)) for name, rules in RULES.items()}

    def refused_at(self, text: str) -> dict[str, str]:
        """The place that rules refuse, by the rules that refuse a workflow; names of the author are `*`.

        It is the root if the workflow cannot be read.
        """
        try:
            value = load_document(text)
        except SchemaLMError:
            return dict.fromkeys(RULES, "/")
        failures = {name: checker.failures(value) for name, checker in self._checkers.items()}
        return {name: _place(found[0].pointer) for name, found in failures.items() if found}


def _place(pointer: str) -> str:
    return _NAMED.sub(r"\1/*", re.sub(r"/\d+(?=/|$)", "/[]", pointer)) or "/"


def compared(workflows: list[Workflow], known: dict[str, str]) -> list[Line]:
    """Asks the judges and the rules about workflows; known: reasons by id."""
    documents = [Document.of_text(workflow.text, workflow.id) for workflow in workflows]
    judges = {judge.name: judge for judge in judges_for(compile_schema(SCHEMA))}
    verdicts = {name: judges[judge].judge(documents) for name, judge in ASKED.items()}
    rules = Rules()
    found = []
    for number, (name, text) in enumerate(workflows):
        accepting = frozenset(judge for judge, given in verdicts.items() if given[number].accepted)
        refused = rules.refused_at(text)
        line = Line(name, accepting, frozenset(RULES) - set(refused))
        if line.disagreements:
            places = (f"{rules} refuses {refused[rules]}" for rules in line.disagreements if rules in refused)
            line = replace(line, reason=known.get(name) or "; ".join(places))
        found.append(line)
    return found


def kept(lines: list[Line]) -> Iterator[Line]:
    """The lines on which somebody disagrees, and some of the others."""
    for number, line in enumerate(lines):
        is_plain = line.judges == frozenset(ASKED) and not line.disagreements
        if not is_plain or number % KEPT_STRIDE == 0:
            yield line


def summary(lines: list[Line]) -> Iterator[str]:
    """How often the rules follow their judges."""
    for rules, judges in FOLLOWED.items():
        accepted = [line for line in lines if judges <= line.judges]
        refused = [line for line in lines if not judges <= line.judges]
        both = sum(rules in line.rules for line in accepted)
        wrongly = sum(rules in line.rules for line in refused)
        yield (
            f"{rules}: of {len(accepted):,} workflows that its judges accept, the rules accept {both:,}; "
            f"of {len(refused):,} that they refuse, {wrongly:,}"
        )


def main(
    data: Path,
    publish: Annotated[bool, typer.Option("--publish", help="Write the files of the tests.")] = False,
) -> None:
    """Prints where rules and judges disagree."""
    for name, read in FILES.items():
        path = FOLDER / name
        known = reasons(path.read_text(encoding="utf-8")) if path.exists() else {}
        lines = compared(read(data), known)
        print(name, *summary(lines), sep="\n  ")
        for line in lines:
            if line.disagreements:
                print(f"  {line}")
        if publish:
            shown = lines if read is tiny_workflows else kept(lines)
            write_atomically(path, (HEADER + "".join(f"{line}\n" for line in shown)).encode())


if __name__ == "__main__":
    typer.run(main)
