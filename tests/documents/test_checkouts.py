"""The repository of a Git checkout is found in its configuration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemalm.documents.checkouts import Checkout


def repository(folder: Path, configuration: str) -> str:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(configuration)
    return Checkout.at(folder, "the folder").repository


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/own/name.git", "own/name"),
        ("https://github.com/own/name/", "own/name"),
        ("https://user:token@github.com/own/name.git?token=x#y", "own/name"),
        ("git@github.com:own/name.git", "own/name"),
        ("github.com:own/name", "own/name"),
        ("ssh://git@ssh.example.org:2222/own/name.git", "own/name"),
        ("git://example.org/group/sub/name.git", "group/sub/name"),
        ("https://example.org//own//name", "own/name"),
        ("git@example.org:/own/name.git", "own/name"),
        ("https://example.org/name.git", "the folder"),
        ("/srv/git/name.git", "the folder"),
        ("../other/name.git", "the folder"),
        ("file:///srv/own/name.git", "the folder"),
        ("C:/own/name", "the folder"),
        ("https://[bad/own/name", "the folder"),
        ("https://example.org/own/na me\x1b[31m", "the folder"),
        ("", "the folder"),
    ],
)
def test_the_repository_is_only_the_path_of_the_remote(tmp_path: Path, url: str, name: str) -> None:
    assert repository(tmp_path, f'[remote "origin"]\n\turl = {url}\n\tfetch = +refs/*\n') == name


@pytest.mark.parametrize(
    "configuration",
    [
        '[remote "origin"] URL = https://example.org/own/name',
        '[branch "main"]\nremote = up\n[ REMOTE  "origin" ]\n# url = x/y\n  url="https://example.org/own/name" ; a',
        '[remote "fork"]\nurl = https://example.org/fork/name\n[remote "origin"]\nurl = https://example.org/own/name\n',
    ],
)
def test_the_configuration_is_read_as_git_writes_it(tmp_path: Path, configuration: str) -> None:
    assert repository(tmp_path, configuration) == "own/name"


def test_a_linked_working_tree_has_the_configuration_of_its_repository(tmp_path: Path) -> None:
    tree, git = tmp_path / "tree", tmp_path / "main" / ".git"
    tree.mkdir()
    (git / "worktrees" / "tree").mkdir(parents=True)
    (tree / ".git").write_text(f"gitdir: {git / 'worktrees' / 'tree'}\n")
    (git / "worktrees" / "tree" / "commondir").write_text("../..\n")
    (git / "config").write_text('[remote "origin"]\nurl = https://example.org/own/name\n')
    assert Checkout.at(tree, "tree").repository == "own/name"


def test_other_files_than_configurations_are_ignored(tmp_path: Path) -> None:
    assert repository(tmp_path, '[remote "fork"]\nurl = https://example.org/own/name\n\0') == "the folder"
    (tmp_path / "pipe" / ".git").mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe" / ".git" / "config")
    assert Checkout.at(tmp_path / "pipe", "pipe").repository == "pipe"
    for content in ("", "gitdir: \0", "gitdir: " + "x" * 100_000, "nothing"):
        folder = tmp_path / f"file{len(content)}"
        folder.mkdir()
        (folder / ".git").write_text(content)
        assert Checkout.at(folder, "it").repository == "it"
