"""The command of the demo; another module tests the demo itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from schemalm import demo
from schemalm.dataset import embedded
from schemalm.documents import LeftOut, Rejection
from schemalm.evaluation.evaluate import Evaluation, evaluate
from schemalm.generation import load_run
from schemalm.judging import Message, Verdict, judge_for
from schemalm.judging.schema_judge import NoJudge


@pytest.fixture(scope="module")
def evaluation(pipeline) -> Evaluation:
    run = load_run(pipeline.run)
    return evaluate(run, num_samples=6, max_tokens=20, judges=[judge_for(run.tokenizer.grammar)])


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, pipeline):
    """Replace the real demo by a finished one; return the arguments that it was called with."""

    def prepare(evaluation: Evaluation, rejections: Sequence[Rejection] = ()) -> dict[str, object]:
        called: dict[str, object] = {}

        def run_demo(out: Path, **arguments: object) -> demo.DemoResult:
            called.update(arguments, out=out)
            left_out, report = LeftOut(list(rejections)), pipeline.run / "report.html"
            return demo.DemoResult(out, pipeline.run, report, evaluation, left_out, 12.0)

        monkeypatch.setattr(demo, "run_demo", run_demo)
        return called

    return prepare


def test_the_demo_shows_five_documents_and_the_report(invoke, pretend, evaluation: Evaluation, pipeline) -> None:
    called = pretend(evaluation)
    result = invoke("demo", "--out", "somewhere", "--seed", 3)
    assert result.exit_code == 0
    assert (called["out"], called["seed"], called["schema"]) == (Path("somewhere"), 3, "github-workflow")
    assert result.stdout.count("--- # document ") == 5
    assert "--- # document 1, refused by nobody\nkind: " in result.stdout
    assert f"report: {pipeline.run / 'report.html'}" in result.stdout
    assert "note: Trained on " in result.stdout  # the fixture has few documents
    assert f"next: schemalm generate {pipeline.run} -n 3" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ((), embedded.EMBEDDED_RULES),
        (("--rules", "none"), None),
        (("--rules", "github-workflow"), "github-workflow"),
        (("--corpus", "."), "github-workflow"),
    ],
)
def test_embedded_documents_are_learned_under_strict_rules_unless_others_are_named(
    invoke, pretend, evaluation: Evaluation, arguments: tuple[str, ...], rules: str | None
) -> None:
    called = pretend(evaluation)
    result = invoke("demo", *arguments)
    assert called["rules"] == rules
    assert (f"with the rules {rules};" in result.stderr) is (rules is not None)


def test_an_invalid_document_fails_the_demo(invoke, pretend, evaluation: Evaluation) -> None:
    first, *others = evaluation.samples
    refused = replace(first, verdicts={"schema": Verdict((Message("wrong", pointer="/kind", kind="type"),))})
    pretend(replace(evaluation, samples=(refused, *others)))
    result = invoke("demo")
    assert result.exit_code == 1
    assert "--- # document 1, refused by schema\n" in result.stdout
    assert "document 1 is invalid: /kind: type: wrong" in result.stdout


def test_a_demo_that_nobody_judged_does_not_fail(invoke, pretend, pipeline) -> None:
    judges = [NoJudge("a pattern is too large")]
    pretend(evaluate(load_run(pipeline.run), num_samples=2, max_tokens=20, judges=judges))
    result = invoke("demo")
    assert result.exit_code == 0
    assert "Nobody can say: no judge has a verdict" in result.stdout
    assert "note: Not asked: schema: no program can read this schema: a pattern is too large." in result.stdout


def test_rejected_documents_of_a_corpus_are_reported(invoke, pretend, evaluation: Evaluation, tmp_path: Path) -> None:
    called = pretend(evaluation, (Rejection("a.yml", "/kind: wrong (enum)", "enum"),))
    result = invoke("demo", "--corpus", tmp_path, "--json")
    assert result.exit_code == 0
    assert called["corpus"] == tmp_path
    assert invoke("demo", "--corpus", tmp_path, "--strict").exit_code == 1
    report = json.loads(result.stdout)
    assert report["rejected_by_reason"] == {"the schema's enum": 1}
    assert report["evaluation"]["acceptance"][1]["samples"]["share"] == 1


def test_a_folder_that_is_not_empty_is_refused(invoke, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = invoke("demo", "--out", tmp_path)
    assert result.exit_code == 2
    assert "is not empty" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_damaged_installation_is_reported(invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "WORKFLOWS_ASSET", "missing.zst")
    result = invoke("demo", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "missing.zst" in result.stderr
    assert "install the package again" in result.stderr
    assert "Traceback" not in result.stderr


def test_other_schemas_ask_for_a_corpus(invoke, schema: Path, tmp_path: Path) -> None:
    result = invoke("demo", "--out", tmp_path / "out", "--schema", schema)
    assert result.exit_code == 2
    assert "--corpus" in result.stderr
    assert "Traceback" not in result.stderr
