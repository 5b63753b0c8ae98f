"""The operations of attacks: each takes the input and the scratch folder, and returns or raises as for a user."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from schemalm.compilation import compile_schema
from schemalm.documents import load_document
from schemalm.errors import InvalidDocument, SchemaLMError
from schemalm.tokenizer import Tokenizer

NUM_WALKS = 3
MAX_WALK_TOKENS = 24
MAX_SHOWN = 400


class FaultError(Exception):
    """A command that ended in a fault of SchemaLM itself."""


def walk_schema(given: Any, folder: Path) -> None:
    """Make every public call on a schema; `given` is the schema, or a pair of the schema and values to encode."""
    schema, values = given if isinstance(given, tuple) else (given, ())
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    for value in values:
        with contextlib.suppress(InvalidDocument):
            tokenizer.decode(tokenizer.encode(value))
    for number in range(NUM_WALKS):
        chance = random.Random(number)
        machine, tokens = tokenizer.machine(), list[int]()
        while not machine.is_complete and len(tokens) < MAX_WALK_TOKENS:
            tokens.append(int(chance.choice(np.flatnonzero(machine.mask()))))
            machine.advance(tokens[-1])
        tokenizer.decode([*tokens, *machine.completion()])
        tokenizer.decode_prefix(tokens[: len(tokens) // 2])


def read_document(given: Any, folder: Path) -> None:
    """Read a text, or a file of the scratch folder if `given` is a `Path`."""
    load_document(folder / given if isinstance(given, Path) else given)


def run_command(given: Any, folder: Path) -> None:
    """Run a command in the scratch folder; the outcome is `exit N`."""
    from schemalm.cli.application import main  # noqa: PLC0415

    output = io.StringIO()
    code: object = 0
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            main([str(argument) for argument in given])
    except SystemExit as ended:
        code = ended.code
    text = output.getvalue()
    if "Traceback" in text or "a bug in SchemaLM" in text:
        raise FaultError(text[-MAX_SHOWN:])
    raise CommandEnded(int(str(code or 0)), text)


class CommandEnded(Exception):  # noqa: N818 (not an error)
    """The end of a command: its exit code and its output."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text[-MAX_SHOWN:])
        self.code = code


def load_tokenizer(given: Any, folder: Path) -> None:
    """Load `tokenizer.json`, and encode the given value with it."""
    tokenizer = Tokenizer.load(folder / "tokenizer.json")
    tokenizer.decode(tokenizer.encode(given))


def load_data(given: Any, folder: Path) -> None:
    """Draw batches from `data`; `given` is the loader's state, or None for the beginning."""
    from schemalm.dataset.loader import Loader, LoaderState  # noqa: PLC0415
    from schemalm.dataset.store import Split, read_metadata  # noqa: PLC0415
    from schemalm.dataset.windows import training_windows  # noqa: PLC0415

    data = folder / "data"
    windows = training_windows(Split(data, "train", read_metadata(data)))
    batches = Loader(windows, 2, state=LoaderState(*(given or ())))
    for _ in range(3):
        next(batches)


def load_run(given: Any, folder: Path) -> None:
    """Load `run`, and generate one document with it."""
    from schemalm.generation import generate, load_run  # noqa: PLC0415

    generate(load_run(folder / "run"), num_samples=1, max_tokens=8)


OPERATIONS: dict[str, Callable[[Any, Path], None]] = {
    "schema": walk_schema,
    "document": read_document,
    "command": run_command,
    "tokenizer": load_tokenizer,
    "data": load_data,
    "run": load_run,
}


def end_of(error: BaseException | None) -> str:
    """Return how a call ended: "value" without an error; an error that is not SchemaLM's own is a fault."""
    if error is None:
        return "value"
    if isinstance(error, CommandEnded):
        return f"exit {error.code}"
    return type(error).__name__ if isinstance(error, SchemaLMError) else f"fault: {type(error).__name__}"
