"""With `--json`, stdout contains one object with all warnings, and stderr still shows the progress."""

from __future__ import annotations

import importlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def two_checkpoints(invoke, pipeline, tmp_path: Path) -> Path:
    """A run with checkpoints of both of its steps; the newer one is damaged."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[training]\nnum_steps = 2\nbatch_size = 2\ncheckpoint_every = 1\n")
    run = tmp_path / "two"
    command = ("train", "--data", pipeline.data, "--out", run, "--recipe", recipe, "--samples", 0)
    result = invoke(*command)
    assert result.exit_code == 0, result.output
    (run / "checkpoints" / "000002" / "model.safetensors").write_bytes(b"damaged")
    return run


def train_command(pipeline, run: Path, *options: object) -> tuple[object, ...]:
    return ("train", "--data", pipeline.data, "--out", run, "--steps", 2, "--batch-size", 2, "--json", *options)


def the_object(result: Any) -> dict[str, Any]:
    """Return the object on stdout; anything else there is not JSON and fails."""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    for warning in found["warnings"]:
        assert f"warning: {warning}" in result.stderr.replace("\n", " ").replace("  ", " ")
    return found


@pytest.mark.slow
def test_training_reports_its_progress_on_stderr(invoke, pipeline, tmp_path: Path) -> None:
    result = invoke(*train_command(pipeline, tmp_path / "run"))
    assert the_object(result)["warnings"] == []
    for told in ("training a tiny model", "training from step 0 to 2", "validation loss", "samples valid"):
        assert told in result.stderr
    assert "next: " not in result.stderr


@pytest.mark.slow
def test_a_tracker_that_breaks_is_a_warning(invoke, pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda _: object())
    result = invoke(*train_command(pipeline, tmp_path / "run", "--samples", 0, "--track", "wandb"))
    assert result.exit_code == 0
    (warning,) = the_object(result)["warnings"]
    assert warning.startswith("WandbTracker failed and gets no further events; the run continues: ")


@pytest.mark.slow
def test_a_damaged_checkpoint_that_is_skipped_is_a_warning(invoke, pipeline, two_checkpoints: Path) -> None:
    result = invoke(
        *("train", "--data", pipeline.data, "--out", two_checkpoints, "--recipe"),
        *(two_checkpoints.parent / "recipe.toml", "--samples", 0, "--resume", "auto", "--json"),
    )
    assert result.exit_code == 0, result.output
    passed_over, back = the_object(result)["warnings"]
    assert "000002 is damaged" in passed_over
    assert back.startswith("going back to step 1")


@pytest.mark.slow
def test_samples_that_fail_are_a_warning(invoke, pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("no idea")

    monkeypatch.setattr("schemalm.evaluation.checkpoint_samples.generate", fail)
    result = invoke(*train_command(pipeline, tmp_path / "run"))
    assert result.exit_code == 0
    (warning,) = the_object(result)["warnings"]
    assert warning == "step 2: no samples of this checkpoint, training continues: ValueError: no idea"


def test_what_changed_since_the_start_is_a_warning(invoke, pipeline, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(pipeline.run, run)
    config = json.loads((run / "config.json").read_bytes())
    config["versions"]["torch"] = "1.0"
    (run / "config.json").write_text(json.dumps(config))
    options = ("--samples", 0, "--resume", "auto", "--parent", pipeline.run)
    warnings = the_object(invoke(*train_command(pipeline, run, *options)))["warnings"]
    assert any("resumed with other versions" in warning for warning in warnings)
    assert any("the parent recorded at the start is kept: none" in warning for warning in warnings)


def test_documents_that_are_left_out_are_a_warning(invoke, pipeline, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(pipeline.corpus, corpus)
    (corpus / "invalid.yml").write_text("kind: delta\n")
    options = ("--context-size", 16, "--stride", 4, "--train-split", 0.7, "--json")
    result = invoke(
        "prepare", "--input", corpus, "--output", tmp_path / "data", "--tokenizer", pipeline.tokenizer, *options
    )
    found = the_object(result)
    assert len(found["rejected"]) == 1
    assert any("1 document" in warning for warning in found["warnings"])
    assert "preparing documents" in result.stderr


def test_runs_that_cannot_be_read_are_warnings(invoke, pipeline, tmp_path: Path) -> None:
    shutil.copytree(pipeline.run, tmp_path / "good")
    shutil.copytree(pipeline.run, tmp_path / "bad")
    (tmp_path / "bad" / "config.json").write_text("{")
    found = the_object(invoke("runs", tmp_path, "--json"))
    assert [warning.removeprefix("cannot be read: ") for warning in found["warnings"]] == found["problems"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("check", "FILE", "--schema", "SCHEMA"),
        ("schema", "SCHEMA"),
        ("tokenizer", "inspect", "FILE", "--tokenizer", "TOKENIZER"),
        ("tokenizer", "stats", "--tokenizer", "TOKENIZER", "--corpus", "CORPUS"),
        ("generate", "RUN", "--max-tokens", "5"),
        ("judge", "FILE", "--schema", "SCHEMA", "--judge", "schema"),
        ("judges", "--schema", "SCHEMA"),
        ("evaluate", "RUN", "--samples", "1", "--out", "OUT"),
        ("compare", "RUN", "--out", "OUT"),
        ("runs", "RUN"),
        ("train", "--data", "DATA", "--dry-run", "--steps", "1"),
        ("reference", "train", "--input", "CORPUS", "--steps", "1", "--context-size", "8", "--out", "OUT"),
    ],
)
def test_every_command_has_warnings_and_says_on_stderr_what_it_does(
    invoke, pipeline, tmp_path: Path, command: tuple[str, ...]
) -> None:
    places = {
        "FILE": pipeline.corpus / "0.yml",
        "SCHEMA": pipeline.schema,
        "TOKENIZER": pipeline.tokenizer,
        "CORPUS": pipeline.corpus,
        "RUN": pipeline.run,
        "DATA": pipeline.data,
        "OUT": tmp_path / "out",
    }
    result = invoke(*(places.get(argument, argument) for argument in command), "--json")
    assert result.exit_code == 0, result.output
    assert the_object(result)["warnings"] == []
    assert result.stderr


@pytest.mark.parametrize(
    ("command", "exit_code", "kind"),
    [
        (("generate", "nosuch"), 2, "CheckpointError"),
        (("generate", "RUN", "--temperature", "-1"), 2, "ConfigurationError"),
        (("train", "--data", "EMPTY", "--out", "OUT"), 2, "DataError"),
        (("check", "FILE", "--schema", "nosuch.json"), 2, None),
        (("generate", "RUN", "--prompt", "BROKEN"), 2, "DocumentError"),
    ],
)
def test_an_error_is_the_object(
    invoke, pipeline, tmp_path: Path, command: tuple[str, ...], exit_code: int, kind: str | None
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.yml").write_text('kind: "\n')
    places = {
        "FILE": pipeline.corpus / "0.yml",
        "RUN": pipeline.run,
        "EMPTY": tmp_path / "empty",
        "OUT": tmp_path / "out",
        "BROKEN": tmp_path / "broken.yml",
    }
    result = invoke(*(places.get(argument, argument) for argument in command), "--json")
    assert result.exit_code == exit_code
    error = the_object(result)["error"]
    assert error["type"] == (kind or error["type"])
    assert f"error: {error['message']}" in result.stderr
    if kind == "DocumentError":
        assert (error["source"], error["line"]) == (str(tmp_path / "broken.yml"), 1)
    assert invoke(*(places.get(argument, argument) for argument in command)).stdout == ""


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("train", "--steps", "0"), "Invalid value for '--steps': should be greater than or equal to 1, got '0'"),
        (("train",), "Invalid value for --data: is required: name the prepared data folder to train on"),
        (("tokenizer", "train", "--nosuch"), "No such option: --nosuch"),
        (("nosuch",), "No such command 'nosuch'."),
        (("generate",), "Missing argument 'RUN'."),
    ],
)
def test_wrong_usage_is_the_object_too(invoke, command: tuple[str, ...], message: str) -> None:
    result = invoke(*command, "--json")
    assert result.exit_code == 2
    found = the_object(result)
    assert found["error"]["message"].startswith(message)
    assert found["warnings"] == []
    assert message in " ".join(result.stderr.split())
    assert invoke(*command).stdout == ""


def test_an_error_contains_earlier_warnings(invoke, pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, report: Any, **__: object) -> None:
        report.warning("odd")
        raise PermissionError(13, "Permission denied", "secret.json")

    monkeypatch.setattr("schemalm.training.loop.train", stop)
    result = invoke(*train_command(pipeline, tmp_path / "run", "--samples", 0))
    assert result.exit_code == 2
    assert the_object(result) == {
        "error": {"type": "PermissionError", "message": "secret.json: Permission denied", "file": "secret.json"},
        "warnings": ["odd"],
    }


def test_a_bug_of_the_program_is_an_object_too(invoke, pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("schemalm.compilation.compile_schema", fail)
    result = invoke("schema", pipeline.schema, "--json")
    assert result.exit_code == 2
    assert the_object(result)["error"]["type"] == "ZeroDivisionError"
    assert "Traceback" in result.stderr


def test_an_interruption_is_an_object_too(invoke, pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("schemalm.compilation.compile_schema", interrupt)
    result = invoke("schema", pipeline.schema, "--json")
    assert result.exit_code == 130
    assert "start again with: schemalm schema" in the_object(result)["error"]["message"]
