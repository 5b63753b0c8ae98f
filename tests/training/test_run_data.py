"""The data of a run is found where it was, or beside the run, and must be the same."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemalm.errors import DataError
from schemalm.training.run_data import check_data, find_data


def config_of(data: Path) -> dict[str, Any]:
    metadata = json.loads((data / "metadata.json").read_bytes())
    validation = metadata["splits"]["val"]
    return {
        "data_sha256": hashlib.sha256((data / "metadata.json").read_bytes()).hexdigest(),
        "tokenizer_sha256": metadata["tokenizer_sha256"],
        "data": {
            "context_size": metadata["context_size"],
            "stride": metadata["stride"],
            "num_validation_documents": validation["num_documents"],
            "num_validation_bytes": validation["num_bytes"],
        },
        "environment": {"data": str(data.resolve())},
    }


def test_data_is_found_where_it_was(data: Path, tmp_path: Path) -> None:
    assert find_data(tmp_path / "run", config_of(data)) == data


@pytest.mark.parametrize("run", ["demo/run", "demo/runs/a", "demo"])
def test_data_is_found_beside_the_run_and_beside_folders_above_it(data: Path, tmp_path: Path, run: str) -> None:
    config = config_of(data)
    moved = tmp_path / "elsewhere" / "demo" / "data" if run != "demo" else tmp_path / "elsewhere" / "data"
    moved.parent.mkdir(parents=True)
    shutil.move(data, moved)
    assert find_data(tmp_path / "elsewhere" / run, config) == moved


def test_other_data_of_the_same_name_is_skipped(data: Path, make_data: Callable[..., Path], tmp_path: Path) -> None:
    config = config_of(data)
    shutil.move(data, tmp_path / "elsewhere" / "data")
    make_data("data", seed=1)
    assert find_data(tmp_path / "elsewhere" / "run", config) == tmp_path / "elsewhere" / "data"


def test_missing_data_is_named_with_its_recorded_path_and_the_option(data: Path, tmp_path: Path) -> None:
    config = config_of(data)
    shutil.move(data, tmp_path / "renamed")
    with pytest.raises(DataError, match=rf"no longer at {data}: give its folder \(--data DIR\)"):
        find_data(tmp_path / "run", config)
    assert find_data(tmp_path / "run", config, tmp_path / "renamed") == tmp_path / "renamed"


@pytest.mark.parametrize("environment", [{}, {"started": "today"}])
def test_a_run_that_does_not_record_where_its_data_is_names_the_option(
    data: Path, tmp_path: Path, environment: object
) -> None:
    config = {**config_of(data), "environment": environment}
    with pytest.raises(DataError, match="does not record where"):
        find_data(tmp_path / "run", config)
    assert find_data(tmp_path / "run", config, data) == data


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        ({"context_size": 24}, "its context size is 24, the run's was 16"),
        ({"num_documents": 33}, "its number of validation documents is 11, the run's was 10"),
        ({"with_grammar": False, "seed": 4}, "its number of validation bytes is"),
    ],
)
def test_other_data_is_refused_with_what_differs(
    data: Path, make_data: Callable[..., Path], tmp_path: Path, options: dict[str, Any], difference: str
) -> None:
    config, other = config_of(data), make_data("other", **options)
    with pytest.raises(DataError, match=f"{other} is not the data that the run was trained on: .*{difference}"):
        find_data(tmp_path / "run", config, other)
    shutil.rmtree(data)
    shutil.move(other, data)
    with pytest.raises(DataError, match=difference):
        find_data(tmp_path / "run", config)


def test_another_tokenizer_is_named(data: Path) -> None:
    config = {**config_of(data), "data_sha256": "0", "tokenizer_sha256": "1"}
    with pytest.raises(DataError, match=r"its sha256 of the tokenizer is .*, the run's was 1"):
        check_data(data, config)


def test_data_that_differs_only_in_its_hash_is_refused(data: Path) -> None:
    with pytest.raises(DataError, match=r"the sha256 of its metadata\.json differs"):
        check_data(data, {**config_of(data), "data_sha256": "0"})


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_folder_without_data_is_refused(data: Path, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "metadata.json").write_text(content)
    with pytest.raises(DataError, match=r"no metadata.json|metadata.json is damaged"):
        find_data(tmp_path / "run", config_of(data), tmp_path)
