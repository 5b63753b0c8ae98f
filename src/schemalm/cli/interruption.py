"""Messages after an interruption: what was kept, and the command that continues from there."""

from __future__ import annotations

from schemalm.cli.terminal import command_line
from schemalm.interruption import Interrupted, TrainingInterrupted
from schemalm.training.launch import is_started_by_torchrun


def resume_message(arguments: list[str], interruption: KeyboardInterrupt) -> str:
    """Return the message for an interruption of the command with these arguments."""
    found = str(interruption) if isinstance(interruption, TrainingInterrupted) else "interrupted"
    if arguments[:1] == ["train"]:
        return f"{found}; {_resume_training(arguments, interruption)}"
    if arguments[:1] == ["evaluate"] or arguments[:2] in (["experiment", "run"], ["reference", "ablate"]):
        return f"{found}; finished work is kept, continue with: {command_line(*arguments)}"
    if arguments[:1] in (["prepare"], ["collect"]):
        return f"{found}; finished work is kept, continue with: {command_line(*_with_resume(arguments))}"
    if arguments[:1] == ["demo"]:
        return f"{found}; {_resume_demo(arguments, interruption)}"
    return f"{found}; start again with: {command_line(*arguments)}"


def _resume_training(arguments: list[str], interruption: KeyboardInterrupt) -> str:
    advice = "start torchrun as before, with the command" if is_started_by_torchrun() else "continue with"
    if isinstance(interruption, TrainingInterrupted):
        return f"{advice}: {command_line(*_resumed(arguments, interruption.resume))}"
    if isinstance(interruption, Interrupted):  # the signal arrived before the run folder was read
        return f"{advice}: {command_line(*arguments)}"
    return f"checkpoints are kept, {advice}: {command_line(*_resumed(arguments, 'auto'))}"


def _resume_demo(arguments: list[str], interruption: KeyboardInterrupt) -> str:
    if isinstance(interruption, TrainingInterrupted) and interruption.step is not None:
        training = command_line("train", "--out", interruption.run, "--resume", "auto")
        return f"continue with: {training} && {command_line('evaluate', interruption.run)}"
    return f"delete the folder that the command wrote, and start again with: {command_line(*arguments)}"


def _with_resume(arguments: list[str]) -> list[str]:
    """Return the arguments with the flag `--resume`, which takes no value here."""
    return arguments if "--resume" in arguments else [*arguments, "--resume"]


def _resumed(arguments: list[str], resume: str | int | None) -> list[str]:
    """Return the arguments with the option `--resume` replaced by `resume`, or removed if that is None."""
    kept: list[str] = []
    option_index = None
    remaining = iter(arguments)
    for argument in remaining:
        if argument.split("=")[0] != "--resume":
            kept.append(argument)
            continue
        option_index = len(kept) if option_index is None else option_index
        if argument == "--resume":
            next(remaining, None)
    option_index = len(kept) if option_index is None else option_index
    wanted = [] if resume is None else ["--resume", str(resume)]
    return [*kept[:option_index], *wanted, *kept[option_index:]]
