"""Compare the speed of this checkout with another one, in turns, in CPU seconds.

    git worktree add ../before COMMIT
    python benchmarks/against.py ../before ../shared/data/workflows --rounds 5

Each round measures both checkouts in fresh processes, one thread each, and every second round in reverse order. The
result is the median of each checkout and their ratio. Operations use only the public names of `schemalm` and the
command line, so both commits may have different structures.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import schemalm
from digest import workflow_schema
from rows import read_valid_rows
from turns import environment_of, medians, run_command

NUM_TRAINING_STEPS = 20
# Documents whose masks are asked for at every token.
NUM_MASKED = 150


def measure(folder: Path) -> dict[str, float]:
    """The CPU seconds of each operation in this process; `folder` holds a schema, a tokenizer and documents."""
    values = json.loads((folder / "values.json").read_text())
    seconds: dict[str, float] = {}

    def timed(name: str, operation: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = operation()
        seconds[name] = time.process_time() - start
        return result

    grammar = timed("compile", lambda: schemalm.compile_schema(folder / "schema.json"))
    tokenizer = schemalm.Tokenizer.load(folder / "tokenizer.json")
    ids = timed("encode, cold", lambda: [tokenizer.encode(value) for value in values])
    timed("encode, warm", lambda: [tokenizer.encode(value) for value in values])
    timed("decode, cold", lambda: [tokenizer.decode(document) for document in ids])
    timed("decode, warm", lambda: [tokenizer.decode(document) for document in ids])
    for state in ("cold", "warm"):
        timed(f"mask and advance, {state}", lambda: mask_documents(tokenizer, ids[:NUM_MASKED]))
    timed("train a tokenizer", lambda: schemalm.Tokenizer.train(grammar, values[:400], 2048))
    return seconds


def mask_documents(tokenizer: Any, documents: list[list[int]]) -> None:
    for document in documents:
        machine = tokenizer.machine()
        for token in document:
            machine.mask()
            machine.advance(token)


def measure_commands(folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """The CPU seconds of `prepare` and of a short `train`, start of the process included."""
    data, run = folder / "data", folder / "run"
    for path in (data, run):
        shutil.rmtree(path, ignore_errors=True)
    size = ("--context-size", "256", "--stride", "128")
    prepare = ("--input", folder / "values.jsonl", "--tokenizer", folder / "tokenizer.json", "--output", data, *size)
    steps = ("--steps", NUM_TRAINING_STEPS, "--batch-size", 4, "--samples", 0, "--device", "cpu")
    return {
        "prepare": run_command(environment, "prepare", *prepare),
        f"train, {NUM_TRAINING_STEPS} steps": run_command(environment, "train", "--data", data, "--out", run, *steps),
    }


def measure_checkout(checkout: Path, folder: Path) -> dict[str, float]:
    environment = environment_of(checkout)
    command = [sys.executable, __file__, str(folder), str(folder), "--measure"]
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    seconds: dict[str, float] = json.loads(found.stdout)
    return seconds | measure_commands(folder, environment)


def main(
    other: Annotated[Path, typer.Argument(help="The other checkout.")],
    data: Annotated[Path, typer.Argument(help="The folder with train.jsonl.zst.")],
    rounds: Annotated[int, typer.Option(min=1, help="How often each checkout is measured.")] = 5,
    num_documents: Annotated[int, typer.Option(min=400, help="How many real documents to use.")] = 2000,
    measure_here: Annotated[bool, typer.Option("--measure", hidden=True)] = False,
) -> None:
    """Print CPU seconds and ratios."""
    if measure_here:
        print(json.dumps(measure(other)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = read_valid_rows(data / "train.jsonl.zst", num_documents)
        values = [row["json"] for row in rows]
        (folder / "values.json").write_text(json.dumps(values))
        lines = [json.dumps({"value": row["json"], "repo": row["repo"]}) for row in rows]
        (folder / "values.jsonl").write_text("\n".join(lines))
        schema = workflow_schema()
        (folder / "schema.json").write_text(json.dumps(schema))
        schemalm.Tokenizer.train(schemalm.compile_schema(schema), values, 4096).save(folder / "tokenizer.json")
        found = medians(lambda checkout: measure_checkout(checkout, folder), other, rounds)
    table = Table("operation", "other, CPU s", "this, CPU s", "ratio")
    for operation, (before, here) in found.items():
        table.add_row(operation, f"{before:.3f}", f"{here:.3f}", f"{here / before:.3f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
