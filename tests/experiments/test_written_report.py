"""Figures and tables of documents that were written by hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from schemalm.experiments.masked_scores import MaskedScores
from schemalm.experiments.results import Result
from schemalm.experiments.schema_cuts import Cut
from schemalm.experiments.verdicts import NO_JSON, Opinion
from schemalm.experiments.writing import DOCUMENTS_FOLDER, WrittenDocument, WrittenSet
from schemalm.experiments.written_figures import written_rows
from schemalm.experiments.written_report import written_lines

from .conftest import MakeResult

GOOD, BAD = Opinion(True, ""), Opinion(False, 'required: "on" is required')
CUT_OFF = Opinion(False, NO_JSON)
CUTS = [Cut("/a/not", "left out", "not is unknown"), Cut("/b/not", "left out", "not is unknown")]


@pytest.fixture
def results(tmp_path: Path, make_result: MakeResult) -> list[Result]:
    """Two seeds of a text model under the masks of an engine: four documents each, in two CPU seconds."""
    made = []
    for seed, opinions in enumerate(([GOOD, GOOD, BAD, CUT_OFF], [GOOD, BAD, BAD, CUT_OFF])):
        scores = MaskedScores(1.5, 1.25, 3, ("document 2: token 1 of 9 is forbidden",))
        kept = WrittenSet(f"text-{seed}", "engine", "engine 1.0", 2.0, 4, CUTS, ["oneOf is anyOf"], scores)
        keep(tmp_path, kept, opinions)
        made.append(make_result(arm="text", measure="time", seed=seed, written=[kept]))
    return made


def keep(out: Path, kept: WrittenSet, opinions: list[Opinion]) -> None:
    folder = out / DOCUMENTS_FOLDER
    folder.mkdir(exist_ok=True)
    documents = [
        WrittenDocument("{}", [5, 6], "complete" if opinion.reason != NO_JSON else "closed") for opinion in opinions
    ]
    (folder / f"{kept.file}.jsonl").write_text("".join(json.dumps(asdict(document)) + "\n" for document in documents))
    (folder / f"{kept.file}.verdicts.json").write_text(json.dumps({"judge": [asdict(opinion) for opinion in opinions]}))


def test_shares_and_rates_are_means_over_seeds(tmp_path: Path, results: list[Result]) -> None:
    (row,) = written_rows(tmp_path, results)
    assert (row.arm, row.mask, row.engine, row.num_seeds, row.num_documents) == ("text", "engine", "engine 1.0", 2, 8)
    assert (row.is_json.mean, row.cut_off.mean, row.tokens.mean) == (0.75, 0.25, 2.0)
    assert row.field_distance is None
    assert row.accepted["all judges"].mean == 0.375
    assert (row.accepted["judge"].mean, row.accepted["judge"].num_values) == (0.375, 2)
    assert (row.per_second.mean, row.accepted_per_second.mean) == (2.0, 0.75)
    assert row.admitted is not None
    assert row.admitted.mean == 0.75
    assert row.reasons == [("required", 0.375), (NO_JSON, 0.25)]


def test_the_report_names_shares_reasons_and_what_an_engine_does_not_enforce(
    tmp_path: Path, results: list[Result]
) -> None:
    lines = list(written_lines(written_rows(tmp_path, results), {"judge": 0.985}, results))
    assert "| text | engine | 2 | 75.0 ± 0.0 % | 37.5 ± 158.8 % | 37.5 ± 158.8 % | 25.0 ± 0.0 % |" in "\n".join(lines)
    assert "| text | engine | 1.2500 ± 0.0000 | 1.5000 ± 0.0000 |" in lines
    assert "\nOf the real held-out documents, judges accept: judge 98.5 %." in lines
    assert "- text, engine: required 37.5 %, the text is no JSON 25.0 %" in lines
    assert "\n### What engine 1.0 does not enforce\n" in lines
    assert "- left out, since not is unknown: `/a/not`, `/b/not`" in lines
    assert "- it says: oneOf is anyOf" in lines


def test_documents_that_were_not_judged_yet_have_no_row(tmp_path: Path, results: list[Result]) -> None:
    (tmp_path / DOCUMENTS_FOLDER / "text-1.verdicts.json").unlink()
    (row,) = written_rows(tmp_path, results)
    assert row.num_seeds == 1
    assert row.accepted["judge"].half_width is None


def test_experiments_without_documents_have_no_section(tmp_path: Path, make_result: MakeResult) -> None:
    results = [make_result()]
    assert list(written_lines(written_rows(tmp_path, results), {"judge": 0.985}, results)) == []
