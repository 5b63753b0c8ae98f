"""A comparison shows differences, results and curves, and says which figures are not comparable."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from schemalm.errors import ConfigurationError
from schemalm.evaluation.comparison import comparison_caveats, figure_rows, setting_rows, write_comparison
from schemalm.evaluation.records import RunRecord, read_record

ATTACK = "<script>$x_{</script>$"
PLOTS = {
    "loss-over-tokens",
    "loss-over-time",
    "bits-per-byte-over-tokens",
    "bits-per-byte-over-time",
}


@pytest.fixture(scope="module")
def records(train_run: Callable[..., Path]) -> list[RunRecord]:
    """Two runs on the same data with different learning rates."""
    return [read_record(train_run()), read_record(train_run(learning_rate=1e-3))]


def renamed(record: RunRecord, folder: str) -> RunRecord:
    return replace(record, folder=Path(folder))


def test_the_page_and_every_plot_are_written(records: list[RunRecord], tmp_path: Path) -> None:
    page = write_comparison(records, tmp_path / "out")
    assert page == tmp_path / "out" / "comparison.html"
    assert {path.stem for path in (tmp_path / "out" / "plots").iterdir()} == PLOTS
    html = page.read_text(encoding="utf-8")
    assert html.count("<figure>") == len(PLOTS)
    assert "learning_rate" in html
    assert not re.search(r"<script|<link|<img|url\((?!#)|@import", html)


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes_in_the_same_folder(records: list[RunRecord], tmp_path: Path) -> None:
    first = write_comparison(records, tmp_path).read_bytes()
    assert write_comparison(records, tmp_path).read_bytes() == first


def test_rows_have_a_cell_for_each_run(records: list[RunRecord]) -> None:
    assert setting_rows(records) == [("learning_rate", ["0.005", "0.001"])]
    rows = dict(figure_rows(records))
    assert rows["steps"] == ["4 of 4", "4 of 4"]
    assert rows["training tokens"][0] == rows["training tokens"][1]
    num_documents = records[0].config["data"]["num_validation_documents"]
    assert rows["validation during training"][0] == f"{num_documents} of {num_documents} documents"
    assert rows["bits per byte there"][0] == f"{records[0].best['bits_per_byte']:.4f}"
    assert comparison_caveats(records) == []


def test_the_label_of_validation_says_on_how_many_documents(records: list[RunRecord]) -> None:
    training = {**records[0].config["training"], "num_evaluation_documents": 2}
    fewer = replace(records[0], config={**records[0].config, "training": training})
    num_documents = fewer.config["data"]["num_validation_documents"]
    silent = replace(records[0], config={"training": {}})
    assert dict(figure_rows([fewer, silent]))["validation during training"] == [f"2 of {num_documents} documents", ""]


def test_other_validation_documents_are_named(records: list[RunRecord]) -> None:
    data = {**records[1].config["data"], "num_validation_documents": 7, "num_validation_bytes": 1234}
    other = replace(records[1], config={**records[1].config, "data": data})
    (caveat,) = comparison_caveats([renamed(records[0], "/runs/a"), renamed(other, "/runs/b")])
    assert "not validated on the same documents" in caveat
    assert "b: 7 documents, 1,234 bytes, " in caveat
    assert "neither their bits per byte" in caveat


def test_other_tokens_and_masks_are_named(records: list[RunRecord]) -> None:
    training = {**records[1].config["training"], "mask_loss": False}
    other = replace(records[1], config={**records[1].config, "tokenizer_sha256": "f", "training": training})
    tokens, masks = comparison_caveats([records[0], other])
    assert "tokenizers differ" in tokens
    assert "admitted tokens only" in masks


@pytest.mark.slow
def test_runs_without_metrics_are_shown_without_curves(records: list[RunRecord], tmp_path: Path) -> None:
    silent = renamed(replace(records[1], lines=[]), "/runs/silent")
    write_comparison(records, tmp_path)
    page = write_comparison([silent], tmp_path)
    assert "Nothing has been logged yet by silent." in page.read_text()
    assert not list((tmp_path / "plots").iterdir())
    assert dict(figure_rows([silent]))["bits per byte there"] == [""]
    write_comparison([records[0], silent], tmp_path)
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == PLOTS


def test_names_are_text_in_the_page_and_in_the_plots(records: list[RunRecord], tmp_path: Path) -> None:
    named = [renamed(records[0], f"/runs/a{ATTACK.replace('/', '')}"), renamed(records[1], "/runs/_hidden $a$")]
    html = write_comparison(named, tmp_path).read_text(encoding="utf-8")
    assert "<script" not in html
    drawn = ElementTree.parse(tmp_path / "plots" / "loss-over-tokens.svg")
    texts = [text.strip() for text in drawn.getroot().itertext()]
    assert "_hidden $a$" in texts
    assert "a<script>$x_{<script>$" in texts


@pytest.mark.slow
def test_many_runs_have_a_line_each(records: list[RunRecord], tmp_path: Path) -> None:
    many = [renamed(records[0], f"/runs/{number}") for number in range(20)]
    html = write_comparison(many, tmp_path).read_text(encoding="utf-8")
    assert html.count("<th>19</th>") == 1


def test_a_folder_with_other_files_is_not_changed(records: list[RunRecord], run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (run_folder, tmp_path, tmp_path / "file"):
        with pytest.raises(ConfigurationError, match="choose another folder"):
            write_comparison(records, out)
