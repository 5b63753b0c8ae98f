"""The page on one training step shows the graph that its program draws."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs" / "concepts"


def test_the_page_has_the_text_that_the_program_writes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["draw_step.py"])
    runpy.run_path(str(PAGES / "draw_step.py"), run_name="__main__")
    assert f"```text\n{capsys.readouterr().out}```" in (PAGES / "scalar-step.md").read_text()


def test_the_picture_has_every_number_of_the_graph() -> None:
    program = runpy.run_path(str(PAGES / "draw_step.py"))
    graph = program["dot"](*program["step"]())
    assert graph.count("->") == 9
    picture = (PAGES / "scalar-step.svg").read_text()
    for number in ("1.1032", "0.9032", "2.4675", "0.6682", "0.4053"):
        assert number in graph and number in picture
