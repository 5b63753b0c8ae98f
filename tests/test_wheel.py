"""What an installed package contains, and what stays in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# What judges need to be installed and run.
REQUIRED = ("package.json", "package-lock.json", "requirements.txt", "judge.mjs", "json_imports.mjs")


@pytest.fixture(scope="module")
def included() -> set[str]:
    """The paths of the wheel's files."""
    wheel = pytest.importorskip("hatchling.builders.wheel")
    return {file.distribution_path for file in wheel.WheelBuilder(str(ROOT)).recurse_included_files()}


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
