"""Where judges are installed, and what a judge says that is not."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from schemalm.errors import ConfigurationError
from schemalm.judging import installation
from schemalm.judging.actionlint import is_advice
from schemalm.judging.installation import judges_folder, part_folder, pinned_version, required
from schemalm.judging.interface import Document
from schemalm.judging.known import workflow_judges


def test_the_variable_names_the_folder_else_it_is_in_the_users_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEMALM_JUDGES", "/given")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert judges_folder() == Path("/given").absolute()
    monkeypatch.setenv("SCHEMALM_JUDGES", "")
    assert judges_folder() == Path("/data/schemalm/judges").absolute()


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", (".local", "share")),
        ("darwin", ("Library", "Application Support")),
        ("win32", ("AppData", "Local")),
    ],
)
def test_each_platform_has_its_usual_place(
    platform: str, expected: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SCHEMALM_JUDGES", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert judges_folder() == tmp_path.joinpath(*expected, "schemalm", "judges")


def test_folders_change_with_the_pins_of_their_part(
    judges_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = {part: part_folder(part) for part in ("npm", "pip")}
    for name in ("package.json", "package-lock.json", "requirements.txt"):
        (tmp_path / name).write_bytes(required(name).read_bytes() + (b"\n" if name == "package-lock.json" else b""))
    monkeypatch.setattr(installation, "required", lambda name: tmp_path / name)
    assert part_folder("pip") == before["pip"]
    assert part_folder("npm") != before["npm"]
    assert before["npm"].parent == judges_folder


@pytest.mark.parametrize("name", workflow_judges())
def test_a_missing_judge_names_the_command_that_installs_it(
    name: str, judges_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "node", lambda: "node")
    judge = workflow_judges()[name]
    assert "run: schemalm judges install" in judge.why_not
    with pytest.raises(ConfigurationError, match=f"the judge {name} is missing: .*schemalm judges install"):
        judge.judge([Document("on: push")])


def test_judges_that_need_node_say_so(judges_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "node", lambda: "")
    judges = workflow_judges()
    assert "Node.js 20 or newer" in judges["github-parser"].why_not
    assert "Node.js" not in judges["actionlint"].why_not


def test_every_package_has_one_version_and_the_lock_has_the_same() -> None:
    pins = json.loads(required("package.json").read_text())["dependencies"]
    locked = json.loads(required("package-lock.json").read_text())["packages"]
    assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in pins.items())
    assert all(re.fullmatch(r"[\d.]+", pinned_version(judge.package)) for judge in workflow_judges().values())
    assert all(judge.title.endswith(pinned_version(judge.package)) for judge in workflow_judges().values())


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
