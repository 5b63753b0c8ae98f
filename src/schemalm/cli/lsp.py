"""`schemalm lsp`: answer an editor over standard input and output, in the Language Server Protocol."""

from __future__ import annotations

from schemalm.cli.options import NumberFormat, RunFolder, chosen_run
from schemalm.cli.sampling import Dtype
from schemalm.cli.terminal import Terminal


def lsp(run: RunFolder, dtype: Dtype = NumberFormat.float32) -> None:
    """Answer an editor: completions, errors and descriptions, for documents of a run's schema.

    Editors start it themselves, and speak the Language Server Protocol over standard input and output. Needs the extra
    `lsp`.
    """
    terminal = Terminal()
    try:
        from schemalm.editor.server import editor_server  # noqa: PLC0415
    except ModuleNotFoundError as error:
        from schemalm.errors import ConfigurationError  # noqa: PLC0415

        message = f'this command needs {error.name}: pip install "schemalm[lsp]"'
        raise ConfigurationError(message) from None
    from schemalm.generation import load_run  # noqa: PLC0415

    run = chosen_run(terminal, run)
    with terminal.working("loading the model"):
        loaded = load_run(run, dtype=dtype)
    terminal.say("answering an editor over standard input and output")
    server = editor_server(loaded)
    server.hosted.worker.warm_up()
    try:
        server.start_io()
    finally:
        # A thread that computes while the interpreter ends can crash it.
        server.hosted.worker.stop()
