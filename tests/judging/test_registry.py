"""A judge that cannot be asked says why, and what installs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from judges.actionlint import is_advice
from judges.installation import REPOSITORY, MissingJudgeError
from judges.registry import JUDGES

from judges import registry


@pytest.mark.parametrize("name", JUDGES)
def test_a_missing_judge_names_the_command_that_installs_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "node", lambda: "node")
    judge = replace(JUDGES[name], path=tmp_path / "missing")
    assert not judge.is_installed
    with pytest.raises(MissingJudgeError, match="make judges"):
        judge.judge(["on: push"])


def test_judges_that_need_node_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "node", lambda: "")
    assert "Node.js" in JUDGES["github_parser"].why_not


def test_every_package_has_one_version() -> None:
    folder = REPOSITORY / "benchmarks" / "judges"
    pins = (folder / "node" / "package.json").read_text() + (folder / "requirements.txt").read_text()
    assert all(judge.package in pins for judge in JUDGES.values())
    assert not any(sign in pins for sign in "^~>")


@pytest.mark.parametrize(
    ("kind", "text", "advice"),
    [
        ("runner-label", 'label "x" is unknown', True),
        ("cache-call-unrestricted", "reusable workflow call", True),
        ("action", 'input "x" is not defined in action "a/b@v1"', True),
        ("action", 'specifying action "a" in invalid format because ref is missing', False),
        ("expression", '"github.head_ref" is potentially untrusted', True),
        ("expression", 'property "x" is not defined in object type {}', False),
        ("events", "scheduled job runs too frequently", False),
    ],
)
def test_some_of_what_actionlint_says_is_advice(kind: str, text: str, advice: bool) -> None:
    assert is_advice(kind, text) == advice
