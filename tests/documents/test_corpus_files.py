"""Which files of a folder are read: links, loops, Git checkouts, and unreadable files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from schemalm.documents import CorpusRow, LeftOut, read_corpus
from schemalm.documents.corpus_files import (
    DEAD_LINKS,
    LINKS_INSIDE,
    LINKS_OUT,
    OTHER_PLACES,
    OTHER_WAYS,
    corpus_files,
)
from schemalm.errors import DataError
from schemalm.limits import Limits
from schemalm.schema.file_names import path_matcher
from schemalm.schema.sources import read_schema

WORKFLOWS = path_matcher(read_schema("github-workflow", Limits()))


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"name: {name}")
    return folder


def checkout(folder: Path, origin: str = "", *names: str) -> Path:
    files(folder, *names)
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {origin}\n')
    return folder


def names(*paths: Path, left_out: LeftOut | None = None, places: Any = None) -> list[str]:
    return [file.name for file in corpus_files(paths, left_out or LeftOut(), places)]


def rows(*paths: Path, left_out: LeftOut | None = None) -> list[CorpusRow]:
    return list(read_corpus(paths, left_out=left_out, path_matcher=WORKFLOWS))


def passed(left_out: LeftOut) -> dict[str, list[str]]:
    return {kind: named.names for kind, named in left_out.passed_over.items()}


def test_files_and_folders_behind_links_are_read_under_the_links_names(tmp_path: Path) -> None:
    files(tmp_path / "elsewhere", "a.yml", "sub/b.yml", "notes.txt")
    corpus = files(tmp_path / "corpus", "a.yml", "z.yml")
    (corpus / "folder").symlink_to(tmp_path / "elsewhere")
    (corpus / "m.yml").symlink_to(tmp_path / "elsewhere" / "notes.txt")
    left_out = LeftOut()
    assert names(corpus, left_out=left_out) == ["a.yml", "folder/a.yml", "folder/sub/b.yml", "m.yml", "z.yml"]
    assert passed(left_out) == {".txt files": ["folder/notes.txt"]}


def test_loops_and_duplicate_paths_are_followed_once_and_named(tmp_path: Path) -> None:
    elsewhere = files(tmp_path / "elsewhere", "a.yml", "b.yml")
    (elsewhere / "back").symlink_to(elsewhere)
    (elsewhere / "home").symlink_to(tmp_path / "corpus")
    corpus = files(tmp_path / "corpus", "c.yml", "sub/d.yml")
    (corpus / "0.yml").symlink_to(elsewhere / "b.yml")
    (corpus / "1").symlink_to(elsewhere)
    (corpus / "2").symlink_to(elsewhere)
    (corpus / "3.yml").symlink_to(elsewhere / "a.yml")
    (corpus / "4.yml").symlink_to("c.yml")
    (corpus / "sub" / "up").symlink_to("..")
    os.link(corpus / "c.yml", corpus / "hard.yml")
    left_out = LeftOut()
    assert names(corpus, left_out=left_out) == ["0.yml", "1/a.yml", "c.yml", "sub/d.yml"]
    assert passed(left_out) == {
        OTHER_WAYS: ["1/b.yml", "1/back", "2", "3.yml", "hard.yml"],
        LINKS_INSIDE: ["1/home", "4.yml", "sub/up"],
    }


def test_links_that_double_the_paths_are_followed_once_each(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / "steps" / f"{number}").mkdir(parents=True)
        for name in ("left", "right"):
            (tmp_path / "steps" / f"{number}" / name).symlink_to(tmp_path / "steps" / f"{number + 1}")
    files(tmp_path / "steps" / "30", "a.yml")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "link").symlink_to(tmp_path / "steps" / "0")
    assert len(names(tmp_path / "corpus")) == 1


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    files(tmp_path, "a.yml")
    (tmp_path / "gone.yml").symlink_to("nothing")
    (tmp_path / "self.yml").symlink_to("self.yml")
    left_out = LeftOut()
    assert names(tmp_path, left_out=left_out) == ["a.yml"]
    assert passed(left_out) == {DEAD_LINKS: ["gone.yml", "self.yml"]}


def test_documents_of_checkouts_are_those_at_paths_of_the_schema(tmp_path: Path) -> None:
    texts = (".github/workflows/ci.yml", ".github/dependabot.yml", "values.yaml", "data.jsonl", "a.py")
    checkout(tmp_path / "one", "https://token@github.com/own/one.git", *texts)
    checkout(tmp_path / "deep" / "two", "git@github.com:own/two.git", *texts)
    checkout(tmp_path / "three", "", *texts)
    files(tmp_path, "plain.yml")
    (tmp_path / "one" / "LICENSE").write_text("MIT License\n\nCopyright (c) 2026\n")
    left_out = LeftOut()
    found = rows(tmp_path, left_out=left_out)
    assert [(row.repository, row.path, row.license) for row in found] == [
        ("own/two", ".github/workflows/ci.yml", ""),
        ("own/one", ".github/workflows/ci.yml", "MIT"),
        ("plain.yml", "plain.yml", ""),
        ("three", ".github/workflows/ci.yml", ""),
    ]
    assert found[0].name == "own/two/.github/workflows/ci.yml"
    assert found[0].file == str(tmp_path / "deep/two/.github/workflows/ci.yml")
    counts = {kind: named.count for kind, named in left_out.passed_over.items()}
    assert counts == {OTHER_PLACES: 9, ".py files": 3, "folders of Git": 3, "files without a suffix": 1}
    assert left_out.passed_over[OTHER_PLACES].names[0] == "deep/two/.github/dependabot.yml"


def test_all_documents_of_checkouts_are_read_if_the_schema_has_no_paths(tmp_path: Path) -> None:
    checkout(tmp_path / "one", "https://github.com/own/one", "a.yml", "sub/b.json")
    assert [file.repository for file in corpus_files([tmp_path], LeftOut())] == ["own/one", "own/one"]


def test_a_given_checkout_is_a_repository_or_a_data_set(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "set", "https://github.com/own/set", "a.yml", "sub/b.yml")
    assert [(row.repository, row.path) for row in rows(folder)] == [("a.yml", "a.yml"), ("sub/b.yml", "sub/b.yml")]
    files(folder, ".github/workflows/ci.yml")
    assert [(row.repository, row.path) for row in rows(folder)] == [("own/set", ".github/workflows/ci.yml")]


def test_a_submodule_is_a_separate_checkout(tmp_path: Path) -> None:
    outer = checkout(tmp_path / "outer", "https://github.com/own/outer", ".github/workflows/a.yml")
    files(outer / "inner", ".github/workflows/b.yml")
    (outer / "inner" / ".git").write_text("gitdir: ../.git/modules/inner\n")
    (outer / ".git" / "modules" / "inner").mkdir(parents=True)
    (outer / ".git" / "modules" / "inner" / "config").write_text('[remote "origin"]\nurl = ../other/inner.git\n')
    assert [file.repository for file in corpus_files([tmp_path], LeftOut(), WORKFLOWS)] == [
        "own/outer",
        "outer/inner",
    ]


def test_links_do_not_lead_out_of_a_checkout(tmp_path: Path) -> None:
    files(tmp_path / "private", "secret.yml")
    files(tmp_path / "repos", "neighbour.yml")
    repository = checkout(tmp_path / "repos" / "one", "https://u:p@github.com/own/one", ".github/workflows/a.yml")
    workflows = repository / ".github" / "workflows"
    (repository / "shared").mkdir()
    (repository / "shared" / "base.yml").write_text("shared: 1")
    (workflows / "b.yml").symlink_to(tmp_path / "private" / "secret.yml")
    (workflows / "c.yml").symlink_to("../../../neighbour.yml")
    (workflows / "d.yml").symlink_to("../../.git/config")
    (workflows / "e.yml").symlink_to("../../shared/base.yml")
    (workflows / "f.yml").symlink_to("a.yml")
    (repository / "all").symlink_to(tmp_path)
    left_out = LeftOut()
    found = rows(tmp_path / "repos", left_out=left_out)
    assert [row.path for row in found] == ["neighbour.yml", ".github/workflows/a.yml", ".github/workflows/e.yml"]
    assert passed(left_out)[LINKS_OUT] == [*(f"one/.github/workflows/{name}.yml" for name in "bcd"), "one/all"]
    assert passed(left_out)[LINKS_INSIDE] == ["one/.github/workflows/f.yml"]


def test_the_content_of_git_annex_is_read(tmp_path: Path) -> None:
    folder = checkout(tmp_path / "set", "")
    files(folder, ".git/annex/objects/a/SHA--x.yml")
    (folder / "a.yml").symlink_to(".git/annex/objects/a/SHA--x.yml")
    assert [row.path for row in rows(folder)] == ["a.yml"]


def test_a_folder_or_shard_that_cannot_be_read_is_a_rejection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path, "a.yml", "locked/b.yml", "locked.jsonl", "locked.yml")
    scandir, opening = os.scandir, Path.open

    def refusing_scandir(path: Any) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    def refusing_open(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.name.startswith("locked"):
            raise PermissionError(13, "Permission denied", str(self))
        return opening(self, *arguments, **options)

    monkeypatch.setattr(os, "scandir", refusing_scandir)
    monkeypatch.setattr(Path, "open", refusing_open)
    left_out = LeftOut()
    found = rows(tmp_path, left_out=left_out)
    assert [(row.path, row.error is None) for row in found] == [("a.yml", True), ("locked.yml", False)]
    assert [(rejection.name, rejection.file) for rejection in left_out.rejections] == [
        ("locked", str(tmp_path / "locked")),
        ("locked.jsonl", str(tmp_path / "locked.jsonl")),
    ]
    assert "the folder cannot be read: Permission denied" in left_out.rejections[0].reason
    for name in ("locked", "locked.jsonl"):
        with pytest.raises(DataError, match=f"{name}: cannot be read.*: Permission denied"):
            rows(tmp_path / name)


def test_files_that_vanish_meanwhile_are_rejections(tmp_path: Path) -> None:
    files(tmp_path, "a.yml", "b.yml", "c.jsonl", "d/e.yml", "f.yml")
    left_out = LeftOut()
    found: Iterable[CorpusRow] = read_corpus([tmp_path], left_out=left_out)
    read = [next(iter(found)).path]
    for name in ("b.yml", "c.jsonl", "d/e.yml"):
        (tmp_path / name).unlink()
    (tmp_path / "d").rmdir()
    read += [row.path for row in found]
    assert read == ["a.yml", "f.yml"]
    assert [rejection.name for rejection in left_out.rejections] == ["b.yml", "c.jsonl", "d"]
    assert all("No such file" in rejection.reason for rejection in left_out.rejections)


def test_names_that_are_not_utf8_are_read_and_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.yml")).write_text("[")
    (row,) = rows(tmp_path)
    assert row.name == "\\xff.yml"
    assert row.error is not None
    row.rejection(row.error).file.encode()


def test_compressed_documents_are_named_by_both_suffixes(tmp_path: Path) -> None:
    files(tmp_path, "a.yml", "b.yml.gz", "c.json.zst", "d.jsonl.bz2", "e.gz")
    left_out = LeftOut()
    assert names(tmp_path, left_out=left_out) == ["a.yml"]
    assert set(passed(left_out)) == {".yml.gz files", ".json.zst files", ".jsonl.bz2 files", ".gz files"}
