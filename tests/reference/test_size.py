"""The twin stays small enough to be read in one sitting."""

from __future__ import annotations

from pathlib import Path

import pytest

import schemalm.reference

FOLDER = Path(schemalm.reference.__file__).parent


def num_lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_the_whole_is_under_1200_lines() -> None:
    assert sum(map(num_lines, FOLDER.rglob("*.py"))) < 1200


@pytest.mark.parametrize("engine", ["scalar", "array"])
def test_a_gpt_is_one_file_under_250_lines(engine: str) -> None:
    assert num_lines(FOLDER / engine / "gpt.py") < 250
    assert "def gpt_logits" in (FOLDER / engine / "gpt.py").read_text()
