"""Finding the run that is meant by a folder above it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemalm.errors import CheckpointError
from schemalm.training.locate import find_run, run_folders


def make_run(folder: Path, content: str = '{"model": {}, "training": {}}') -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(content)
    return folder


def test_a_run_folder_is_found_whatever_it_contains(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    make_run(run / "old")
    assert find_run(run) == run


@pytest.mark.parametrize("place", ["run", "other name", "deep/down/run"])
def test_the_only_run_below_is_found(tmp_path: Path, place: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "metadata.json").write_text("{}")
    run = make_run(tmp_path / place)
    assert find_run(tmp_path) == run


def test_files_of_other_programs_are_ignored(tmp_path: Path) -> None:
    make_run(tmp_path, '{"name": "another program"}')
    make_run(tmp_path / "also", "// not even JSON")
    run = make_run(tmp_path / "run")
    assert find_run(tmp_path) == run


def test_a_run_with_a_damaged_configuration_is_found(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", "{")
    assert find_run(run) == run
    assert find_run(tmp_path) == run


def test_several_runs_are_listed(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name) for name in ("run", "other")]
    with pytest.raises(CheckpointError, match="contains several: choose one of ") as caught:
        find_run(tmp_path)
    assert all(str(run) in str(caught.value) for run in runs)
    for number in range(20):
        make_run(tmp_path / f"more-{number:02}")
    with pytest.raises(CheckpointError, match=r"more-07.*, \.\.\.$"):
        find_run(tmp_path)


@pytest.mark.parametrize("inside", ["checkpoints/000002", "config.json", "samples"])
def test_a_path_inside_a_run_names_the_run(tmp_path: Path, inside: str) -> None:
    run = make_run(tmp_path / "run")
    if not (run / inside).exists():
        (run / inside).mkdir(parents=True)
    with pytest.raises(CheckpointError, match=f"it is inside one, use {run}$"):
        find_run(run / inside)


def test_a_folder_without_a_run_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    for name, problem in (
        ("none", "it does not exist"),
        ("file", "it is a file"),
        ("", "neither it nor a folder below it has a run's config.json"),
    ):
        with pytest.raises(CheckpointError, match=rf"is not a run folder: {problem}"):
            find_run(tmp_path / name)
    make_run(tmp_path / "reference", json.dumps({"reference": {}}))
    with pytest.raises(CheckpointError, match="use the folder that `schemalm train` wrote"):
        find_run(tmp_path / "reference")


def test_hidden_and_deep_folders_are_not_searched(tmp_path: Path) -> None:
    make_run(tmp_path / ".hidden" / "run")
    make_run(tmp_path / "a/b/c/d/e/f")
    assert list(run_folders(tmp_path)) == []


def test_a_missing_run_suggests_a_similar_name(tmp_path: Path) -> None:
    run = make_run(tmp_path / "tiny-2")
    with pytest.raises(CheckpointError, match=rf"it does not exist; did you mean {run}\?$"):
        find_run(tmp_path / "tinny-2")
