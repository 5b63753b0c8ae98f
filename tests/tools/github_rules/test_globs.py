"""Patterns of globs."""

from __future__ import annotations

import re

import pytest

from github_rules.globs import branch_pattern, path_pattern

BRANCH = re.compile(branch_pattern())
PATH = re.compile(path_pattern())


@pytest.mark.parametrize(
    "glob", ["main", "*", "**", "!old", "release/**", "v[0-9]+.[0-9]+", "v1.*", "feature/a?", r"a\+b", "1", "[ab]"]
)
def test_globs_of_branches_match(glob: str) -> None:
    assert BRANCH.search(glob)


@pytest.mark.parametrize(
    "glob", ["", "!", "/a", "a/", "a.", "a b", "a~1", "^a", "a:b", "?a", "+", "*?", "a[", "[]", "[a]", r"a\*", "a\n"]
)
def test_what_is_no_glob_of_branches_does_not_match(glob: str) -> None:
    assert not BRANCH.fullmatch(glob)


@pytest.mark.parametrize(
    "glob", ["**", ".github/**", "src/**/*.py", "!docs/**", "a b", "docs/", "/a", ".*", "a/.b", "x?"]
)
def test_globs_of_paths_match(glob: str) -> None:
    assert PATH.search(glob)


@pytest.mark.parametrize("glob", ["", "!", ".", "..", "./a", "../a", "!./a", " a", "a ", "?a", "**+", "[a]", "a\n"])
def test_what_is_no_glob_of_paths_does_not_match(glob: str) -> None:
    assert not PATH.fullmatch(glob)
