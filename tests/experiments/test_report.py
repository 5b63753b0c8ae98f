from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemalm.errors import DataError
from schemalm.experiments.report import write_report
from schemalm.experiments.results import append_result

from .conftest import MakeResult


def test_the_report_has_a_table_per_budget_and_measure(tmp_path: Path, make_result: MakeResult) -> None:
    for seed in (0, 1):
        append_result(tmp_path, make_result(arm="bpe", seed=seed, bits_per_byte=2.0))
        append_result(tmp_path, make_result(seed=seed, bits_per_byte=1.0 + seed))
        append_result(tmp_path, make_result(seed=seed, measure="documents", num_epochs=1.5))
    rows = write_report(tmp_path, "a title")
    text = (tmp_path / "report.md").read_text()
    assert "## 1,000 training tokens, equal compute" in text
    assert "| typed | tiny, 2 M | 2 | 400.0 | 1.5000 ± 6.3530 | 0.7500 ± 3.1765 | 998 | 1 min 0 s |" in text
    assert "| bpe | tiny, 2 M | 2 | 400.0 | 2.0000 ± 0.0000 | baseline | 998 | 1 min 0 s |" in text
    assert "Saw its documents more than once: typed." in text
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [entry["arm"] for entry in summary["rows"]] == [row.arm for row in rows]
    for name in (tmp_path / "plots").glob("*.svg"):
        assert f"(plots/{name.name})" in text


def test_other_arms_are_left_out_and_their_plots_removed(tmp_path: Path, make_result: MakeResult) -> None:
    for arm in ("bpe", "typed"):
        append_result(tmp_path, make_result(arm=arm))
    write_report(tmp_path, "all")
    assert list((tmp_path / "plots").iterdir())
    rows = write_report(tmp_path, "some", {"bpe"})
    assert [row.arm for row in rows] == ["bpe"]
    assert not list((tmp_path / "plots").iterdir())


def test_renormalized_scores_have_a_table(tmp_path: Path, make_result: MakeResult) -> None:
    scores = {"plain_bits_per_byte": 1.5, "bits_per_byte": 1.25, "num_documents": 3, "left_out": ["document 1: no"]}
    nothing = {"plain_bits_per_byte": None, "bits_per_byte": None, "num_documents": 0, "left_out": ["the schema: no"]}
    append_result(tmp_path, make_result(arm="bpe", renormalized=scores))
    append_result(tmp_path, make_result(arm="bpe", seed=1, renormalized=nothing))
    write_report(tmp_path, "title")
    text = (tmp_path / "report.md").read_text()
    assert "| bpe | tiny | 1,000 | 0 | 3 | 1 | 1.5000 | 1.2500 |" in text
    assert "| bpe | tiny | 1,000 | 1 | 0 | 1 | none | none |" in text


def test_without_results_there_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no results of this experiment yet"):
        write_report(tmp_path, "title")
