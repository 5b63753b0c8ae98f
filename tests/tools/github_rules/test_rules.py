"""The tool that makes the built-in rules of GitHub workflows."""

from __future__ import annotations

import json

import pytest

from github_rules.__main__ import FOLDER, PARSER, main
from github_rules.rules import default_rules, read_source, strict_rules
from schemalm.judging.installation import node_package

PACKAGE = node_package(PARSER) / "dist"
needs_package = pytest.mark.skipif(
    not PACKAGE.exists(), reason="GitHub's definition of workflows is not installed: run `make judges`"
)


@needs_package
def test_the_committed_rules_are_those_that_the_tool_makes() -> None:
    source = read_source(PACKAGE / "workflow-v1.0.min.json")
    default = default_rules(source)
    assert default == json.loads((FOLDER / "github-workflow.json").read_bytes())
    assert strict_rules(source, default) == json.loads((FOLDER / "github-workflow-strict.json").read_bytes())


@needs_package
def test_the_command_says_that_nothing_changed(capsys: pytest.CaptureFixture[str]) -> None:
    main(PACKAGE, check=True)
    assert capsys.readouterr().out == "nothing changed\n"


def test_no_descriptions_of_github_are_copied() -> None:
    text = (FOLDER / "github-workflow.json").read_text(encoding="utf-8")
    schemas = json.loads(text)["amend"]["definitions"]["value"].values()
    assert not any("description" in schema for schema in schemas)
