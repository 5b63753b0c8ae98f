"""Loading a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from schemalm.errors import CheckpointError, ConfigurationError
from schemalm.generation import Run, generate, load_run
from schemalm.model.quantization import FORMATS


def test_a_run_knows_its_step_its_data_and_its_tokenizer(run: Run) -> None:
    assert run.step == 20
    assert run.data is not None
    assert (run.folder / "tokenizer.json").read_bytes() == run.tokenizer.to_json()


def test_a_folder_that_contains_only_one_run_is_accepted_for_it(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "demo" / "run")
    (tmp_path / "demo" / "data").mkdir()
    assert load_run(tmp_path / "demo").folder == tmp_path / "demo" / "run"
    shutil.copytree(run.folder, tmp_path / "demo" / "other")
    with pytest.raises(CheckpointError, match="contains several: choose one of"):
        load_run(str(tmp_path / "demo"))


@pytest.mark.parametrize("checkpoint", ["best", "latest", 20])
def test_checkpoints_are_found_by_name_and_step(run: Run, checkpoint: str | int) -> None:
    assert load_run(run.folder, checkpoint).step == 20


@pytest.mark.parametrize("dtype", FORMATS)
def test_a_run_generates_in_each_number_format(run: Run, dtype: str) -> None:
    loaded = load_run(run.folder, dtype=dtype)
    before = {name: weight.clone() for name, weight in loaded.model.state_dict().items()}
    documents = generate(loaded, num_samples=3, max_tokens=30)
    for document in documents:
        assert run.tokenizer.decode(run.tokenizer.encode(document.value)) == document.value
    assert all(torch.equal(weight, before[name]) for name, weight in loaded.model.state_dict().items())


def test_an_unknown_number_format_is_refused_before_the_run_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no number format 'float8'"):
        load_run(tmp_path, dtype="float8")


def test_a_missing_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a run folder"):
        load_run(tmp_path)


def test_a_tokenizer_of_another_run_is_refused(run: Run, tmp_path: Path) -> None:
    shutil.copytree(run.folder, tmp_path / "run")
    path = tmp_path / "run" / "tokenizer.json"
    path.write_bytes(path.read_bytes().replace(b'"merge_scope":"word"', b'"merge_scope":"value"'))
    with pytest.raises(CheckpointError, match="not the tokenizer"):
        load_run(tmp_path / "run")
