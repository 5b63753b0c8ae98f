"""What a person is told after an interruption: what was kept, and the command that goes on from there."""

from __future__ import annotations

from schemalm.cli.terminal import command_line
from schemalm.interruption import Interrupted, TrainingInterrupted
from schemalm.training.launch import is_started_by_torchrun


def how_to_go_on(arguments: list[str], interruption: KeyboardInterrupt) -> str:
    """The message for the command with these arguments."""
    found = str(interruption) if isinstance(interruption, TrainingInterrupted) else "interrupted"
    if arguments[:1] == ["train"]:
        return f"{found}; {_train_again(arguments, interruption)}"
    if arguments[:2] in (["experiment", "run"], ["reference", "ablate"]):
        return f"{found}; what is done is kept, go on with: {command_line(*arguments)}"
    if arguments[:1] in (["prepare"], ["collect"]):
        return f"{found}; what is done is kept, go on with: {command_line(*_with_resume(arguments))}"
    if arguments[:1] == ["demo"]:
        return f"{found}; {_demo_again(arguments, interruption)}"
    return f"{found}; start again with: {command_line(*arguments)}"


def _train_again(arguments: list[str], interruption: KeyboardInterrupt) -> str:
    again = "start torchrun as before, to go on with" if is_started_by_torchrun() else "go on with"
    if isinstance(interruption, TrainingInterrupted):
        return f"{again}: {command_line(*_resumed(arguments, interruption.resume))}"
    if isinstance(interruption, Interrupted):  # it came before the run was looked at
        return f"{again}: {command_line(*arguments)}"
    return f"checkpoints are kept, {again}: {command_line(*_resumed(arguments, 'auto'))}"


def _demo_again(arguments: list[str], interruption: KeyboardInterrupt) -> str:
    if isinstance(interruption, TrainingInterrupted) and interruption.step is not None:
        training = command_line("train", "--out", interruption.run, "--resume", "auto")
        return f"go on with: {training} && {command_line('evaluate', interruption.run)}"
    return f"delete the folder that it wrote and start again with: {command_line(*arguments)}"


def _with_resume(arguments: list[str]) -> list[str]:
    """The arguments with the plain option, which takes no value here."""
    return arguments if "--resume" in arguments else [*arguments, "--resume"]


def _resumed(arguments: list[str], resume: str | int | None) -> list[str]:
    """The arguments with `resume` in place of what they say of it."""
    kept: list[str] = []
    place = None
    remaining = iter(arguments)
    for argument in remaining:
        if argument.split("=")[0] != "--resume":
            kept.append(argument)
            continue
        place = len(kept) if place is None else place
        if argument == "--resume":
            next(remaining, None)
    place = len(kept) if place is None else place
    wanted = [] if resume is None else ["--resume", str(resume)]
    return [*kept[:place], *wanted, *kept[place:]]
