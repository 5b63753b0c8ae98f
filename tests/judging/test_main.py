"""The command prints shares and reasons, or one line that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from judges.registry import JUDGES, Judge
from judges.verdicts import Message, Verdict
from typer.testing import CliRunner, Result

from judges import __main__ as command


def ask(texts: list[str]) -> list[Verdict]:
    return [Verdict((Message(2, f"Unexpected value '{text}'", "schema"),) if text != "good" else ()) for text in texts]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setitem(JUDGES, "strict", Judge("strict", "a-package", "accepts good", tmp_path, ask))
    monkeypatch.setitem(JUDGES, "absent", Judge("absent", "a-package", "is absent", tmp_path / "absent", ask))
    for name in ("good", "bad", "worse"):
        (tmp_path / f"{name}.yml").write_text(name)
    app = typer.Typer()
    app.command()(command.main)
    return lambda *options: CliRunner().invoke(app, [str(tmp_path), *options])


def test_the_share_and_the_reasons_are_printed(run: Callable[..., Result]) -> None:
    result = run("--judges", "strict")
    assert result.exit_code == 0
    assert "strict  33.3%  1 of 3 accepted" in result.output
    assert "2  schema Unexpected value '…'" in result.output


def test_json_has_every_refused_document(run: Callable[..., Result], tmp_path: Path) -> None:
    found = json.loads(run("--judges", "strict", "--json").stdout)["strict"]
    assert (found["documents"], found["accepted"]) == (3, 1)
    assert set(found["refused"]) == {str(tmp_path / "bad.yml"), str(tmp_path / "worse.yml")}


def test_a_judge_that_is_not_installed_ends_the_command(run: Callable[..., Result]) -> None:
    result = run("--judges", "strict,absent")
    assert result.exit_code == 1
    assert "make judges" in result.stderr


def test_an_unknown_judge_is_named_with_those_there_are(run: Callable[..., Result]) -> None:
    result = run("--judges", "nobody")
    assert result.exit_code == 2
    assert "nobody" in result.stderr
    assert "github_parser" in result.stderr
