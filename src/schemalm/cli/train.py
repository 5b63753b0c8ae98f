"""`schemalm train`: prepared data to a run folder, resumable at any moment."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from schemalm.cli.options import AsJSON
from schemalm.cli.terminal import Terminal, command_line

DEFAULT_STEPS = 1000


def train(
    *,
    data: Annotated[Path, typer.Option(exists=True, file_okay=False, metavar="DIR", help="A prepared data folder.")],
    out: Annotated[Path, typer.Option(file_okay=False, metavar="DIR", help="The run folder to write.")],
    model: Annotated[
        Literal["tiny", "small", "medium", "large"], typer.Option(help="tiny is the one for a CPU.")
    ] = "tiny",
    resume: Annotated[
        str | None, typer.Option(metavar="auto|STEP", help="Go on from the newest checkpoint, or from a step.")
    ] = None,
    steps: Annotated[int, typer.Option(min=1, metavar="N", help="Updates in all.")] = DEFAULT_STEPS,
    batch_size: Annotated[int | None, typer.Option(min=1, metavar="N", help="Windows per update.")] = None,
    learning_rate: Annotated[float | None, typer.Option(metavar="X", help="The highest learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Of the first weights and of the order.")] = None,
    device: Annotated[Literal["cpu", "cuda"] | None, typer.Option(help="Where to compute.")] = None,
    dtype: Annotated[Literal["float32", "bfloat16"] | None, typer.Option(help="The type of matrix products.")] = None,
    grammar_state: Annotated[
        bool | None, typer.Option("--grammar-state/--no-grammar-state", help="Tell the model what the grammar expects.")
    ] = None,
    mask_loss: Annotated[
        bool | None, typer.Option("--mask-loss/--no-mask-loss", help="Take the loss among admitted tokens only.")
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Train a model."""
    terminal = Terminal(as_json)
    how = "go on with" if resume else "write"
    terminal.say(f"training a {model} model on {data} for {steps:,} steps, to {how} the run {out}")
    from schemalm.training.configuration import TrainingConfiguration  # noqa: PLC0415
    from schemalm.training.loop import train as train_run  # noqa: PLC0415

    settings: dict[str, Any] = {
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "seed": seed,
        "device": device,
        "dtype": dtype,
        "grammar_state": grammar_state,
        "mask_loss": mask_loss,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    configuration = TrainingConfiguration(num_steps=steps, model=model, **given)
    summary = train_run(data, out, configuration, resume=resume, report=terminal.training_progress())
    terminal.show(
        f"{summary.num_steps:,} steps, {summary.num_tokens:,} tokens in {summary.elapsed_seconds:.0f} s; "
        f"validation loss {summary.validation_loss:.4f}, {summary.bits_per_byte:.4f} bits per byte; "
        f"best step {summary.best_step}: {out}"
    )
    result = {**asdict(summary), "run": str(summary.run)}
    terminal.finish(result, next_command=command_line("generate", out, "-n", 3))
