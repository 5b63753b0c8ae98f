"""What the arguments of `schemalm check` stand for."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from schemalm.cli import check_inputs
from schemalm.cli.check_inputs import find_inputs

FILES = (
    ".github/workflows/ci.yml",
    ".github/workflows/release.yaml",
    ".github/workflows/notes.txt",
    ".github/workflows/old/ci.yml",
    ".git/config.yml",
    "a/one.yml",
    "a/b/two.YAML",
    "a/b/three.json",
    "a/.hidden/four.yml",
    "a/five.txt",
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)

    def find(*arguments: str, schema: str = "some.json") -> list[str]:
        return [source.name for source in find_inputs(arguments, schema, said.append).sources]

    return find


def test_a_folder_stands_for_the_documents_in_it_and_below(found) -> None:
    assert found("a") == ["a/.hidden/four.yml", "a/b/three.json", "a/b/two.YAML", "a/one.yml"]


def test_folders_of_git_are_left_out(found) -> None:
    assert ".git/config.yml" not in found(".")
    assert ".github/workflows/ci.yml" in found(".")


@pytest.mark.parametrize("schema", ["github-workflow", "github-workflows"])
def test_a_repository_stands_for_its_workflows_if_workflows_are_checked(found, said: list[str], schema: str) -> None:
    assert found(".", schema=schema) == [".github/workflows/ci.yml", ".github/workflows/release.yaml"]
    assert said == [". is a repository: checking its 2 workflows in .github/workflows"]


def test_a_folder_without_workflows_stands_for_its_documents(found) -> None:
    assert found("a/b", schema="github-workflow") == ["a/b/three.json", "a/b/two.YAML"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a/*.yml", ["a/one.yml"]),
        ("a/*", ["a/five.txt", "a/one.yml"]),
        ("**/*.yml", ["a/one.yml"]),
        ("a/**/t*", ["a/b/three.json", "a/b/two.YAML"]),
        ("a/**/**", ["a/b/three.json", "a/b/two.YAML", "a/five.txt", "a/one.yml"]),
        (".github/**/*.yml", [".github/workflows/ci.yml", ".github/workflows/old/ci.yml"]),
        ("a/.*/*.yml", ["a/.hidden/four.yml"]),
        ("[ab]/[!f]ne.y?l", ["a/one.yml"]),
        ("*/b/three.json", ["a/b/three.json"]),
    ],
)
def test_a_pattern_stands_for_the_files_that_match(found, pattern: str, names: list[str]) -> None:
    assert found(pattern) == names


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(found, tmp_path: Path) -> None:
    (tmp_path / "[a].yml").write_text("")
    assert found("[a].yml") == ["[a].yml"]


def test_a_file_is_checked_once(found, tmp_path: Path) -> None:
    (tmp_path / "link.yml").symlink_to("a/one.yml")
    assert found("a/one.yml", "./a/one.yml", "a/*.yml", "link.yml", "-", "-") == ["a/one.yml", "<stdin>"]


def test_links_are_followed_to_files_inside_only(found, said: list[str], tmp_path: Path) -> None:
    (tmp_path / "a/inside.yml").symlink_to("b/three.json")
    (tmp_path / "a/outside.yml").symlink_to("../.git/config.yml")
    (tmp_path / "a/folder").symlink_to("b")
    (tmp_path / "a/loop").symlink_to(".")
    assert found("a/*.yml") == ["a/inside.yml", "a/one.yml"]
    assert said == ["not followed: 3 links to folders or out of the folder searched"]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("nosuch.yml", "'nosuch.yml': no such file or folder"),
        ("nosuch/*.yml", "'nosuch/*.yml': no file matches this pattern"),
        ("b*/*.yml", "'b*/*.yml': no file matches this pattern"),
        ("empty", "'empty': no .yml, .yaml, .json file in this folder"),
    ],
)
def test_an_argument_that_stands_for_nothing_is_wrong_usage(found, tmp_path: Path, argument: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(typer.BadParameter) as caught:
        found("a/one.yml", argument)
    assert caught.value.message == message


def test_a_folder_that_cannot_be_read_is_named(found, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.iterdir

    def iterdir(path: Path):
        if path.name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    inputs = find_inputs(["a"], "some.json", lambda _: None)
    assert [source.name for source in inputs.sources] == ["a/.hidden/four.yml", "a/one.yml"]
    assert inputs.unreadable == {"a/b": "the folder cannot be read: Permission denied"}


def test_a_search_is_bounded(found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_inputs, "MAX_ENTRIES", 5)
    with pytest.raises(typer.BadParameter, match="more than 5 files and folders; name fewer folders"):
        found(".")
