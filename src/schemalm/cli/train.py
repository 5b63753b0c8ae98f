"""`schemalm train`: train a model on prepared data into a run folder, resumable, in one process or under torchrun."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from schemalm.cli.listeners import DEFAULT_SAMPLES, Parent, Samples, Track, listeners_for
from schemalm.cli.options import CHOOSE_OUT, AsJSON, chosen_run
from schemalm.cli.terminal import ARGUMENTS, Terminal, command_line, counted
from schemalm.files.writing import check_writable

if TYPE_CHECKING:
    from schemalm.training.configuration import TrainingConfiguration
    from schemalm.training.progress import Progress

DEFAULT_STEPS = 1000


def train(
    context: typer.Context,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, metavar="DIR", help="The prepared data; optional if a run is resumed."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, metavar="DIR", help="The run folder to write.", show_default=False)
    ] = None,
    model: Annotated[
        Literal["tiny", "small", "medium", "large"] | None,
        typer.Option(help="Size of the model; tiny, the default, suits a CPU."),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, metavar="FILE", help="A TOML file with settings. Options override the recipe."
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="auto|STEP",
            help="Continue from the newest checkpoint or from that of STEP, with the run's settings.",
        ),
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(
            "--from", exists=True, file_okay=False, metavar="RUN", help="Start from the weights of another run."
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help=f"Total number of steps [default: {DEFAULT_STEPS}]; a resumed run may have more."
        ),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Rows per step, over all processes.")
    ] = None,
    packing: Annotated[
        Literal["windows", "documents"] | None,
        typer.Option(help="Put one window into a row, or pack short documents into one row, isolated from each other."),
    ] = None,
    batch_tokens: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Tokens per step, padding included, instead of --batch-size.")
    ] = None,
    micro_batch_size: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Rows that a process computes at a time.")
    ] = None,
    optimizer: Annotated[
        Literal["muon", "adamw"] | None,
        typer.Option(help="The optimizer; muon trains the hidden matrices, and adamw the rest."),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(metavar="X", help="Peak learning rate of adamw.")] = None,
    muon_learning_rate: Annotated[float | None, typer.Option(metavar="X", help="Peak learning rate of muon.")] = None,
    warmup_steps: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Steps over which the learning rates rise.")
    ] = None,
    gradient_clip: Annotated[float | None, typer.Option(metavar="X", help="Maximum norm of the gradient.")] = None,
    schedule: Annotated[
        Literal["cosine", "linear"] | None, typer.Option(help="Schedule of the learning rates after the warm-up.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Seed for the first weights and the order of training.")
    ] = None,
    device: Annotated[Literal["cpu", "cuda"] | None, typer.Option(help="The device to train on.")] = None,
    dtype: Annotated[
        Literal["float32", "bfloat16"] | None,
        typer.Option(help="Data type of matrix products [default: bfloat16 where the device is faster with it]."),
    ] = None,
    grammar_state: Annotated[
        bool | None,
        typer.Option("--grammar-state/--no-grammar-state", help="Give the model the state of the grammar as input."),
    ] = None,
    mask_loss: Annotated[
        bool | None,
        typer.Option("--mask-loss/--no-mask-loss", help="Compute the loss over the admitted tokens only."),
    ] = None,
    echo: Annotated[
        bool | None,
        typer.Option(
            "--echo/--no-echo",
            help="Give the model the token that followed the same tokens before in the document (n-gram look-up).",
        ),
    ] = None,
    recall: Annotated[
        bool | None,
        typer.Option(
            "--recall/--no-recall",
            help="Give the model the token that followed the same tokens in most other sources (n-gram look-up).",
        ),
    ] = None,
    boosts: Annotated[
        bool | None,
        typer.Option(
            "--boosts/--no-boosts",
            help="Let the model raise the logit of each echoed and recalled token by a number that it learns.",
        ),
    ] = None,
    compile_model: Annotated[
        bool | None,
        typer.Option(
            "--compile/--no-compile",
            help="Compile the model with torch.compile; by default, runs of 200 steps or more, where it works.",
        ),
    ] = None,
    activation_checkpointing: Annotated[
        bool | None,
        typer.Option(
            "--activation-checkpointing/--no-activation-checkpointing", help="Recompute activations to save memory."
        ),
    ] = None,
    shard_optimizer: Annotated[
        bool | None,
        typer.Option(
            "--shard-optimizer/--no-shard-optimizer", help="Distribute the state of the optimizer over the processes."
        ),
    ] = None,
    log_every: Annotated[int | None, typer.Option(min=1, metavar="N", help="Steps between lines of metrics.")] = None,
    evaluate_every: Annotated[int | None, typer.Option(min=1, metavar="N", help="Steps between validations.")] = None,
    checkpoint_every: Annotated[int | None, typer.Option(min=1, metavar="N", help="Steps between checkpoints.")] = None,
    keep_checkpoints: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Number of newest checkpoints to keep, besides the best.")
    ] = None,
    samples: Samples = DEFAULT_SAMPLES,
    track: Track = None,
    parent: Parent = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate memory, time and cost of the run, and stop.")
    ] = False,
    price: Annotated[
        float | None, typer.Option(min=0, metavar="X", help="Price of one GPU for one hour, for --dry-run.")
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Train a model on prepared data."""
    from schemalm.training.launch import is_first_process  # noqa: PLC0415

    terminal = Terminal(as_json, is_silent=not is_first_process())
    resumed = None if resume is None or out is None else _recorded(out)
    data = _data(data, out, resumed)
    settings: dict[str, Any] = {
        "model": model,
        "num_steps": steps,
        "batch_size": _batch_size(data, batch_size, batch_tokens),
        "packing": packing,
        "micro_batch_size": micro_batch_size,
        "optimizer": optimizer,
        "learning_rate": learning_rate,
        "muon_learning_rate": muon_learning_rate,
        "warmup_steps": warmup_steps,
        "gradient_clip": gradient_clip,
        "schedule": schedule,
        "seed": seed,
        "device": device,
        "dtype": dtype,
        "grammar_state": grammar_state,
        "mask_loss": mask_loss,
        "echo": echo,
        "recall": recall,
        "boosts": boosts,
        "compile": compile_model,
        "activation_checkpointing": activation_checkpointing,
        "shard_optimizer": shard_optimizer,
        "log_every": log_every,
        "evaluate_every": evaluate_every,
        "checkpoint_every": checkpoint_every,
        "keep_checkpoints": keep_checkpoints,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    if start_from is not None:
        start_from = chosen_run(terminal, start_from)
    configuration = _configuration(data, recipe, resumed, start_from, given)
    if dry_run:
        _estimate(terminal, data, configuration, price, _without_dry_run(context.meta[ARGUMENTS], out))
        return
    if out is None:
        raise typer.BadParameter("is required: name the run folder to write, or use --dry-run", param_hint="--out")
    check_writable(out, advice=CHOOSE_OUT)
    if parent is not None:
        parent = chosen_run(terminal, parent)
    listeners = listeners_for(terminal, out, samples=samples, track=track)
    _train(terminal, data, out, configuration, resume, parent, start_from, listeners)


def _recorded(out: Path) -> dict[str, Any] | None:
    """Return the content of config.json of the run to resume; None if there is no run yet."""
    from schemalm.training.run_file import CONFIG_FILE, read_complete_config  # noqa: PLC0415

    return read_complete_config(out) if (out / CONFIG_FILE).exists() else None


def _data(given: Path | None, out: Path | None, resumed: dict[str, Any] | None) -> Path:
    """Return the given data folder, or else that of the resumed run; the data of a resumed run must be its own."""
    if out is not None and resumed is not None:
        from schemalm.training.run_data import find_data  # noqa: PLC0415

        return find_data(out, resumed, given)
    if given is None:
        raise typer.BadParameter("is required: name the prepared data folder to train on", param_hint="--data")
    return given


def _batch_size(data: Path, batch_size: int | None, batch_tokens: int | None) -> int | None:
    """Return the number of rows per step, given directly or as a number of tokens."""
    if batch_tokens is None:
        return batch_size
    from schemalm.dataset.store import read_metadata  # noqa: PLC0415

    context_size = read_metadata(data).context_size
    if batch_size is not None or batch_tokens % context_size:
        multiple = f"must be a multiple of the data's context size {context_size}, got {batch_tokens}"
        problem = "cannot be combined with --batch-size" if batch_size else multiple
        raise typer.BadParameter(problem, param_hint="--batch-tokens")
    return batch_tokens // context_size


def _configuration(
    data: Path,
    recipe: Path | None,
    resumed: dict[str, Any] | None,
    start_from: Path | None,
    given: dict[str, Any],
) -> TrainingConfiguration:
    """Return the given settings, completed by the recipe's, or by those that the resumed run started with.

    A run that starts from the weights of another run has the same model.
    """
    from schemalm.dataset.store import read_metadata  # noqa: PLC0415
    from schemalm.training.configuration import TrainingConfiguration  # noqa: PLC0415
    from schemalm.training.continuation import recorded_configuration  # noqa: PLC0415
    from schemalm.training.recipe import read_training_recipe  # noqa: PLC0415
    from schemalm.training.run_file import read_complete_config  # noqa: PLC0415
    from schemalm.training.suitable_settings import with_suitable_settings  # noqa: PLC0415

    if recipe is not None:
        recorded = None if resumed is None else recorded_configuration(resumed)
        return read_training_recipe(recipe, read_metadata(data), given, recorded)
    if resumed is not None:
        return recorded_configuration(resumed, **given)
    settings = with_suitable_settings({"num_steps": DEFAULT_STEPS, **given})
    if start_from is not None:
        theirs = recorded_configuration(read_complete_config(start_from), device="cpu")
        of_the_model = ("model", "grammar_state", "echo", "recall", "boosts")
        settings = {name: getattr(theirs, name) for name in of_the_model} | settings
    return TrainingConfiguration(**settings)


def _without_dry_run(arguments: list[str], out: Path | None) -> str:
    """Return the command as given, without the options of a dry run."""
    kept = [*arguments, *(() if out else ("--out", "RUN"))]
    kept.remove("--dry-run")
    if "--price" in kept:
        index = kept.index("--price")
        del kept[index : index + 2]
    return command_line(*(argument for argument in kept if not argument.startswith("--price=")))


def _estimate(
    terminal: Terminal, data: Path, configuration: TrainingConfiguration, price: float | None, following: str
) -> None:
    from schemalm.training.estimate import ASSUMED_SHARE, estimate_run  # noqa: PLC0415
    from schemalm.training.launch import num_processes  # noqa: PLC0415
    from schemalm.training.memory import gibibytes  # noqa: PLC0415

    terminal.say(f"estimating the cost of {configuration.num_steps:,} steps of a {configuration.model_name} model")
    estimate = estimate_run(data, configuration, num_processes=num_processes(), price=price)
    memory = estimate.memory
    rows: list[tuple[str, ...]] = [
        ("parameters", f"{estimate.num_parameters:,}"),
        ("operations per token", f"{estimate.flops_per_token:,}"),
        ("steps", f"{estimate.num_steps:,}"),
        ("tokens read, padding included", f"{estimate.num_places:,}"),
        ("passes over the data", f"{estimate.num_epochs:.2f}"),
        ("memory for weights", gibibytes(memory.weights)),
        ("memory for gradients", gibibytes(memory.gradients)),
        ("memory for the optimizer", gibibytes(memory.optimizer)),
        ("memory for activations", gibibytes(memory.activations)),
        ("working memory", gibibytes(memory.working)),
        ("total memory per process", gibibytes(memory.total)),
        (
            "free memory",
            "unknown" if estimate.available_memory is None else gibibytes(estimate.available_memory),
        ),
        ("matrix products on this device, measured", f"{estimate.peak / 1e9:,.0f} GFLOP/s"),
        ("processes", f"{estimate.num_processes}"),
        (f"time at {ASSUMED_SHARE:.0%} of that speed", f"{estimate.seconds / 3600:.2f} h"),
    ]
    if estimate.cost is not None:
        rows.append(("cost", f"{estimate.cost:.2f}"))
    terminal.table(("estimate", ""), rows)
    terminal.finish(asdict(estimate), next_command=following)


def _train(
    terminal: Terminal,
    data: Path,
    out: Path,
    configuration: TrainingConfiguration,
    resume: str | None,
    parent: Path | None,
    start_from: Path | None,
    listeners: Progress,
) -> None:
    what = f"a {configuration.model_name} model on {data} for {counted(configuration.num_steps, 'step')}"
    terminal.say(f"training {what}; {'continuing' if resume else 'writing'} the run {out}")
    from schemalm.training.loop import train as train_run  # noqa: PLC0415

    summary = train_run(data, out, configuration, resume=resume, parent=parent, start_from=start_from, report=listeners)
    terminal.show(
        f"{summary.num_steps:,} steps, {summary.num_tokens:,} tokens in {summary.elapsed_seconds:.0f} s; "
        f"validation loss {summary.validation_loss:.4f}, {summary.bits_per_byte:.4f} bits per byte; "
        f"best step {summary.best_step}: {out}"
    )
    result = {**asdict(summary), "run": str(summary.run)}
    terminal.finish(result, next_command=command_line("generate", out, "-n", 3))
