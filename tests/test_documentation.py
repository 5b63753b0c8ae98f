"""Everything that the pages name exists: links, files, folders, public names; and the index lists every page."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import schemalm

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "src" / "schemalm"
DOCS = REPOSITORY / "docs"
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *(REPOSITORY / name / "README.md" for name in ("examples", "findings", "fuzz")),
    *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts),
]
# Pages about the past: the files that they name may no longer exist.
HISTORY = {REPOSITORY / "CHANGELOG.md", DOCS / "log.md", *(DOCS / "decisions").glob("0*.md")}
FENCED = re.compile(r"^```.*?^```", flags=re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FILE_OR_FOLDER = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return FENCED.sub("", page.read_text())


def named(page: Path) -> Iterator[str]:
    """The files and folders of the repository that a page names."""
    roots = tuple(f"{path.name}/" for path in REPOSITORY.iterdir() if path.is_dir())
    for name in filter(FILE_OR_FOLDER.fullmatch, CODE.findall(prose(page))):
        is_contributing = page.name == "CONTRIBUTING.md" and "/" in name and not name.startswith("..")
        if is_contributing or name.endswith(".py") or (name.startswith(roots) and not name.startswith("runs/")):
            yield name


def exists(page: Path, name: str) -> bool:
    """Return whether a file exists relative to the repository, the package or the page."""
    places = (REPOSITORY, PACKAGE, page.parent)
    return any((place / name).exists() for place in places) or ("/" not in name and any(PACKAGE.rglob(name)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_to_files(page: Path) -> None:
    links = [link.partition("#")[0] for link in LINK.findall(prose(page)) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", sorted(set(PAGES) - HISTORY), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_files_and_folders_that_a_page_names_exist(page: Path) -> None:
    assert [name for name in named(page) if not exists(page, name)] == []


def test_contributing_names_every_package() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages <= {name.rstrip("/") for name in named(REPOSITORY / "CONTRIBUTING.md")}


def test_the_index_has_every_page() -> None:
    linked = {(DOCS / link).resolve() for link in LINK.findall((DOCS / "index.md").read_text())}
    decisions = set((DOCS / "decisions").glob("0*.md"))
    assert {path for path in PAGES if DOCS in path.parents} - decisions - {DOCS / "index.md"} <= linked


def test_the_reference_has_every_public_name() -> None:
    documented = re.findall(r"^\.\. auto\w+:: (\w+)", (DOCS / "reference" / "python.md").read_text(), re.MULTILINE)
    assert set(schemalm.__all__) <= set(documented)


def test_every_finding_is_in_the_table() -> None:
    folder = REPOSITORY / "findings"
    assert {path.name for path in folder.glob("*.sh")} == set(LINK.findall((folder / "README.md").read_text()))


@pytest.fixture
def restructured() -> Callable[[list[str]], list[str]]:
    """The function that writes docstrings for the site."""
    specification = importlib.util.spec_from_file_location("docstrings", DOCS / "docstrings.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    function: Callable[[list[str]], list[str]] = module.restructured
    return function


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        (["All `x*y` of *this*."], [r"All ``x*y`` of \*this\*.", ""]),
        (["First.", "", "size: bytes,", "in all.", "Raises ValueError."],
         ["First.", "", "", ":param size: bytes,", "    in all.", "", "Raises ValueError.", ""]),
        (["Names:", "", "    a   one", "    b*  two"], ["Names:", "", "::", "", "    a   one", "    b*  two", ""]),
    ],
)  # fmt: skip
def test_docstrings_are_plain_text_with_three_habits(
    restructured: Callable[[list[str]], list[str]], docstring: list[str], expected: list[str]
) -> None:
    assert restructured(docstring) == expected
