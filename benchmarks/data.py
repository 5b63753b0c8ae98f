"""Measures the cost of preparing data: time by stage, memory for a ten times larger corpus, sizes, Ray and the pool.

    PYTHONPATH=tools python benchmarks/data.py CORPUS [--documents 20000] [--publish]

CORPUS is JSON Lines of workflows as YAML text. Every command runs in a process of its own. Seconds are CPU time of all
processes of a command; memory is the peak of its largest process. Memory is measured on different workflows of
`tools/workflow_book`, 5,000 and ten times as many. `--publish` writes `benchmarks/results/data.json`, the tables of
`docs/benchmarks.md`, and the plan in `docs/scale.md`, which is computed from these figures alone.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from limits import processor
from page import replace_section
from schemalm.files.writing import write_atomically
from workflow_book import compose_workflows

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "data.json"
PAGE, SCALE = REPOSITORY / "docs" / "benchmarks.md", REPOSITORY / "docs" / "scale.md"
CONTEXT_SIZE, STRIDE = 512, 32
SMALL, TENFOLD = 5_000, 50_000
GROWING = ("collect", "tokenizer train", "prepare")
PLANNED = (100_000_000, 1_000_000_000)
ROWS_OF_A_SHARD = 512
console = Console(stderr=True)


@dataclass(frozen=True)
class Cost:
    """The cost of a command: the number of documents, CPU seconds, wall seconds and peak memory."""

    num_documents: int
    cpu_seconds: float
    seconds: float
    peak_mebibytes: float

    @property
    def rate(self) -> float:
        """Documents per second of a core."""
        return self.num_documents / self.cpu_seconds


def run(num_documents: int, *arguments: object) -> tuple[Cost, dict[str, Any]]:
    """Runs a command of the program; returns its cost and the object that it printed."""
    command = [sys.executable, "-m", "schemalm", *map(str, arguments), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}")
        seconds = time.monotonic() - started
        output.seek(0)
        result = json.load(output)
    cost = Cost(num_documents, usage.ru_utime + usage.ru_stime, seconds, usage.ru_maxrss / 1024)
    console.print(f"{arguments[0]}: {cost}", markup=False)
    return cost, result


def pipeline(corpus: Path, num_documents: int, scratch: Path) -> dict[str, Any]:
    """Runs collect, tokenizer train and prepare; returns their costs and the sizes of the results."""
    some = ("--max-files", num_documents)
    collected, tokenizer, data = scratch / "corpus", scratch / "tokenizer.json", scratch / "data"
    windows = ("--context-size", CONTEXT_SIZE, "--stride", STRIDE)
    collect, _ = run(num_documents, "collect", corpus, "--out", collected, *some)
    learn, _ = run(num_documents, "tokenizer", "train", "--corpus", corpus, "--out", tokenizer, *some)
    fixed = ("--input", corpus, "--tokenizer", tokenizer, *windows, *some)
    prepare, _ = run(num_documents, "prepare", *fixed, "--output", data)
    analyzed, found = run(num_documents, "prepare", *fixed, "--analyze")
    costs = {"collect": collect, "tokenizer train": learn, "prepare": prepare, "prepare --analyze": analyzed}
    choice = next(c for c in found["choices"] if (c["context_size"], c["stride"]) == (CONTEXT_SIZE, STRIDE))
    return {
        "costs": {name: asdict(cost) for name, cost in costs.items()},
        "num_documents": found["num_documents"],
        "num_tokens": found["num_tokens"],
        "collected_bytes": size_of(collected),
        "prepared_bytes": size_of(data),
        "pt_bytes": choice["pt_bytes"],
    }


def size_of(folder: Path) -> int:
    """Returns the size of all files in a folder, in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def growth(scratch: Path) -> dict[str, dict[str, float]]:
    """Returns the peak memory of each command by the number of different documents."""
    found: dict[str, dict[str, float]] = {name: {} for name in GROWING}
    for number in (SMALL, TENFOLD):
        corpus = scratch / f"workflows{number}.jsonl"
        # In a process of its own, because this process's memory would count for the commands that it starts.
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            pool.submit(write_workflows, number, corpus).result()
        folder = scratch / str(number)
        folder.mkdir()
        costs = pipeline(corpus, number, folder)["costs"]
        for name in GROWING:
            found[name][str(number)] = costs[name]["peak_mebibytes"]
    return found


def write_workflows(number: int, corpus: Path) -> None:
    """Writes JSON Lines with a different workflow in each line."""
    with corpus.open("w") as file:
        for workflow in compose_workflows(number, seed=1):
            row = {"value": workflow.value, "repo": workflow.repository, "path": workflow.path}
            file.write(json.dumps(row) + "\n")


def engines(corpus: Path, num_documents: int, scratch: Path) -> dict[str, dict[str, float]]:
    """Returns the wall seconds of `prepare` by engine; raises `RuntimeError` if the results differ."""
    tokenizer, found = scratch / "tokenizer.json", {}
    metadata = set()
    for name, options in {
        "one process": (),
        "pool of 2": ("--workers", 2),
        "Ray with 2": ("--workers", 2, "--engine", "ray"),
    }.items():
        out = scratch / name.replace(" ", "-")
        fixed = ("--input", corpus, "--tokenizer", tokenizer, "--max-files", num_documents)
        cost, _ = run(num_documents, "prepare", *fixed, "--output", out, *options)
        found[name] = {"seconds": cost.seconds}
        metadata.add((out / "metadata.json").read_bytes())
    if len(metadata) > 1:
        raise RuntimeError("engines give different folders")
    return found


def tables(results: dict[str, Any]) -> list[str]:
    """Returns the results as lines of Markdown."""
    measured = results["pipeline"]
    lines = ["| stage | documents per second and core | CPU hours per million documents | peak |", "|" + " --- |" * 4]
    for name, cost in measured["costs"].items():
        rate = cost["num_documents"] / cost["cpu_seconds"]
        lines.append(f"| {name} | {rate:,.0f} | {1e6 / rate / 3600:.2f} | {cost['peak_mebibytes']:,.0f} MiB |")
    lines += ["", f"| peak memory | {SMALL:,} documents | {TENFOLD:,} documents |", "|" + " --- |" * 3]
    for name, peaks in results["growth"].items():
        lines.append(f"| {name} | {' | '.join(f'{peak:,.0f} MiB' for peak in peaks.values())} |")
    per_token = measured["prepared_bytes"] / measured["num_tokens"]
    lines += [
        "",
        f"Prepared data takes {per_token:.2f} bytes a token; the .pt format at context {CONTEXT_SIZE} and stride "
        f"{STRIDE} takes {measured['pt_bytes'] / measured['prepared_bytes']:.1f} times as much.",
        "",
        "| prepare | seconds, wall time |",
        "|" + " --- |" * 2,
        *(f"| {name} | {result['seconds']:.1f} |" for name, result in results["engines"].items()),
    ]
    return lines


def plan(results: dict[str, Any]) -> list[str]:
    """Returns the needs of larger corpora, computed from the measured costs, as lines of Markdown."""
    measured = results["pipeline"]
    num_documents = measured["costs"]["prepare"]["num_documents"]
    hours = {name: measured["costs"][name]["cpu_seconds"] / num_documents / 3600 for name in ("collect", "prepare")}
    lines = [
        f"## Data: {' and '.join(f'{number:,}' for number in PLANNED)} documents",
        "",
        f"**Computed, not measured**: the costs of {num_documents:,} real workflows on {results['machine']}, "
        f"{results['date']}, times the number of documents. A cluster also needs time to send pieces and results, "
        "and for the merge at the end, which one process does.",
        "",
        f"| | {' | '.join(f'{number:,}' for number in PLANNED)} |",
        "|" + " --- |" * (1 + len(PLANNED)),
    ]
    for name, per_document in hours.items():
        cells = (f"{number * per_document:,.0f} core hours" for number in PLANNED)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    total = sum(hours.values())
    in_a_day = (f"{-(-number * total // 24):,.0f} cores" for number in PLANNED)
    lines.append(f"| both within a day | {' | '.join(in_a_day)} |")
    for label, name in (("collected corpus", "collected_bytes"), ("prepared data", "prepared_bytes")):
        sizes = (f"{number * measured[name] / num_documents / 1e12:,.2f} TB" for number in PLANNED)
        lines.append(f"| {label} | {' | '.join(sizes)} |")
    shards = (f"{-(-number // ROWS_OF_A_SHARD):,}" for number in PLANNED)
    lines += [
        f"| shards of {ROWS_OF_A_SHARD} rows | {' | '.join(shards)} |",
        "",
        "`tokenizer train` costs the same for each, except for listing the files: it learns from a sample.",
    ]
    return lines


def main(
    corpus: Annotated[Path, typer.Argument(exists=True, help="JSON Lines of workflows, as YAML text.")],
    documents: Annotated[int, typer.Option(min=1, help="The number of documents to measure.")] = 20_000,
    publish: Annotated[bool, typer.Option(help="Write the results and the pages.")] = False,
) -> None:
    """Measure each stage."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        results: dict[str, Any] = {
            "machine": f"one core of {processor()}, python {platform.python_version()}",
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "pipeline": pipeline(corpus, documents, scratch),
            "engines": engines(corpus, documents, scratch),
            "growth": growth(scratch),
        }
    conditions = f"Measured on {results['date']}: {results['machine']}, {documents:,} real workflows."
    lines = [conditions, "", *tables(results)]
    Console().print(Markdown("\n".join([*lines, "", *plan(results)])))
    if publish:
        write_atomically(RESULTS, json.dumps(results, indent=2).encode() + b"\n")
        write_atomically(PAGE, replace_section(PAGE.read_text(), "data", "\n".join(lines)).encode())
        write_atomically(SCALE, replace_section(SCALE.read_text(), "data", "\n".join(plan(results))).encode())


if __name__ == "__main__":
    typer.run(main)
