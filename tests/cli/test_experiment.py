from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .conftest import DOCUMENTS, SCHEMA, Invoke

RECIPE = """
name = "cli"
schema = "schema.json"
baseline = "characters"
seeds = [0]
budgets = [100]
[data]
train = "train"
validation = "validation"
[training]
context_size = 16
batch_size = 2
[[arms]]
name = "characters"
tokenizer = { kind = "character" }
[[arms]]
name = "typed"
tokenizer = { kind = "typed", vocab_size = 360 }
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("experiment")
    for number, text in enumerate(DOCUMENTS):
        corpus = folder / ("validation" if number % 4 == 0 else "train")
        corpus.mkdir(exist_ok=True)
        (corpus / f"{number}.yml").write_text(text)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    (folder / "cli.toml").write_text(RECIPE)
    return folder / "cli.toml"


@pytest.mark.slow
def test_runs_and_reports(invoke: Invoke, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke("experiment", "run", recipe, "--arm", "characters")
    assert result.exit_code == 0, result.output
    assert "next: schemalm experiment report runs/cli" in result.stderr
    result = invoke("experiment", "run", recipe, "--json")
    assert result.exit_code == 0, result.output
    described = json.loads(result.stdout)
    assert (described["num_made"], described["num_there"], described["failures"]) == (1, 1, [])
    assert {row["arm"] for row in described["rows"]} == {"characters", "typed"}
    for place in ("runs/cli", recipe):
        result = invoke("experiment", "report", place, "--json")
        assert json.loads(result.stdout)["rows"] == described["rows"]


@pytest.mark.parametrize("command", ["run", "report"])
def test_a_folder_that_cannot_be_written_is_named_before_the_work(
    invoke: Invoke, recipe: Path, tmp_path: Path, command: str
) -> None:
    (tmp_path / "file").write_text("text")
    result = invoke("experiment", command, recipe, "--out", tmp_path / "file" / "below")
    assert result.exit_code == 2
    assert f"{tmp_path / 'file'}: Not a directory; choose another folder with --out" in result.stderr
    assert "drawing documents" not in result.stderr


@pytest.mark.slow
def test_documents_left_out_of_the_corpora_are_reported_in_each_session(
    invoke: Invoke, recipe: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "experiment"
    shutil.copytree(recipe.parent, folder)
    (folder / "train" / "pink.yml").write_text("kind: pink\n")
    (folder / "train" / "broken.yml").write_text('kind: "a\n')
    (folder / "validation" / "wrong.yml").write_text("kind: wrong\n")
    (folder / "train" / "same.yml").write_text((folder / "train" / "1.yml").read_text())
    command = ("experiment", "run", folder / "cli.toml", "--out", tmp_path / "out", "--arm", "characters")
    for number, options in enumerate(((), ("--strict",))):
        result = invoke(*command, *options)
        assert result.exit_code == number
        assert "rejected wrong.yml: /kind: " in result.stdout
        assert "1 exact duplicate left out, for example same.yml" in result.stdout
    described = json.loads(invoke(*command, "--json").stdout)
    assert {rejection["name"] for rejection in described["rejected"]} == {"pink.yml", "broken.yml", "wrong.yml"}


def test_a_failed_run_exits_1(invoke: Invoke, recipe: Path, tmp_path: Path) -> None:
    changed = recipe.with_name("failing.toml")
    changed.write_text(RECIPE.replace("vocab_size = 360", "vocab_size = 10"))
    result = invoke("experiment", "run", changed, "--out", tmp_path / "out", "--arm", "typed")
    assert result.exit_code == 1
    assert "failed: typed (tiny), equal compute, 100 tokens, seed 0: " in result.stdout


def test_mistakes_exit_2(invoke: Invoke, recipe: Path, tmp_path: Path) -> None:
    assert invoke("experiment", "run", recipe, "--out", tmp_path, "--arm", "none").exit_code == 2
    assert invoke("experiment", "run", tmp_path / "none.toml").exit_code == 2
    assert invoke("experiment", "report", tmp_path).exit_code == 2


def test_an_interruption_says_how_to_resume(invoke: Invoke, recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("schemalm.experiments.runner.run_experiment", interrupt)
    result = invoke("experiment", "run", recipe)
    assert result.exit_code == 130
    assert f"finished work is kept, continue with: schemalm experiment run {recipe}" in result.stderr


def test_if_nothing_is_left_of_one_corpus_the_reasons_are_its_own(invoke: Invoke, recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "experiment"
    shutil.copytree(recipe.parent, folder)
    for name in ("a", "b", "c"):
        for number in range(3):
            (folder / "validation" / f"{name}{number}.yml").write_text(f"{name}: {number}\n" * (1 + (name == "b")))
    shutil.rmtree(folder / "train")
    (folder / "train").mkdir()
    (folder / "train" / "rows.jsonl").write_text('{"text": "kind: pink"}\n')
    result = invoke("experiment", "run", folder / "cli.toml", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "1 rejected, for example " in result.stderr
    assert "rename `text` to `yaml`" in result.stderr
    assert "validation" not in result.stderr.split("error: ")[1]
