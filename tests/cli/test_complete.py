"""`schemalm complete`: a file that is cut anywhere goes on, and every given byte is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from schemalm.cli.application import app
from schemalm.documents import load_document

from .conftest import Invoke, Pipeline

LIMITS = ("--max-tokens", 20, "--temperature", 1.0)


@pytest.fixture
def complete(invoke: Invoke, pipeline: Pipeline, tmp_path: Path) -> Any:
    """Return a function that writes a file and goes on with it."""

    def run(content: bytes, *options: object, name: str = "cut.yml") -> Any:
        (tmp_path / name).write_bytes(content)
        return invoke("complete", tmp_path / name, "--run", pipeline.run, *LIMITS, *options)

    return run


def test_the_ending_is_on_standard_output_and_begins_with_the_text(complete: Any, pipeline: Pipeline) -> None:
    result = complete(b"# mine\nkind:   al")
    assert result.exit_code == 0
    assert result.stdout.startswith("# mine\nkind:   alpha\n")
    assert load_document(result.stdout)["kind"] == "alpha"
    assert "1 ending" in result.stderr
    assert f"--run {pipeline.run} --alternatives 3" in result.stderr.splitlines()[-1]


def test_alternatives_are_ranked_by_their_share(complete: Any) -> None:
    result = complete(b"kind: beta\nname: f", "--alternatives", 3)
    headings = [line for line in result.stdout.splitlines() if line.startswith("--- # ending")]
    shares = [int(line.split(": ")[1].split("%")[0]) for line in headings]
    assert headings[0].startswith("--- # ending 1 of ")
    assert shares == sorted(shares, reverse=True)


def test_json_output_has_the_endings_with_what_was_added(complete: Any) -> None:
    result = complete(b"kind: beta\nname: f", "--alternatives", 2, "--json")
    endings = json.loads(result.stdout)["endings"]
    assert len(endings) == 2
    for ending in endings:
        assert "kind: beta\nname: f" + ending["added"] == ending["text"]
        assert load_document(ending["text"]) == ending["value"]
    assert sum(ending["share"] for ending in endings) == pytest.approx(1)


def test_a_json_file_goes_on_in_json(complete: Any) -> None:
    result = complete(b'{"kind": "be', name="cut.json")
    assert json.loads(result.stdout)["kind"] == "beta"
    assert result.stdout.startswith('{"kind": "beta"')


def test_line_breaks_stay_those_of_the_text(complete: Any) -> None:
    (ending,) = json.loads(complete(b"kind: beta\r\ntags:\r\n  -", "--json").stdout)["endings"]
    assert ending["text"].startswith("kind: beta\r\ntags:\r\n  -")
    assert "\n" not in ending["text"].replace("\r\n", "")


def test_a_file_cut_inside_a_character_goes_on_before_it(complete: Any) -> None:
    result = complete("# é".encode()[:-1], "--json")
    described = json.loads(result.stdout)
    assert described["endings"][0]["text"].startswith("# ")
    assert any("ends inside a character: its last 1 byte left out" in warning for warning in described["warnings"])


def test_a_broken_character_before_the_end_is_refused(complete: Any) -> None:
    result = complete(b"# \xc3(\nkind: al")
    assert result.exit_code == 2
    assert "cut.yml" in result.stderr


def test_an_empty_file_gets_a_whole_document(complete: Any) -> None:
    result = complete(b"")
    assert load_document(result.stdout)["kind"] in ("alpha", "beta", "gamma")


def test_standard_input_is_read(pipeline: Pipeline) -> None:
    arguments = ["complete", "-", "--run", str(pipeline.run), "--max-tokens", "9"]
    assert CliRunner().invoke(app, arguments, input="kind: gam").stdout.startswith("kind: gamma\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"kind: delta\n", "/kind"),
        (b"kind: beta\nkind: beta\n", "cut.yml:2:1"),
        (b"kind: beta\nname: a: b", "cut.yml:2:8"),
    ],
)
def test_a_text_that_is_wrong_is_refused_with_its_place(complete: Any, content: bytes, message: str) -> None:
    result = complete(content)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_is_not_there_is_refused(invoke: Invoke, pipeline: Pipeline, tmp_path: Path) -> None:
    result = invoke("complete", tmp_path / "none.yml", "--run", pipeline.run)
    assert result.exit_code == 2
    assert "none.yml" in result.stderr
