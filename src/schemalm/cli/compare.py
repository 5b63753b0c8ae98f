"""`schemalm compare`: compare runs side by side in a table, curves and a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from schemalm.cli.options import CHOOSE_OUT, AsJSON, chosen_run
from schemalm.cli.terminal import Terminal, command_line
from schemalm.files.writing import check_writable

DEFAULT_OUT = Path("comparison")


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run folders, or folders that contain one run each.")
    ],
    *,
    out: Annotated[Path, typer.Option(file_okay=False, metavar="DIR", help="The folder to write.")] = DEFAULT_OUT,
    as_json: AsJSON = False,
) -> None:
    """Compare the settings, results and curves of runs side by side."""
    terminal = Terminal(as_json)
    terminal.say(f"comparing {', '.join(map(str, runs))}; writing the comparison to {out}")
    from schemalm.evaluation.comparison import (  # noqa: PLC0415
        PAGE_FILE,
        comparison_caveats,
        figure_rows,
        setting_rows,
        write_comparison,
    )
    from schemalm.evaluation.records import differing_settings, labels, read_record  # noqa: PLC0415

    check_writable(out, PAGE_FILE, advice=CHOOSE_OUT)
    chosen = [chosen_run(terminal, run) for run in runs]
    records = [read_record(folder) for folder in {run.resolve(): run for run in chosen}.values()]
    page = write_comparison(records, out)
    names, caveats = labels(records), comparison_caveats(records)
    terminal.table(("", *names), [(title, *cells) for title, cells in (*setting_rows(records), *figure_rows(records))])
    for caveat in caveats:
        terminal.show(f"note: {caveat}")
    terminal.show(f"curves: {page}")
    result = {
        "page": str(page),
        "runs": [{"name": name, **record.figures()} for name, record in zip(names, records, strict=True)],
        "settings": {
            setting: dict(zip(names, values, strict=True)) for setting, values in differing_settings(records).items()
        },
        "reservations": caveats,
    }
    best = min(records, key=lambda record: record.best.get("bits_per_byte", float("inf")))
    terminal.finish(result, next_command=command_line("evaluate", best.folder))
