"""The message after Ctrl-C or SIGTERM says what happened, and its command continues exactly from there."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemalm.cli.interruption import resume_message
from schemalm.interruption import Interrupted, TrainingInterrupted
from schemalm.training.metrics import MEASURED_FIELDS, read_metrics

RUN = Path("runs/my run")


def stopped(step: int | None, resume: str | int | None) -> TrainingInterrupted:
    return TrainingInterrupted(signal.SIGINT, RUN, "interrupted, and nothing is lost", step, resume)


def command_in(text: str) -> list[str]:
    """Return the arguments of the command at the end of a message."""
    program, *arguments = shlex.split(text.strip().rsplit(": ", 1)[1])
    assert program == "schemalm"
    return arguments


@pytest.mark.parametrize(
    ("given", "resume", "advised"),
    [
        ([], "auto", ["--resume", "auto"]),
        (["--resume", "auto"], "auto", ["--resume", "auto"]),
        (["--resume", "4"], "auto", ["--resume", "auto"]),
        (["--resume=4"], "auto", ["--resume", "auto"]),
        (["--resume=auto", "--steps", "9"], "auto", ["--resume", "auto", "--steps", "9"]),
        (["--resume", "4", "--json", "--resume=6"], "auto", ["--resume", "auto", "--json"]),
        (["--resume", "4"], 4, ["--resume", "4"]),
        ([], None, []),
    ],
)
def test_training_continues_from_the_state_of_the_run(
    given: list[str], resume: str | int | None, advised: list[str]
) -> None:
    command = ["train", "--out", "runs/my run"]
    message = resume_message([*command, *given], stopped(4, resume))
    assert command_in(message) == [*command, *advised]
    assert "the newest checkpoint is of step 4 in runs/my run" in message


@pytest.mark.parametrize("given", [[], ["--resume", "4"], ["--resume=auto"]])
def test_before_the_run_is_read_the_same_command_is_advised(given: list[str]) -> None:
    arguments = ["train", "--data", "d", "--out", "r", *given]
    assert command_in(resume_message(arguments, Interrupted(signal.SIGTERM))) == arguments


def test_torchrun_is_asked_to_start_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    message = resume_message(["train", "--out", "r", "--resume", "4"], stopped(4, "auto"))
    assert message.endswith("start torchrun as before, with the command: schemalm train --out r --resume auto")


def test_a_demo_continues_from_its_checkpoint_or_starts_again() -> None:
    message = resume_message(["demo"], stopped(80, "auto"))
    assert message.endswith("schemalm train --out 'runs/my run' --resume auto && schemalm evaluate 'runs/my run'")
    for interruption in (stopped(None, "auto"), Interrupted(signal.SIGINT)):
        assert "delete the folder" in resume_message(["demo", "--out", "d"], interruption)


@pytest.mark.parametrize("command", [["experiment", "run", "r.toml"], ["reference", "ablate", "r.toml"]])
def test_sweeps_continue_with_the_same_command(command: list[str]) -> None:
    assert command_in(resume_message(command, stopped(4, "auto"))) == command


@pytest.mark.parametrize("command", ["prepare", "collect"])
@pytest.mark.parametrize("given", [[], ["--resume"]])
def test_commands_with_shards_continue_with_resume(command: str, given: list[str]) -> None:
    arguments = [command, "--input", "my corpus", *given]
    message = resume_message(arguments, Interrupted(signal.SIGINT))
    assert "finished work is kept" in message
    assert command_in(message) == [command, "--input", "my corpus", "--resume"]


def test_only_the_first_of_several_processes_says_so(invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise stopped(4, "auto")

    monkeypatch.setattr("schemalm.training.loop.train", interrupt)
    monkeypatch.setenv("RANK", "1")
    result = invoke("train", "--data", tmp_path, "--out", tmp_path / "run")
    assert (result.exit_code, result.stderr) == (130, "")


def ending(arguments: list[object], hook: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process that `hook` interrupts by a signal."""
    program = f"import os, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n{hook}\n"
    program += "from schemalm.cli import main; main()"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def without_clock(run: Path) -> list[dict[str, Any]]:
    return [{key: line[key] for key in line.keys() - MEASURED_FIELDS} for line in read_metrics(run)]


OPTIONS = ("--steps", 5, "--batch-size", 2, "--log-every", 2, "--evaluate-every", 4, "--samples", 0)


@pytest.fixture(scope="module")
def whole(invoke, pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without interruption."""
    run = tmp_path_factory.mktemp("whole") / "run"
    assert invoke("train", "--data", pipeline.data, "--out", run, *OPTIONS).exit_code == 0
    return run


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_printed_command_gives_the_same_run_as_without_interruption(
    invoke, pipeline, whole: Path, tmp_path: Path, number: signal.Signals
) -> None:
    hook = (
        "from schemalm.training import loop\n"
        "gradients = loop.GradientAccumulator.gradients\n"
        "def interrupted(self, batches, step, calls=[]):\n"
        f"    calls.append(0); len(calls) == 3 and os.kill(os.getpid(), {int(number)})\n"
        "    return gradients(self, batches, step)\n"
        "loop.GradientAccumulator.gradients = interrupted"
    )
    run = tmp_path / "a run"
    result = ending(["train", "--data", pipeline.data, "--out", run, *OPTIONS], hook)
    assert result.returncode == 128 + number, result.stderr
    assert "Traceback" not in result.stderr
    assert f"interrupted, and nothing is lost: the newest checkpoint is of step 3 in {run}" in result.stderr
    again = invoke(*command_in(result.stderr))
    assert again.exit_code == 0, again.stderr
    assert without_clock(run) == without_clock(whole)


@pytest.mark.slow
def test_the_printed_command_gives_the_same_data_as_without_interruption(invoke, pipeline, tmp_path: Path) -> None:
    sizes = ("--context-size", 16, "--stride", 4)
    command = ["prepare", "--input", pipeline.corpus, "--tokenizer", pipeline.tokenizer, *sizes, "--output"]
    assert invoke(*command, tmp_path / "whole").exit_code == 0
    hook = (
        "from schemalm.dataset import shard_merging\n"
        f"shard_merging.ShardMerger.write = lambda *_: os.kill(os.getpid(), {int(signal.SIGINT)})"
    )
    result = ending([*command, tmp_path / "a folder"], hook)
    assert result.returncode == 130, result.stderr
    assert not (tmp_path / "a folder" / "metadata.json").exists()
    again = invoke(*command_in(result.stderr))
    assert again.exit_code == 0, again.stderr
    assert files_of(tmp_path / "a folder") == files_of(tmp_path / "whole")
    assert "is already complete" in invoke(*command_in(result.stderr)).stderr


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("command", [["schema", "github-workflow"], ["train", "--data", ".", "--out", "r"]])
def test_sigterm_before_the_work_begins_is_reported_too(command: list[str]) -> None:
    hook = (
        "import schemalm.cli.terminal\n"
        f"schemalm.cli.terminal.Terminal.say = lambda *_, **__: os.kill(os.getpid(), {int(signal.SIGTERM)})"
    )
    result = ending(command, hook)
    assert result.returncode == 143, result.stderr
    assert command_in(result.stderr) == command
    assert "Traceback" not in result.stderr


def test_a_signal_while_the_program_is_loading_is_reported_without_a_traceback() -> None:
    hook = (
        "import builtins\n"
        "load = builtins.__import__\n"
        "def interrupted(name, *arguments):\n"
        f"    name == 'typer' and os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "    return load(name, *arguments)\n"
        "builtins.__import__ = interrupted"
    )
    result = ending(["schema", "some schema.json"], hook)
    assert result.returncode == 130
    assert result.stderr == "interrupted; start again with: schemalm schema 'some schema.json'\n"
