"""The README's Python examples run, and its commands exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemalm.cli.application import app

README = Path(__file__).resolve().parents[1] / "README.md"


def blocks(language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), flags=re.DOTALL)


def test_python_examples_run_and_show_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for block in blocks("python"):
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            source = ast.get_source_segment(block, statement)
            shown = lines[(statement.end_lineno or 0) - 1].partition("  # -> ")[2]
            if shown:
                assert repr(eval(source or "", scope)) == shown, source
            else:
                exec(source or "", scope)


def test_every_command_of_the_readme_exists() -> None:
    commands = set(re.findall(r"^schemalm ([a-z]+)", "\n".join(blocks("console") + blocks("sh")), flags=re.MULTILINE))
    assert commands
    for command in commands:
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0, command
