"""Which judges are known for a schema, which are asked, and how packages add theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import ConfigurationError
from schemalm.judging import known
from schemalm.judging.command_judge import CommandJudge
from schemalm.judging.interface import Document, Judge, Verdict
from schemalm.judging.known import chosen_judges, judges_for, workflow_judges

WORKFLOW = [
    "schema",
    "check-jsonschema",
    "github-parser",
    "language-service",
    "actionlint",
    "action-validator",
    "zizmor",
]
TSCONFIG = {"$id": "https://json.schemastore.org/tsconfig", "type": "object"}


@dataclass(frozen=True)
class Lenient:
    """A judge of somebody else, which accepts everything."""

    name: str = "lenient"
    title: str = "lenient 1"
    meaning: str = "anything"
    why_not: str = ""

    def judge(self, documents: Sequence[Document]) -> list[Verdict]:
        return [Verdict()] * len(documents)


def of_empty(schema: Any) -> Judge | None:
    return Lenient() if schema == {} else None


def fails(schema: Any) -> Judge:
    raise RuntimeError("no license")


def no_judge(schema: Any) -> str:
    return "accepts"


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return a function that pretends that a package has an entry point for a function of this file."""

    def add(name: str, function: str) -> None:
        point = EntryPoint(name, f"{__name__}:{function}", known.GROUP)
        monkeypatch.setattr(known, "entry_points", lambda group: [point] if group == "schemalm.judges" else [])

    return add


def names(schema: Any) -> list[str]:
    return [judge.name for judge in judges_for(compile_schema(schema))]


def test_the_format_is_recognized_by_the_schema(tmp_path: Path) -> None:
    grammar = compile_schema("github-workflow")
    assert [judge.name for judge in judges_for(grammar)] == WORKFLOW
    assert names({"$id": "https://json.schemastore.org/github-workflow.json", "type": "object"}) == WORKFLOW
    assert names(TSCONFIG) == ["schema", "check-jsonschema", "tsc"]
    assert names({"type": "object", "title": "a copy"}) == ["schema", "check-jsonschema"]
    assert names(True) == ["schema", "check-jsonschema"]


def test_every_judge_keeps_the_protocol() -> None:
    judges = [*judges_for(compile_schema("github-workflow")), CommandJudge("a", ("b",))]
    assert all(isinstance(judge, Judge) for judge in judges)
    assert all(isinstance(text, str) for judge in judges for text in (judge.title, judge.meaning, judge.why_not))
    assert {*workflow_judges()} < {judge.name for judge in judges}


def test_all_that_can_be_asked_are_asked_unless_some_are_wanted() -> None:
    lenient, absent = Lenient(), Lenient("absent", why_not="it is not there")
    assert chosen_judges([lenient, absent], None) == [lenient]
    own = Lenient("own")
    assert chosen_judges([lenient, absent], ["lenient", own]) == [lenient, own]
    assert chosen_judges([lenient], ["mine=true {}"]) == [CommandJudge("mine", ("true", "{}"))]
    assert chosen_judges([lenient], []) == []


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("nobody", "there is no judge 'nobody' for these documents; there are lenient, absent"),
        ("absent", "the judge absent cannot be asked: it is not there"),
        (Lenient(), "two judges are named 'lenient'"),
        (3, "int is no judge; expected `name`"),
        ("=x", "expected NAME=COMMAND"),
        ("mine=no-such-program", "the judge mine cannot be asked: there is no program"),
    ],
)
def test_what_cannot_be_asked_is_refused(wanted: Any, message: str) -> None:
    judges = [Lenient(), Lenient("absent", why_not="it is not there")]
    with pytest.raises(ConfigurationError, match=message):
        chosen_judges(judges, ["lenient", wanted])


def test_a_package_adds_a_judge_for_the_schemas_that_it_knows(package: Callable[[str, str], None]) -> None:
    package("theirs", "of_empty")
    assert names({}) == ["schema", "check-jsonschema", "lenient"]
    assert names(True) == ["schema", "check-jsonschema"]


@pytest.mark.parametrize(
    ("name", "function", "why_not"),
    [
        ("theirs", "fails", "fails: RuntimeError: no license"),
        ("theirs", "no_judge", "returns str, no judge"),
        ("theirs", "absent", "fails: AttributeError"),
        ("schema", "of_empty", "another judge has its name"),
    ],
)
def test_what_a_package_does_wrong_is_named_and_stops_nothing(
    package: Callable[[str, str], None], name: str, function: str, why_not: str
) -> None:
    package(name, function)
    *_, judge = judges_for(compile_schema({}))
    assert why_not in judge.why_not
    with pytest.raises(ConfigurationError, match="is missing"):
        judge.judge([])
