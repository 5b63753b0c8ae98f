"""`schemalm experiment`: run and report experiments whose arms differ in tokens or training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from schemalm.cli.left_out import exit_code, report_left_out
from schemalm.cli.options import CHOOSE_OUT, AsJSON, Strict
from schemalm.cli.terminal import Terminal, command_line, counted
from schemalm.files.writing import check_writable

if TYPE_CHECKING:
    from schemalm.experiments.summary import Row

app = typer.Typer(help="Run experiments and report them.", no_args_is_help=True, rich_markup_mode=None)
RUNS_FOLDER = Path("runs")

Out = Annotated[
    Path | None,
    typer.Option(file_okay=False, metavar="DIR", help="The folder of the experiment [default: runs/NAME]."),
]


@app.callback()
def _group() -> None:
    """Run experiments and report them."""


@app.command("run")
def run(
    recipe: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, metavar="RECIPE", help="The TOML file that defines the runs."),
    ],
    *,
    out: Out = None,
    train: Annotated[
        Path | None,
        typer.Option(exists=True, metavar="CORPUS", help="Training corpus to use instead of the recipe's."),
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(exists=True, metavar="CORPUS", help="Validation corpus to use instead of the recipe's."),
    ] = None,
    arm: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Run only this arm; may be repeated.")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="SIZE", help="Run only arms with a model of this size; may be repeated."),
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Run only the comparison at equal `compute`, `documents` or `time`."),
    ] = None,
    budget: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Run only this budget; may be repeated.")
    ] = None,
    seed: Annotated[list[int] | None, typer.Option(metavar="N", help="Run only this seed; may be repeated.")] = None,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Number of runs at a time; each uses one thread.")] = 1,
    strict: Strict = False,
    as_json: AsJSON = False,
) -> None:
    """Run the missing runs of a recipe, and write the report."""
    from schemalm.experiments.recipe import read_recipe  # noqa: PLC0415
    from schemalm.experiments.report import REPORT_FILE, write_report  # noqa: PLC0415
    from schemalm.experiments.runner import RunFilter, run_experiment  # noqa: PLC0415

    terminal = Terminal(as_json)
    read = read_recipe(recipe, train=train, validation=validation)
    folder = out or RUNS_FOLDER / read.name
    terminal.say(f"running the experiment {read.name} in {folder}, {counted(jobs, 'run')} at a time")
    check_writable(folder, REPORT_FILE, advice=CHOOSE_OUT)
    summary = run_experiment(
        read,
        folder,
        run_filter=RunFilter(arm or (), model or (), measure or (), budget or (), seed or ()),
        jobs=jobs,
        log=terminal.say,
        make_progress=terminal.training_progress,
    )
    report_left_out(terminal, summary.left_out)
    for failure in summary.failures:
        terminal.show(f"failed: {failure.run}: {failure.reason}")
    succeeded = summary.num_made + summary.num_existing
    rows = write_report(folder, read.name, read.arm_names) if succeeded else []
    outcome = {
        "num_made": summary.num_made,
        "num_there": summary.num_existing,
        "failures": [{"run": failure.run, "reason": failure.reason} for failure in summary.failures],
        **summary.left_out.to_dict(),
    }
    _finish(terminal, folder, rows, outcome)
    raise typer.Exit(1 if summary.failures else exit_code(summary.left_out, strict))


@app.command("report")
def report(
    experiment: Annotated[
        Path,
        typer.Argument(exists=True, metavar="DIR|RECIPE", help="The folder of the experiment, or its recipe."),
    ],
    *,
    out: Out = None,
    as_json: AsJSON = False,
) -> None:
    """Write the report of the finished runs. With a recipe, judges that have not been asked are asked first."""
    from schemalm.experiments.recipe import read_recipe  # noqa: PLC0415
    from schemalm.experiments.report import REPORT_FILE, write_report  # noqa: PLC0415
    from schemalm.experiments.verdicts import judge_results, judges_of  # noqa: PLC0415

    terminal = Terminal(as_json)
    read = None if experiment.is_dir() else read_recipe(experiment)
    if read is None:
        folder, name, arms = experiment, experiment.resolve().name, None
    else:
        folder, name, arms = out or RUNS_FOLDER / read.name, read.name, read.arm_names
    terminal.say(f"writing the report of {name} into {folder}")
    check_writable(folder, REPORT_FILE, advice=CHOOSE_OUT)
    if read is not None:
        judge_results(folder, judges_of(read))
    _finish(terminal, folder, write_report(folder, name, arms), {})


def _finish(terminal: Terminal, folder: Path, rows: list[Row], outcome: dict[str, Any]) -> None:
    columns = ("arm", "model", "equal", "budget", "seeds", "tokens/document", "bits/byte", "ratio")
    terminal.table(columns, [_cells(row) for row in rows])
    terminal.show(f"report: {folder / 'report.md'}")
    result = {"out": str(folder), **outcome, "rows": [row.to_dict() for row in rows]}
    terminal.finish(result, next_command=command_line("experiment", "report", folder))


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.arm,
        row.model,
        row.measure,
        f"{row.budget:,}",
        str(row.num_seeds),
        f"{row.tokens_per_document:.1f}",
        f"{row.bits_per_byte.mean:.4f}",
        "" if row.ratio is None else f"{row.ratio.mean:.4f}",
    )
