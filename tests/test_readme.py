"""The Python examples of the README and of the concept pages run, and the commands there exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemalm.cli.application import app

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs" / "concepts").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_examples_run_and_show_what_they_say(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    for block in blocks(page, "python"):
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            source = ast.get_source_segment(block, statement)
            shown = lines[(statement.end_lineno or 0) - 1].partition("  # -> ")[2]
            if shown:
                assert repr(eval(source or "", scope)) == shown, source
            else:
                exec(source or "", scope)


@pytest.mark.slow
def test_every_command_of_the_pages_exists() -> None:
    pages = [*PAGES, *sorted((REPOSITORY / "docs" / "guide").glob("*.md"))]
    shown = "\n".join(block for page in pages for language in ("console", "sh") for block in blocks(page, language))
    commands = set(re.findall(r"^schemalm ([a-z]+)", shown, flags=re.MULTILINE))
    assert commands
    for command in commands:
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0, command
