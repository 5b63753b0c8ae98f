"""Trackers pass on what was measured; a missing package is named with its extra."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from schemalm.errors import ConfigurationError
from schemalm.training.trackers import TRACKERS, make_tracker, scalars

TRAIN = {"kind": "train", "step": 2, "loss": 1.5, "learning_rate": 0.1}
VALIDATION = {"kind": "validation", "step": 2, "loss": 1.25, "bits_per_byte": 0.5}
CONFIG = {"training": {"seed": 3}}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "a run"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return folder


class Calls:
    """Replaces a library and records every call: (name, positional, named)."""

    def __init__(self) -> None:
        self.made: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*positional: Any, **named: Any) -> Calls:
            self.made.append((name, positional, named))
            return self

        return call

    def named(self, name: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [(positional, named) for called, positional, named in self.made if called == name]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Calls:
    calls = Calls()
    monkeypatch.setattr(importlib, "import_module", lambda _: calls)
    return calls


def track(name: str, run: Path, step: int = 0) -> None:
    tracker = make_tracker(name, run)
    tracker.begin(step, 4)
    tracker.log(TRAIN)
    tracker.log(VALIDATION)
    tracker.end()


def test_curves_are_named_by_kind_and_field() -> None:
    assert scalars(TRAIN) == {"train/loss": 1.5, "train/learning_rate": 0.1}
    assert scalars(VALIDATION) == {"validation/loss": 1.25, "validation/bits_per_byte": 0.5}


def test_tensorboard_gets_every_scalar_and_removes_points_beyond_the_checkpoint(run: Path, library: Calls) -> None:
    track("tensorboard", run, step=1)
    assert library.named("SummaryWriter") == [((str(run / "tensorboard"),), {"purge_step": 2})]
    scalars_added = [positional for positional, _ in library.named("add_scalar")]
    assert ("train/loss", 1.5, 2) in scalars_added
    assert ("validation/bits_per_byte", 0.5, 2) in scalars_added
    assert len(library.named("close")) == 1


def test_trackio_recognizes_a_resumed_run_and_distinguishes_a_new_one(run: Path, library: Calls) -> None:
    for step in (0, 1, 0):
        track("trackio", run, step)
    first, resumed, new = (named for _, named in library.named("init"))
    assert first["name"] == resumed["name"] != new["name"]
    assert first["name"].startswith("a run-")
    assert [named["resume"] for named in (first, resumed, new)] == ["never", "allow", "never"]
    assert (first["project"], first["config"]) == ("schemalm", CONFIG)
    assert library.named("log")[:2] == [((scalars(line),), {"step": 2}) for line in (TRAIN, VALIDATION)]
    assert len(library.named("finish")) == 3


@pytest.mark.parametrize("moved", [False, True])
def test_trackio_does_not_mix_runs_whose_folders_have_the_same_name(
    run: Path, tmp_path: Path, library: Calls, moved: bool
) -> None:
    other = tmp_path / "elsewhere" / run.name
    shutil.copytree(run, other)
    track("trackio", run)
    track("trackio", other)  # newer, with the same name
    resumed = run.rename(tmp_path / "renamed") if moved else run
    track("trackio", resumed, step=1)
    own, newer, again = (named["name"] for _, named in library.named("init"))
    assert own == again != newer


def test_a_run_that_was_not_tracked_before_gets_an_identifier_when_it_is_resumed(run: Path, library: Calls) -> None:
    track("trackio", run, step=1)
    track("trackio", run, step=2)
    first, second = (named["name"] for _, named in library.named("init"))
    assert first == second == (run / "trackio" / "id.txt").read_text()


def test_wandb_recognizes_a_resumed_run_and_distinguishes_a_new_one(run: Path, library: Calls) -> None:
    for step in (0, 1, 0):
        track("wandb", run, step)
    first, resumed, new = (named["id"] for _, named in library.named("init"))
    assert first == resumed != new
    (_, named), *_ = library.named("init")
    assert (named["project"], named["name"], named["dir"]) == ("schemalm", "a run", str(run))
    assert (named["resume"], named["config"]) == ("allow", CONFIG)
    assert library.named("log")[:2] == [((scalars(line),), {"step": 2}) for line in (TRAIN, VALIDATION)]
    assert len(library.named("finish")) == 3


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_was_never_opened_can_end(run: Path, library: Calls, name: str) -> None:
    make_tracker(name, run).end()
    assert library.made == []


class Loud:
    """A library that prints at every call, as do the objects that it returns."""

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any, **__: Any) -> Loud:
            print(name)  # noqa: T201
            return self

        return call


@pytest.mark.parametrize("name", TRACKERS)
def test_nothing_that_a_library_prints_reaches_stdout(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    def load(_: str) -> Loud:
        print("import")  # noqa: T201
        return Loud()

    monkeypatch.setattr(importlib, "import_module", load)
    track(name, run)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("import\n")
    assert len(captured.err.splitlines()) > 3


@pytest.mark.parametrize("name", TRACKERS)
def test_a_package_that_fails_to_load_is_named(run: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail(_: str) -> None:
        raise RuntimeError("compiled for another numpy")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(ConfigurationError, match=rf"tracking with {name} .* RuntimeError: compiled for another numpy"):
        make_tracker(name, run)


@pytest.mark.parametrize("name", TRACKERS)
def test_a_missing_package_is_named_with_its_extra(run: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail(module: str) -> None:
        raise ModuleNotFoundError(f"No module named {module!r}")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(ConfigurationError, match=rf"pip install 'schemalm\[{name}\]'"):
        make_tracker(name, run)


def test_an_unknown_tracker_is_refused(run: Path) -> None:
    with pytest.raises(ConfigurationError, match="choose one of tensorboard, trackio, wandb"):
        make_tracker("paper", run)


def skip_without(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed: pip install 'schemalm[{package}]'")


@pytest.mark.filterwarnings("ignore")
def test_tensorboard_reads_back_what_was_written(run: Path) -> None:
    skip_without("tensorboard")
    track("tensorboard", run)
    library = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    events = library.EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    assert [(point.step, point.value) for point in events.Scalars("validation/bits_per_byte")] == [(2, 0.5)]


@pytest.mark.filterwarnings("ignore")
def test_wandb_writes_without_a_network(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    track("wandb", run)
    identifier = (run / "wandb" / "id.txt").read_text()
    assert list((run / "wandb").glob(f"offline-run-*-{identifier}/run-{identifier}.wandb"))


@pytest.mark.filterwarnings("ignore")
def test_trackio_keeps_what_was_written(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without("trackio")
    # Read when trackio is imported, which only happens here.
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    other = tmp_path / "elsewhere" / run.name
    shutil.copytree(run, other)
    track("trackio", run)
    track("trackio", other)
    track("trackio", run, step=1)
    with contextlib.closing(sqlite3.connect(tmp_path / "trackio" / "schemalm.db")) as database:
        kept = database.execute("select run_name, count(distinct run_id), count(*) from metrics group by run_name")
        counts = {name: numbers for name, *numbers in kept}
    identifiers = ((folder / "trackio" / "id.txt").read_text() for folder in (run, other))
    assert [counts[identifier] for identifier in identifiers] == [[1, 4], [1, 2]]
