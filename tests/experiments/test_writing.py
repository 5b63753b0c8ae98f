"""Models of a small experiment with equal time write documents, which are kept, judged and reported."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from schemalm.experiments import writing
from schemalm.experiments.recipe import Recipe, WritingSettings, read_recipe
from schemalm.experiments.report import write_report
from schemalm.experiments.results import Result, read_results
from schemalm.experiments.runner import RunFilter, run_experiment
from schemalm.experiments.verdicts import NO_JSON, judge_results, judges_of, read_opinions
from schemalm.experiments.writing import WrittenSet

from .conftest import WRITING_RECIPE

pytestmark = pytest.mark.slow
CUTS = {"llguidance": ["/properties/name/not"], "xgrammar": []}


def sets_of(out: Path) -> dict[str, tuple[Result, WrittenSet]]:
    return {result.arm: (result, written) for result in read_results(out) for written in result.written or ()}


def test_each_arm_trains_for_the_budget_and_writes_documents(written: Path) -> None:
    sets = sets_of(written)
    assert {arm: kept.mask for arm, (_, kept) in sets.items()} == {"text": "none", "typed": "grammar"}
    for result, kept in sets.values():
        assert (result.measure, result.budget) == ("time", 1)
        assert result.cpu_seconds is not None
        assert 0 < result.cpu_seconds < 10
        documents = list(kept.documents(written))
        assert len(documents) == kept.num_documents == 3
        assert {document.finish for document in documents} <= {"complete", "steered", "closed"}
        assert all(len(document.tokens) > 0 for document in documents)
        assert kept.cpu_seconds > 0


def test_typed_documents_are_accepted_and_cut_text_is_not(written: Path) -> None:
    sets = sets_of(written)
    typed, text = (read_opinions(written, sets[arm][1].file) for arm in ("typed", "text"))
    assert all(opinion.accepted for opinion in typed["published schema"])
    assert [opinion.reason for opinion in text["published schema"]] == [NO_JSON] * 3
    summary = json.loads((written / "summary.json").read_text())
    shares = {row["arm"]: row["accepted"]["published schema"]["mean"] for row in summary["written"]}
    assert shares == {"text": 0.0, "typed": 1.0}
    assert summary["held_out"] == {"published schema": 1.0, "check-jsonschema": 1.0}
    report = (written / "report.md").read_text()
    assert "## 1 CPU seconds of training, equal time" in report
    assert "| typed | grammar | 1 | 100.0 % |" in report


def test_finished_trainings_and_documents_are_not_made_again(
    written: Path, writing_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(written, out)
    (out / "results.jsonl").unlink()
    monkeypatch.setattr(writing, "_write", None)
    before = sets_of(written)
    assert run_experiment(read_recipe(writing_file), out, run_filter=RunFilter(arms=["typed"])).num_made == 1
    result, kept = sets_of(out)["typed"]
    assert kept == before["typed"][1]
    assert (result.num_steps, result.cpu_seconds) == (before["typed"][0].num_steps, before["typed"][0].cpu_seconds)


def test_judges_are_asked_once_and_their_verdicts_can_be_made_again(
    written: Path, writing_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(written, out)
    for path in (out / "documents").glob("*.verdicts.json"):
        path.unlink()
    judges = judges_of(read_recipe(writing_file))
    judge_results(out, judges)
    assert write_report(out, "small") == write_report(written, "small")
    assert (out / "summary.json").read_bytes() == (written / "summary.json").read_bytes()
    judge_results(out, dict.fromkeys(judges))  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["llguidance", "xgrammar"])
def test_one_text_model_writes_under_several_masks(
    written: Path, writing_file: Path, tmp_path: Path, engine: str
) -> None:
    pytest.importorskip(engine)
    out = tmp_path / "out"
    shutil.copytree(written, out)
    path = writing_file.with_name(f"{engine}.toml")
    path.write_text(WRITING_RECIPE.replace("300 }\n", f'300 }}\nmasks = ["none", "{engine}"]\n', 1))
    run_experiment(read_recipe(path), out, run_filter=RunFilter(arms=["text"]))
    assert len(list((out / "runs").iterdir())) == 2
    plain, masked = read_results(out)[-1].written or ()
    assert plain == sets_of(written)["text"][1]
    assert (plain.scores, plain.engine) == (None, "no mask")
    assert masked.engine.startswith(engine)
    assert [cut.pointer for cut in masked.cuts] == CUTS[engine]
    assert masked.scores is not None
    assert masked.scores.num_documents + len(masked.scores.left_out) == 3
    assert all(document.text.startswith("{") for document in masked.documents(out))
    assert (f"### What {engine} " in (out / "report.md").read_text()) == bool(CUTS[engine] or masked.warnings)


def test_a_recipe_whose_models_do_not_write_has_no_judges(writing_file: Path) -> None:
    assert judges_of(replace(read_recipe(writing_file), writing=None)) == {}


def test_documents_under_rules_are_judged_by_the_schema_with_and_without_amendments(recipe: Recipe) -> None:
    judges = list(judges_of(replace(recipe, writing=WritingSettings())))
    assert judges[:3] == ["published schema", "amended schema", "check-jsonschema"]
