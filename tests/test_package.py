"""`import schemalm` has the public names, the version, and a help page that describes them."""

from __future__ import annotations

import ast
import doctest
import importlib.metadata
import pydoc
from pathlib import Path

import pytest

import schemalm


def test_the_help_begins_with_what_every_public_name_is_for() -> None:
    overview = pydoc.plain(pydoc.render_doc(schemalm)).partition("PACKAGE CONTENTS")[0]
    assert [name for name in schemalm.__all__ if name not in overview] == []
    assert len(overview.splitlines()) < 60


def test_the_example_of_the_help_runs() -> None:
    (example,) = [test for test in doctest.DocTestFinder(recurse=False).find(schemalm) if test.examples]
    assert doctest.DocTestRunner().run(example).failed == 0


def test_type_checkers_see_every_public_name() -> None:
    tree = ast.parse(Path(schemalm.__file__).read_text())
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {name.name for node in checked.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert imported == set(schemalm.__all__)


def test_the_version_is_that_of_the_installed_package() -> None:
    assert schemalm.__version__ == importlib.metadata.version("schemalm")


def test_a_checkout_that_is_not_installed_has_an_unknown_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert schemalm.__version__ == "unknown"
