"""Runs attacks, each in its own process with limits on time and memory, and prints how they ended.

    PYTHONPATH=src:benchmarks:. python -m tests.attacks.runner [NAME...]

The processes are forked from one that has the imports and has made a valid tokenizer file, prepared data and a run;
attacks change copies of these. A process that dies has an outcome like any other. The output is a JSON object.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tests.attacks.attack import Attack, Content, Fifo, Link, Members, Outcome, Removed, Zeros
from tests.attacks.cases import ATTACKS
from tests.attacks.operations import OPERATIONS, end_of

from conformance.pool import Failure, ProcessLimits, call_each

# How soon an attack must end is bounded in CPU seconds; the clock only ends a process that waits forever.
PROCESSOR_SECONDS = 10
WALL_SECONDS = 600.0
# In addition to what the process has at its start; most of that is address space that is never touched.
ADDRESS_SPACE_BYTES = 1 << 30
KINDS = ["alpha", "beta", "gamma"]
SCHEMA = {"type": "object", "properties": {"kind": {"enum": KINDS}, "name": {"type": "string"}}, "required": ["kind"]}
# The valid files in the scratch folder of each operation.
GIVEN_FILES = {"tokenizer": ("tokenizer.json",), "data": ("data",), "run": ("run",), "command": ("tokenizer.json",)}


def make_valid(folder: Path) -> None:
    """Fill a folder with a valid tokenizer file, prepared data and a run."""
    from schemalm.cli.application import main  # noqa: PLC0415

    os.dup2(2, 1)  # the output of commands is not part of the output of this program
    os.chdir(folder)
    Path("schema.json").write_text(json.dumps(SCHEMA))
    rows = ({"value": {"kind": KINDS[n % 3], "name": f"name {n}"}, "repo": f"r{n % 8}"} for n in range(40))
    Path("rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    commands = (
        "tokenizer train --corpus rows.jsonl --schema schema.json --vocab-size 320 --out tokenizer.json --json",
        "prepare --input rows.jsonl --output data --tokenizer tokenizer.json --context-size 16 --stride 4 --json",
        "train --data data --model tiny --out run --steps 1 --batch-size 2 --json",
    )
    for command in commands:
        try:
            main(command.split())
        except SystemExit as ended:
            assert not ended.code, command


def write(path: Path, content: Content, folder: Path) -> None:
    """Replace a file by hostile content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Members):
        path.write_text(json.dumps(changed(json.loads(path.read_text()), content.values)))
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    match content:
        case Link(target):
            path.symlink_to(folder / target)
        case Zeros(num_bytes):
            with path.open("wb") as file:
                file.truncate(num_bytes)
        case Fifo():
            os.mkfifo(path)
        case str() | bytes():
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        case Removed():
            pass


def changed(document: Any, values: Any) -> Any:
    """Return the document with new values at JSON pointers."""
    for pointer, value in values.items():
        *path, last = pointer.split("/")[1:] or [""]
        inner = document
        for name in path:
            inner = inner[int(name) if isinstance(inner, list) else name]
        inner[int(last) if isinstance(inner, list) else last] = value
    return document


def run(valid: Path, attack: Attack) -> Outcome:
    """Run one attack in this process and return its outcome; `valid` is the folder with the valid files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in GIVEN_FILES.get(attack.operation, ()):
            source = valid / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
        for path, content in attack.files.items():
            write(folder / path, content, folder)
        given = attack.given() if callable(attack.given) else attack.given
        before, start, error = peak_mebibytes(), time.process_time(), None
        try:
            OPERATIONS[attack.operation](given, folder)
        except Exception as raised:
            error = raised
        seconds = time.process_time() - start
        return Outcome(end_of(error), str(error or "")[:400], round(seconds, 3), peak_mebibytes() - before)


def peak_mebibytes() -> float:
    """Return the peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def address_space_bytes() -> int:
    """Return the size of the address space of this process."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def run_all(names: list[str]) -> dict[str, Outcome]:
    """Run the named attacks, or all if none is named, and return their outcomes."""
    import schemalm.generation  # noqa: F401, PLC0415 (torch, once for all)

    gc.freeze()  # the children share the memory of existing objects
    found = {}
    with tempfile.TemporaryDirectory() as valid:
        limits = ProcessLimits(address_space_bytes() + 4 * ADDRESS_SPACE_BYTES, 60, WALL_SECONDS)
        for _, made in call_each(make_valid, [Path(valid)], limits, 1):
            assert not isinstance(made, Failure), made.message
        limits = ProcessLimits(address_space_bytes() + ADDRESS_SPACE_BYTES, PROCESSOR_SECONDS, WALL_SECONDS)
        for name, ended in call_each(partial(_run_named, Path(valid)), names or list(ATTACKS), limits, 2):
            found[name] = Outcome(ended.status, ended.message) if isinstance(ended, Failure) else ended
    return found


def _run_named(valid: Path, name: str) -> Outcome:
    os.dup2(2, 1)
    return run(valid, ATTACKS[name])


if __name__ == "__main__":
    outcomes = run_all(sys.argv[1:])
    sys.stdout.write(json.dumps({name: asdict(outcome) for name, outcome in outcomes.items()}, indent=1) + "\n")
