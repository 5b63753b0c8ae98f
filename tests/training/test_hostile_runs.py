"""Run folders are not trusted: the contents of files are checked, and no link out of the folder is followed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.training.conftest import write_data
from tests.training.models import SMALL_MODEL

from schemalm.dataset.store import hash_file
from schemalm.errors import CheckpointError, DataError
from schemalm.training.checkpoint import checkpoint_folder
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.run import load_checkpoint

CONFIGURATION = TrainingConfiguration(num_steps=2, model=SMALL_MODEL, batch_size=2, num_evaluation_documents=2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data and a run of two steps, which no test changes."""
    folder = tmp_path_factory.mktemp("trained")
    train(write_data(folder / "data"), folder / "run", CONFIGURATION)
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(trained, tmp_path / "copy")


def resume(folder: Path) -> None:
    """Continue for a step from the checkpoint of step 2."""
    train(folder / "data", folder / "run", TrainingConfiguration(**{**vars(CONFIGURATION), "num_steps": 3}), resume=2)


def change(folder: Path, name: str, by: Callable[[Path], None]) -> None:
    """Change a file of the checkpoint, and make the manifest match."""
    place = checkpoint_folder(folder / "run", 2)
    by(place / name)
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["files"][name] = hash_file(place / name)
    (place / "manifest.json").write_text(json.dumps(manifest))


def tensors(by: Callable[[dict[str, torch.Tensor]], None]) -> Callable[[Path], None]:
    def rewrite(path: Path) -> None:
        found = load_file(path)
        by(found)
        save_file(found, path)

    return rewrite


def state(**values: Any) -> Callable[[Path], None]:
    return lambda path: path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


HEAD = "head.weight"
WEIGHTS: dict[str, tuple[Callable[[dict[str, torch.Tensor]], Any], str]] = {
    "NaN": (lambda found: found[HEAD].fill_(torch.nan), "head.weight must be finite"),
    "infinity": (lambda found: found[HEAD].fill_(torch.inf), "head.weight must be finite"),
    "another shape": (lambda found: found.update({HEAD: torch.zeros(64, 17)}), "does not fit the configuration"),
    "a shape of as many numbers": (
        lambda found: found.update({HEAD: torch.zeros(16, 64)}),
        r"head.weight: expected \(64, 16\), found \(16, 64\)",
    ),
    "another type": (lambda found: found.update({HEAD: found[HEAD].double()}), "does not fit the configuration"),
    "one too few": (lambda found: found.pop(HEAD), "does not fit the configuration"),
    "one too many": (lambda found: found.update(other=torch.zeros(1)), "does not fit the configuration"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_do_not_fit_the_model_are_refused(folder: Path, name: str) -> None:
    by, message = WEIGHTS[name]
    change(folder, "model.safetensors", tensors(by))
    for use in (lambda: load_checkpoint(folder / "run"), lambda: resume(folder)):
        with pytest.raises(CheckpointError, match=message):
            use()


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (lambda found: found.update({f"{HEAD}/exp_avg": torch.zeros(3)}), "exp_avg must have the shape"),
        (lambda found: found[f"{HEAD}/exp_avg_sq"].fill_(torch.nan), "must be finite"),
        (lambda found: found.pop(f"{HEAD}/step"), "of another model"),
    ],
)
def test_an_optimizer_of_another_model_is_refused(folder: Path, by: Any, message: str) -> None:
    change(folder, "optimizer.safetensors", tensors(by))
    with pytest.raises(CheckpointError, match=message):
        resume(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"position": 10**6}, "row 1,000,000 of an epoch"),
        ({"position": -1}, "/position: expected int >= 0, found -1"),
        ({"position": 2**70}, "/position: expected int"),
        ({"step": 1}, "expected 2, the step of its folder, found 1"),
        ({"num_tokens": "many"}, '/num_tokens: expected int, found str "many"'),
        ({"elapsed_seconds": -1.0}, "/elapsed_seconds"),
        ({"unheard of": 1}, "does not know this field"),
    ],
)
def test_an_impossible_loader_position_is_refused(folder: Path, values: dict[str, Any], message: str) -> None:
    change(folder, "training.json", state(**values))
    with pytest.raises((CheckpointError, DataError), match=message):
        resume(folder)


@pytest.mark.parametrize("name", [".lock", "config.json", "metrics.jsonl", "tokenizer.json", "checkpoints", "samples"])
def test_a_link_in_a_run_is_refused_and_its_target_unchanged(folder: Path, name: str) -> None:
    place, outside = folder / "run" / name, folder / "outside"
    if place.is_dir() or (place.exists() and place.stat().st_size):
        place.rename(outside)
    else:
        place.unlink(missing_ok=True)
        outside.write_text("somebody's")
    before = {path: path.read_bytes() for path in [outside, *outside.rglob("*")] if path.is_file()}
    place.symlink_to(outside)
    with pytest.raises(CheckpointError, match="it is a link"):
        resume(folder)
    assert {path: path.read_bytes() for path in before} == before


def test_a_lock_is_never_emptied(folder: Path) -> None:
    (folder / "run" / ".lock").write_text("kept")
    resume(folder)
    assert (folder / "run" / ".lock").read_text() == "kept"


def test_prepared_data_with_a_link_is_refused(folder: Path) -> None:
    (folder / "data" / "train").rename(folder / "outside")
    (folder / "data" / "train").symlink_to(folder / "outside")
    with pytest.raises(DataError, match="it is a link"):
        resume(folder)


def test_a_checkpoint_of_many_gigabytes_is_refused_before_it_is_read(folder: Path) -> None:
    for name in ("model.safetensors", "optimizer.safetensors", "training.json"):
        path = checkpoint_folder(folder / "run", 2) / name
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.truncate(1 << 40)
        with pytest.raises(CheckpointError, match="1,099,511,627,776 bytes"):
            resume(folder)
        path.write_bytes(content)
