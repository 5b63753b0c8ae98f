"""`schemalm evaluate` with data or a run that has been moved, and with a report that cannot be written."""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def moved(pipeline, tmp_path: Path) -> Path:
    """A copy of the run whose data cannot be found."""
    run = tmp_path / "elsewhere" / "run"
    shutil.copytree(pipeline.run, run)
    config = json.loads((run / "config.json").read_bytes())
    config["environment"]["data"] = str(tmp_path / "gone" / "data")
    (run / "config.json").write_text(json.dumps(config))
    return run


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test if a model is loaded: the request must be refused before that."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("the work began")

    monkeypatch.setattr("schemalm.generation.load_run", fail)


def refuse_to_write(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make the folder appear to be on a read-only disk."""
    real = tempfile.TemporaryFile

    def open_temporary(*, dir: Path) -> Any:
        if Path(dir).resolve().is_relative_to(folder.resolve()):
            raise OSError(errno.EROFS, "Read-only file system")
        return real(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", open_temporary)


@pytest.mark.slow
def test_an_error_about_moved_data_names_an_option_that_exists(invoke, pipeline, moved: Path, tmp_path: Path) -> None:
    result = invoke("evaluate", moved, "--samples", 1)
    assert result.exit_code == 2
    assert f"no longer at {tmp_path / 'gone' / 'data'}: give its folder (--data DIR)" in result.stderr
    result = invoke("evaluate", moved, "--samples", 1, "--data", pipeline.data)
    assert result.exit_code == 0, result.output
    assert (moved / "report.html").exists()


@pytest.mark.slow
def test_a_run_and_its_data_may_move_together(invoke, pipeline, moved: Path) -> None:
    shutil.copytree(pipeline.data, moved.parent / "data")
    assert invoke("evaluate", moved, "--samples", 1).exit_code == 0


def test_other_data_is_refused_before_the_work(invoke, pipeline, moved: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    options = ("--context-size", 24, "--stride", 4, "--train-split", 0.7)
    prepared = invoke(
        "prepare", "--input", pipeline.corpus, "--output", other, "--tokenizer", pipeline.tokenizer, *options
    )
    assert prepared.exit_code == 0
    result = invoke("evaluate", moved, "--samples", 1, "--data", other)
    assert result.exit_code == 2
    assert "its context size is 24, the run's was 16" in result.stderr
    assert "scoring 4" not in result.stderr
    assert not (moved / "report.html").exists()


@pytest.mark.slow
def test_the_report_is_written_to_the_requested_folder(invoke, pipeline, moved: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    before = sorted(moved.rglob("*"))
    result = invoke("evaluate", moved, "--samples", 1, "--data", pipeline.data, "--out", out, "--json")
    assert json.loads(result.stdout)["report"] == str(out / "report.html")
    assert (out / "report.md").exists()
    assert (out / "plots" / "lengths.svg").exists()
    assert sorted(moved.rglob("*")) == before


@pytest.mark.slow
def test_a_run_that_cannot_be_written_is_found_before_the_work(
    invoke, pipeline, moved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_to_write(monkeypatch, moved)
    command = ("evaluate", moved, "--samples", 1, "--data", pipeline.data)
    result = invoke(*command)
    assert result.exit_code == 2
    assert "scoring 4" not in result.stderr
    assert f"{moved} cannot be written: Read-only file system; choose another folder with --out DIR" in result.stderr
    assert invoke(*command, "--out", tmp_path / "out").exit_code == 0


@pytest.mark.parametrize("in_the_way", ["report.html/folder", "report.md/folder", "plots"])
def test_what_is_in_the_way_of_the_report_is_found_before_the_work(
    invoke, pipeline, tmp_path: Path, in_the_way: str
) -> None:
    (tmp_path / in_the_way).parent.mkdir(exist_ok=True)
    (tmp_path / in_the_way).write_text("in the way")
    result = invoke("evaluate", pipeline.run, "--samples", 1, "--out", tmp_path)
    assert result.exit_code == 2
    assert "scoring 4" not in result.stderr
    assert in_the_way.split("/", maxsplit=1)[0] in result.stderr
    assert "--out DIR" in result.stderr


@pytest.mark.slow
def test_figures_are_shown_even_if_the_disk_is_full_at_the_end_and_the_work_is_kept(
    invoke, pipeline, moved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    command = ("evaluate", moved, "--samples", 2, "--data", pipeline.data)
    with monkeypatch.context() as patch:
        patch.setattr("schemalm.evaluation.report.writing.write_atomically", fail)
        result = invoke(*command)
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert "bits per byte of" in result.stdout
    again = invoke(*command)
    assert again.exit_code == 0
    assert "sampling 0 documents" in again.stderr
    assert (moved / "report.html").exists()


@pytest.mark.slow
def test_no_report_is_overwritten_by_another(invoke, pipeline, moved: Path) -> None:
    reports = []
    for number in (1, 2, 1):
        result = invoke("evaluate", moved, "--samples", number, "--data", pipeline.data, "--json")
        assert result.exit_code == 0, result.output
        assert "this takes about " in result.stderr
        reports.append(json.loads(result.stdout)["report"])
    first, second = moved / "report.html", moved / "evaluations" / "2" / "report.html"
    assert reports == [str(first), str(second), str(first)]
    refused = invoke("evaluate", moved, "--samples", 3, "--data", pipeline.data, "--out", second.parent)
    assert refused.exit_code == 2
    assert "has another evaluation; choose another folder with --out" in refused.stderr


@pytest.mark.slow
def test_sampling_follows_the_options(invoke, pipeline, moved: Path, tmp_path: Path) -> None:
    options = ("--temperature", 1.5, "--min-p", 0.1)
    result = invoke("evaluate", moved, "--samples", 2, "--data", pipeline.data, "--out", tmp_path, *options, "--json")
    found = json.loads(result.stdout)
    assert (found["sampling"]["temperature"], found["sampling"]["min_p"]) == (1.5, 0.1)
    written = invoke("generate", moved, "-n", 2, "--max-tokens", 1024, *options, "--json")
    assert [one["text"] for one in json.loads(written.stdout)["documents"]] == [one["text"] for one in found["samples"]]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["evaluate", "generate"])
def test_the_run_of_a_demo_is_found_in_its_folder(invoke, pipeline, moved: Path, command: str) -> None:
    (moved.parent / "data").mkdir()
    options = ("--samples", 1, "--data", pipeline.data) if command == "evaluate" else ("--max-tokens", 5)
    result = invoke(command, moved.parent, *options)
    assert result.exit_code == 0, result.output
    assert f"using the run {moved}\n" in result.stderr
    shutil.copytree(moved, moved.parent / "second")
    result = invoke(command, moved.parent, *options)
    assert result.exit_code == 2
    assert f"choose one of {moved}, {moved.parent / 'second'}" in result.stderr


@pytest.mark.slow
def test_compare_and_parent_find_the_run_of_a_demo(invoke, pipeline, moved: Path, tmp_path: Path) -> None:
    result = invoke("compare", moved.parent, pipeline.run, moved, "--out", tmp_path / "comparison")
    assert result.exit_code == 0, result.output
    assert f"using the run {moved}\n" in result.stderr
    child = tmp_path / "child"
    command = ("train", "--data", pipeline.data, "--out", child, "--steps", 1, "--batch-size", 2, "--samples", 0)
    assert invoke(*command, "--parent", moved.parent).exit_code == 0
    assert json.loads((child / "config.json").read_bytes())["parent"] == "../elsewhere/run"
    assert invoke("runs", tmp_path).exit_code == 0


SETTINGS = [
    ("--temperature", "-1", "temperature must be a number from 0 to 100, got -1"),
    ("--temperature", "101", "temperature must be a number from 0 to 100, got 101"),
    ("--temperature", "nan", "temperature must be a number from 0 to 100, got nan"),
    ("--temperature", "inf", "temperature must be a number from 0 to 100, got inf"),
    ("--top-p", "0", "top_p must be a number above 0 and at most 1, got 0"),
    ("--top-p", "1.5", "top_p must be a number above 0 and at most 1, got 1.5"),
    ("--top-p", "-0.5", "top_p must be a number above 0 and at most 1, got -0.5"),
    ("--top-p", "nan", "top_p must be a number above 0 and at most 1, got nan"),
    ("--top-k", "0", "1, got '0'"),
    ("--max-tokens", "0", "1, got '0'"),
    ("-n", "0", "1, got '0'"),
    ("-n", "many", "got 'many'"),
    ("--seed", "-1", "0, got '-1'"),
    ("--seed", str(2**64), f"seed must be a whole number from 0 to {2**64 - 1}, got {2**64}"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("option", "value", "message"), SETTINGS)
@pytest.mark.usefixtures("no_work")
def test_settings_out_of_range_are_refused_before_the_model_is_loaded(
    invoke, pipeline, option: str, value: str, message: str
) -> None:
    result = invoke("generate", pipeline.run, f"{option}={value}" if option != "-n" else f"-n{value}")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "loading the model" not in result.stderr


@pytest.mark.usefixtures("no_work")
def test_a_folder_for_documents_that_cannot_be_written_is_found_before_the_model_is_loaded(
    invoke, pipeline, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("text")
    result = invoke("generate", pipeline.run, "--out", tmp_path / "file" / "below")
    assert result.exit_code == 2
    assert f"{tmp_path / 'file'}: Not a directory; choose another folder with --out" in result.stderr
