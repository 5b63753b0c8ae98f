"""`schemalm serve`: answer requests over HTTP with the documents of trained runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from schemalm.cli.options import AsJSON, NumberFormat, chosen_run
from schemalm.cli.sampling import Dtype
from schemalm.cli.terminal import Terminal, counted

if TYPE_CHECKING:
    from schemalm.generation import Run

_LOOPBACK = "127.0.0.1"


def serve(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders, or folders that contain only one run.")
    ],
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Listen to this address; others than the loopback need --token.")
    ] = _LOOPBACK,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Listen to this port; 0 is a free one.")
    ] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="SCHEMALM_TOKEN",
            show_envvar=True,
            help="Answer only requests with this token; the variable keeps it out of the list of processes.",
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Documents of a run that are written at once.")
    ] = 16,
    max_waiting: Annotated[
        int, typer.Option(min=1, metavar="N", help="Documents that may wait; further requests get status 429.")
    ] = 256,
    max_open: Annotated[
        int, typer.Option(min=1, metavar="N", help="Requests that are answered at once; others get status 429.")
    ] = 512,
    max_seconds: Annotated[
        float, typer.Option(min=0.1, metavar="S", help="Close a document after so long, and leave clients that stall.")
    ] = 60.0,
    max_body_bytes: Annotated[
        int, typer.Option("--max-body", min=1024, max=64 << 20, metavar="BYTES", help="The largest body of a request.")
    ] = 1 << 19,
    dtype: Dtype = NumberFormat.float32,
    as_json: AsJSON = False,
) -> None:
    """Answer requests over HTTP: OpenAI's API, and endpoints for what only this program does.

    It listens to this machine alone, until it is interrupted. Needs the extra `serve`.
    """
    terminal = Terminal(as_json)
    terminal.say(f"serving {counted(len(runs), 'run')} over HTTP")
    try:
        from schemalm.serving.context import ServingLimits  # noqa: PLC0415
        from schemalm.serving.server import check_address  # noqa: PLC0415
        from schemalm.serving.server import serve as serve_runs  # noqa: PLC0415
    except ModuleNotFoundError as error:
        from schemalm.errors import ConfigurationError  # noqa: PLC0415

        message = f'this command needs {error.name}: pip install "schemalm[serve]"'
        raise ConfigurationError(message) from None
    check_address(host, token)
    folders = [chosen_run(terminal, run) for run in runs]
    loaded = _loaded(terminal, folders, dtype)
    limits = ServingLimits(
        max_body_bytes=max_body_bytes,
        max_seconds=max_seconds,
        max_waiting=max_waiting,
        max_open=max_open,
        batch_size=batch_size,
    )

    def ready(url: str) -> None:
        terminal.say(f"listening to {url}, where a browser shows the playground; Ctrl-C ends it")
        terminal.say(f"the API is described at {url}/openapi.json")
        finished = {"url": url, "models": [name for name, _ in loaded]}
        terminal.finish(finished, next_command=f"curl {url}/v1/models")

    serve_runs(loaded, host=host, port=port, token=token, limits=limits, ready=ready)


def _loaded(terminal: Terminal, folders: list[Path], dtype: NumberFormat) -> list[tuple[str, Run]]:
    """Return the runs, each under the name that `schemalm runs` gives it."""
    from schemalm.evaluation.records import labels, read_record  # noqa: PLC0415
    from schemalm.generation import load_run  # noqa: PLC0415

    if len({folder.resolve() for folder in folders}) < len(folders):
        raise typer.BadParameter("a run is named twice", param_hint="RUN...")
    loaded = []
    for name, folder in zip(labels([read_record(folder) for folder in folders]), folders, strict=True):
        with terminal.working(f"loading the model {name}"):
            loaded.append((name, load_run(folder, dtype=dtype)))
    return loaded
