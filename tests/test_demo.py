"""The whole way, at sizes that take seconds."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import pytest
from tests.judging.misread import MISREAD

from schemalm.demo import DemoSizes, run_demo
from schemalm.errors import DataError
from schemalm.generation import load_run
from schemalm.interruption import Interrupted, TrainingInterrupted

pytestmark = pytest.mark.slow
SIZES = DemoSizes(num_documents=60, vocab_size=700, context_size=64, num_steps=3, num_samples=5, max_tokens=40)
# More symbols than the vocabulary of SIZES allows.
COLOURS = [f"colour {number}" for number in range(700)]
PALETTE = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "JSON schema for the palette",
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "colours": {"type": "array", "items": {"enum": COLOURS}, "uniqueItems": True},
    },
    "required": ["colours"],
    "additionalProperties": False,
}


@pytest.fixture
def palette(tmp_path: Path) -> Path:
    """The schema in a file."""
    path = tmp_path / "palette.json"
    path.write_text(json.dumps(PALETTE))
    return path


def write_palettes(folder: Path, num_documents: int) -> Path:
    """Make a folder with valid documents, one document that the schema refuses, and one that is not JSON."""
    folder.mkdir()
    for number in range(num_documents):
        value = {"name": f"palette {number}", "colours": COLOURS[number : number + 2]}
        (folder / f"{number}.json").write_text(json.dumps(value))
    (folder / "broken.json").write_text('{"colours": [}')
    (folder / "wrong.yaml").write_text("colours: [mauve]\n")
    return folder


def test_the_demo_leaves_a_run_that_loads_and_a_report_of_valid_documents(tmp_path: Path) -> None:
    messages: list[str] = []
    result = run_demo(tmp_path / "demo", sizes=SIZES, log=messages.append)
    run = load_run(result.run)
    judge = jsonschema_rs.validator_for(run.tokenizer.grammar.enforced_schema)
    assert len(result.evaluation.samples) == 5
    assert all(judge.is_valid(sample.generated.value) for sample in result.evaluation.samples)
    assert all(sample.by_schema.accepted for sample in result.evaluation.samples)
    assert "<html" in result.report.read_text()
    assert not result.rejections
    assert run.tokenizer.grammar.rules is not None
    assert f"Rules: {run.tokenizer.grammar.rules.file.title}" in result.report.with_suffix(".md").read_text()
    assert any("60 embedded workflows" in message for message in messages)


def test_the_seed_chooses_which_embedded_documents_are_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr("schemalm.demo.train", stop)
    prepared = []
    for name, seed in (("first", 0), ("again", 0), ("other", 1)):
        with pytest.raises(Interrupted):
            run_demo(tmp_path / name, seed=seed, sizes=SIZES)
        prepared.append((tmp_path / name / "data" / "val" / "blocks.zst").read_bytes())
    first, again, other = prepared
    assert first == again != other


def test_a_given_corpus_replaces_the_embedded_one(tmp_path: Path) -> None:
    rows = [
        {
            "value": {"on": "push", "jobs": {f"job-{i}": {"runs-on": "x", "steps": [{"run": f"make {i % 7}"}]}}},
            "repo": f"o/{i % 6}",
        }
        for i in range(60)
    ]
    rows.append({"value": {"on": "nothing"}, "repo": "o/bad", "path": "bad.yml"})
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run_demo(tmp_path / "demo", corpus=corpus, sizes=SIZES)
    assert [rejection.name for rejection in result.rejections] == ["o/bad/bad.yml"]
    assert all(sample.by_schema.accepted for sample in result.evaluation.samples)


def test_a_signal_after_the_training_does_not_lose_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise Interrupted(signal.SIGTERM)

    monkeypatch.setattr("schemalm.demo.evaluate", interrupt)
    with pytest.raises(TrainingInterrupted) as caught:
        run_demo(tmp_path / "demo", sizes=SIZES)
    stopped = caught.value
    assert (stopped.number, stopped.run, stopped.step) == (signal.SIGTERM, tmp_path / "demo" / "run", SIZES.num_steps)
    assert "nothing of the training is lost: the newest checkpoint is of step 3" in str(stopped)
    assert load_run(stopped.run).step == SIZES.num_steps


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep")
    with pytest.raises(DataError, match="not empty"):
        run_demo(tmp_path, sizes=SIZES)
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_another_schema_needs_its_own_documents(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--corpus"):
        run_demo(tmp_path / "demo", schema="dependabot", sizes=SIZES)


def test_a_handful_of_documents_of_any_schema_is_enough(tmp_path: Path, palette: Path) -> None:
    corpus = write_palettes(tmp_path / "corpus", 5)
    messages: list[str] = []
    result = run_demo(tmp_path / "demo", corpus=corpus, schema=str(palette), sizes=SIZES, log=messages.append)
    assert {rejection.name for rejection in result.rejections} == {"broken.json", "wrong.yaml"}
    judge = jsonschema_rs.validator_for(PALETTE)
    assert all(judge.is_valid(sample.generated.value) for sample in result.evaluation.samples)
    assert all(sample.by_schema.accepted for sample in result.evaluation.samples)
    assert (result.evaluation.num_train_documents, result.evaluation.likelihood.num_documents) == (4, 1)
    run = load_run(result.run)
    assert run.tokenizer.vocab_size > len(COLOURS) + 256
    assert run.model.configuration.context_size == 2 * SIZES.stride  # the least, and enough
    assert "documents that are valid: 5; left out: 2" in " ".join(messages)
    report = result.report.read_text()
    assert "<h1>palette: documents by" in report
    assert "Trained on only 4 documents" in report


@pytest.mark.parametrize(("num_documents", "found"), [(0, "no document"), (1, "only one document")])
def test_too_few_documents_are_refused_with_the_faults_of_the_others(
    tmp_path: Path, palette: Path, num_documents: int, found: str
) -> None:
    corpus = write_palettes(tmp_path / "corpus", num_documents)
    with pytest.raises(DataError, match=f"{found} of .* is valid") as caught:
        run_demo(tmp_path / "demo", corpus=corpus, schema=str(palette), sizes=SIZES)
    assert "wrong.yaml: /colours/0" in str(caught.value)
    assert not (tmp_path / "demo").exists()


def test_documents_of_one_repository_are_split_one_by_one(tmp_path: Path, palette: Path) -> None:
    rows = [{"value": {"colours": [colour]}, "repo": "o/r", "path": f"{colour}.json"} for colour in COLOURS[:10]]
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run_demo(tmp_path / "demo", corpus=corpus, schema=str(palette), sizes=SIZES)
    assert (result.evaluation.num_train_documents, result.evaluation.likelihood.num_documents) == (9, 1)


def test_training_on_small_corpora_is_short(tmp_path: Path, palette: Path) -> None:
    corpus = write_palettes(tmp_path / "corpus", 3)
    sizes = replace(SIZES, num_steps=100, min_steps=2, num_epochs=8)
    result = run_demo(tmp_path / "demo", corpus=corpus, schema=str(palette), sizes=sizes)
    assert 2 < result.evaluation.step < 5


@pytest.mark.parametrize("name", MISREAD)
def test_schemas_that_the_first_judge_cannot_read_as_written_are_judged(tmp_path: Path, name: str) -> None:
    schema, valid, _ = MISREAD[name]
    path, corpus = tmp_path / "schema.json", tmp_path / "corpus.jsonl"
    path.write_text(json.dumps(schema))
    corpus.write_text("".join(json.dumps({"value": value, "path": f"{i}"}) + "\n" for i, value in enumerate(valid * 2)))
    told: list[str] = []
    sizes = replace(SIZES, min_steps=1, num_steps=1, num_samples=2)
    result = run_demo(tmp_path / "demo", corpus=corpus, schema=str(path), sizes=sizes, log=told.append)
    assert told[1].startswith("documents are judged by jsonschema-rs")
    assert all(sample.by_schema.accepted for sample in result.evaluation.samples)
    assert result.evaluation.acceptance[1].title.startswith("jsonschema-rs")
