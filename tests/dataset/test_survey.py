"""The survey of all documents: their sources and origins."""

from __future__ import annotations

import pytest

from schemalm.dataset.sources import source_of


@pytest.mark.parametrize(
    ("repository", "owner", "whole"),
    [
        ("Python/CPython", "python", "python/cpython"),
        ("group/sub/project", "group", "group/sub/project"),
        ("https://github.com/Owner/Name", "owner", "https://github.com/owner/name"),
        ("ssh://git@github.com/owner/name.git", "owner", "ssh://git@github.com/owner/name.git"),
        ("git@gitlab.com:owner/name.git", "owner", "git@gitlab.com:owner/name.git"),
        ("github.com/owner/name", "owner", "github.com/owner/name"),
        ("owner.io/name", "owner.io", "owner.io/name"),
        ("name", "name", "name"),
    ],
)
def test_the_owner_is_the_part_before_the_slash(repository: str, owner: str, whole: str) -> None:
    assert source_of(repository, "ci.yml", "owner") == owner
    assert source_of(repository, "ci.yml", "repository") == whole


@pytest.mark.parametrize("split_by", ["owner", "repository"])
def test_a_document_without_a_repository_is_its_own_source(split_by: str) -> None:
    assert source_of("Folder/a.yml", "Folder/a.yml", split_by) == "Folder/a.yml"
    assert source_of("Folder/a.yml", "Folder/a.yml#2", split_by) == "Folder/a.yml"
    for row in ("rows.jsonl:7", "Folder/rows.jsonl.zst:7", "Folder/rows.parquet:12"):
        for path in (row, "a.yml"):
            assert source_of(row, path, split_by) == row
