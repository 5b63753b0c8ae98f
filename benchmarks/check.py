"""Compare the speed of `schemalm check` in this checkout with another one, in turns, in CPU seconds.

    git worktree add ../before COMMIT
    python benchmarks/check.py ../before ../shared/data/workflows --rounds 5 --publish

Measured are one small file, and many real workflows, valid or not, in one call: the whole process, its start included.
Each round measures both checkouts in fresh processes, one thread each, and every second round in reverse order. The
result is the median of each checkout and their ratio; `--publish` writes results/check.json.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from rows import read_rows
from schemalm.files.writing import write_atomically
from turns import environment_of, medians, run_command

RESULTS = Path(__file__).parent / "results" / "check.json"
# What `check` ends with if it finds errors.
CODE_OF_ERRORS = 1
SMALL = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n"


def write_files(data: Path, folder: Path, num_files: int) -> dict[str, list[str]]:
    """Write the files to check; returns their names by operation."""
    names = []
    for number, row in enumerate(islice(read_rows(data / "train.jsonl.zst"), num_files)):
        names.append(f"{number:05}.yml")
        (folder / names[-1]).write_text(row["yaml"])
    (folder / "small.yml").write_text(SMALL)
    return {"one small file": ["small.yml"], f"{num_files:,} workflows": names}


def main(
    other: Annotated[Path, typer.Argument(help="The other checkout.")],
    data: Annotated[Path, typer.Argument(help="The folder with train.jsonl.zst.")],
    rounds: Annotated[int, typer.Option(min=1, help="How often each checkout is measured.")] = 5,
    num_files: Annotated[int, typer.Option(min=1, help="How many real workflows to check.")] = 5000,
    publish: Annotated[bool, typer.Option("--publish", help="Write the result to results/check.json.")] = False,
) -> None:
    """Print CPU seconds and ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        operations = write_files(data, folder, num_files)

        def measure(checkout: Path) -> dict[str, float]:
            environment = environment_of(checkout)
            return {
                operation: run_command(environment, "check", *files, folder=folder, highest_code=CODE_OF_ERRORS)
                for operation, files in operations.items()
            }

        found = medians(measure, other, rounds)
    for operation, (before, here) in found.items():
        print(f"{operation}: other {before:.3f} s, this {here:.3f} s, ratio {here / before:.2f}")
    if publish:
        result = {
            "date": datetime.now(UTC).date().isoformat(),
            "rounds": rounds,
            "load": os.getloadavg()[0],
            "bytecode": not sys.dont_write_bytecode,
            "cpu_seconds": {
                operation: {"other": round(before, 3), "this": round(here, 3)}
                for operation, (before, here) in found.items()
            },
        }
        write_atomically(RESULTS, (json.dumps(result, indent=2) + "\n").encode())


if __name__ == "__main__":
    typer.run(main)
