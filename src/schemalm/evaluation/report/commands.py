"""The commands that give a run and its report again, and the run's configuration as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from schemalm.evaluation.evaluate import Evaluation
from schemalm.evaluation.sampling import TEMPERATURE, SamplingSettings
from schemalm.messages.visible import shell_word, visible_line, visible_name
from schemalm.training.configuration import TrainingConfiguration

# The settings of training that are also options of the command line, with the same names.
COMMAND_OPTIONS = (
    *("batch_size", "packing", "micro_batch_size", "optimizer", "learning_rate", "muon_learning_rate", "warmup_steps"),
    *("gradient_clip", "schedule", "seed", "device", "dtype", "grammar_state", "mask_loss", "echo", "recall", "boosts"),
    *("compile", "activation_checkpointing", "shard_optimizer"),
    *("log_every", "evaluate_every", "checkpoint_every", "keep_checkpoints"),
)


def flattened(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name `section.field` and the value of each field of a configuration."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield from flattened(child, f"{name}.{key}".lstrip("."))
    else:
        yield visible_name(name), visible_name(str(node))


def commands(configuration: dict[str, Any], evaluation: Evaluation, run_folder: Path) -> list[str]:
    """Return the commands that reproduce the run and its report; settings without an option become a comment.

    Each is always exactly one line, whatever the configuration contains, because people copy it into a shell.
    """
    training = configuration.get("training", {})
    data = _argument(Path(configuration.get("environment", {}).get("data", "DATA")).name)
    run = _argument(run_folder.resolve().name)
    defaults = {field.name: field.default for field in fields(TrainingConfiguration)}
    changed = {name: value for name, value in training.items() if name != "model" and value != defaults.get(name)}
    options = [_option(name, changed.pop(name)) for name in COMMAND_OPTIONS if name in changed]
    model, num_steps = training.get("model", "custom"), changed.pop("num_steps", evaluation.step)
    given = ("--data", data, "--model", _word(model), "--out", run, "--steps", _word(num_steps))
    commands = [" ".join(["schemalm train", *given, *options])]
    if changed or model == "custom":
        settings = ", ".join(
            f"{name}={visible_name(str(value))}" for name, value in {"model": model, **changed}.items()
        )
        commands.insert(0, visible_line(f"# only from Python: {settings}"))
    return [*commands, f"schemalm evaluate {run} {' '.join(_sampling_options(evaluation.sampling))}"]


def _sampling_options(sampling: SamplingSettings) -> Iterator[str]:
    yield f"--samples {sampling.num_samples}"
    if sampling.temperature != TEMPERATURE:
        yield f"--temperature {sampling.temperature}"
    if sampling.min_p is not None:
        yield f"--min-p {sampling.min_p}"


def _option(name: str, value: object) -> str:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag} {_word(value)}"


def _word(value: object) -> str:
    """Return a value quoted as one word on one line of a shell command."""
    return shell_word(str(value))


def _argument(name: str) -> str:
    """Return the name of a file in the current folder as a word that no program reads as an option."""
    return _word(f"./{name}" if name.startswith("-") else name)
