"""What an installed package contains, what stays in the repository, and that the program runs from it."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# What judges need to be installed and run.
REQUIRED = ("package.json", "package-lock.json", "requirements.txt", "judge.mjs", "json_imports.mjs")


MAX_BYTES = 2_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network and compiler."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("building a wheel needs the package `hatchling`")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.iterdir()
    return path


@pytest.fixture(scope="module")
def included(wheel: Path) -> set[str]:
    """The paths of the wheel's files, without its metadata."""
    return {path for path in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in path}


@pytest.mark.parametrize(
    "asset",
    [
        "dataset/embedded_workflows.jsonl.zst",
        "integrations/nanochat/tokenizer.json.zst",
        "py.typed",
        *(f"judging/required/{name}" for name in REQUIRED),
    ],
)
def test_the_wheel_contains_the_assets(included: set[str], asset: str) -> None:
    assert f"schemalm/{asset}" in included


@pytest.mark.parametrize("name", ["playground.js", "LICENSES.txt"])
def test_the_wheel_contains_the_playground_if_it_is_built(included: set[str], name: str) -> None:
    path = f"schemalm/serving/bundle/{name}"
    if not (ROOT / "src" / path).is_file():
        pytest.skip("the page is not built: make playground")
    assert path in included


def test_the_wheel_contains_only_the_package(included: set[str]) -> None:
    assert {Path(path).parts[0] for path in included} == {"schemalm"}
    assert not [path for path in included if "workflow_book" in path]


def test_the_wheel_contains_every_file_of_the_package(included: set[str]) -> None:
    package = ROOT / "src" / "schemalm"
    files = {path.relative_to(package.parent) for path in package.rglob("*") if path.is_file()}
    expected = {path.as_posix() for path in files if path.suffix != ".pyc"}
    assert {path for path in expected if path.endswith((".jinja", ".js", ".json"))}
    assert included == expected


def test_the_wheel_is_small_and_has_nothing_to_compile(wheel: Path) -> None:
    assert wheel.stat().st_size < MAX_BYTES
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_playground_is_in_the_wheel_although_git_ignores_it() -> None:
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert built["artifacts"] == ["/src/schemalm/serving/bundle/"]


@pytest.mark.slow
def test_the_program_runs_from_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    # Importing pip, or asking for it, makes setuptools give up its distutils, and with that torch cannot compile.
    if not any(distribution.name == "pip" for distribution in importlib.metadata.distributions()):
        pytest.skip("installing a wheel needs the package `pip`")
    folder, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(folder)]
    subprocess.run([*install, str(wheel)], check=True)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    source = "import schemalm; print(schemalm.__version__, schemalm.__file__)"
    commands = ([str(folder / "bin" / "schemalm"), "--version"], ["-c", source])
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    outputs = [
        subprocess.run(
            [sys.executable, *command], cwd=empty, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        for command in commands
    ]
    assert outputs == [f"schemalm {version}", f"{version} {folder / 'schemalm' / '__init__.py'}"]
