"""Encodes and decodes every row of the workflow corpus, and checks each token against the mask.

    python benchmarks/roundtrip.py ../shared/data/workflows [--vocab-size 8192] [--workers 2]

Prints by split: rows, tokens per document, documents per second, the share of refused rows, and the reasons. Exits with
1 if a valid row is refused or decodes to another value, or if an invalid row is accepted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rows import read_rows
from schemalm.compilation import compile_schema
from schemalm.documents import json_equal
from schemalm.errors import InvalidDocument
from schemalm.tokenizer import Tokenizer

SCHEMA = "github-workflow"
TRAINING_STRIDE = 10
ROWS_PER_TASK = 250
MAX_WAITING = 8

tokenizers: dict[Path, Tokenizer] = {}


@dataclass
class Outcome:
    """Counts over some rows; `faults` are violations of the laws, `refusals` count the keywords of refused rows."""

    num_valid: int = 0
    num_invalid: int = 0
    num_tokens: int = 0
    encode_seconds: float = 0.0
    decode_seconds: float = 0.0
    mask_seconds: float = 0.0
    refusals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        self.num_valid += other.num_valid
        self.num_invalid += other.num_invalid
        self.num_tokens += other.num_tokens
        self.encode_seconds += other.encode_seconds
        self.decode_seconds += other.decode_seconds
        self.mask_seconds += other.mask_seconds
        self.refusals.update(other.refusals)
        self.faults.extend(other.faults)


def check_row(tokenizer: Tokenizer, row: dict[str, Any], outcome: Outcome) -> None:
    """Checks one row and updates the counts."""
    name = f"{row['repo']}/{row['path']}@{row['blob'][:8]}"
    start = time.perf_counter()
    try:
        tokens = tokenizer.encode(row["json"])
    except InvalidDocument as error:
        outcome.num_invalid += not row["valid"]
        outcome.refusals[error.keyword] += 1
        if row["valid"]:
            outcome.faults.append(f"{name}: refused though valid: {error}")
        return
    encoded = time.perf_counter()
    value = tokenizer.decode(tokens)
    decoded = time.perf_counter()
    machine = tokenizer.machine()
    admitted = True
    for token in tokens:
        admitted = admitted and bool(machine.mask()[token])
        machine.advance(token)
    outcome.num_valid += row["valid"]
    outcome.num_tokens += len(tokens)
    outcome.encode_seconds += encoded - start
    outcome.decode_seconds += decoded - encoded
    outcome.mask_seconds += time.perf_counter() - decoded
    if not row["valid"]:
        outcome.faults.append(f"{name}: accepted though invalid")
    if not (json_equal(value, row["json"]) and admitted and machine.is_complete):
        outcome.faults.append(f"{name}: decodes to another value, or violates the mask")


def check_rows(tokenizer_file: Path, rows: list[dict[str, Any]]) -> Outcome:
    """Checks rows in a worker process, which keeps its tokenizer."""
    if tokenizer_file not in tokenizers:
        tokenizers[tokenizer_file] = Tokenizer.load(tokenizer_file)
    outcome = Outcome()
    for row in rows:
        try:
            check_row(tokenizers[tokenizer_file], row, outcome)
        except Exception as error:
            outcome.faults.append(f"{row['repo']}/{row['path']}: {type(error).__name__}: {error}")
    return outcome


def train(data: Path, vocab_size: int) -> Tokenizer:
    """Trains a tokenizer on every tenth valid training row."""
    rows = [row for row in read_rows(data / "train.jsonl.zst") if row["valid"]][::TRAINING_STRIDE]
    # The rows say what the schema accepts.
    grammar = compile_schema(SCHEMA, rules=None)
    return Tokenizer.train(grammar, [row["json"] for row in rows], vocab_size, sources=[row["repo"] for row in rows])


def batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    rows = read_rows(path)
    while batch := [
        {key: row[key] for key in ("repo", "path", "blob", "valid", "json")} for row in islice(rows, ROWS_PER_TASK)
    ]:
        yield batch


def outcomes(pool: ProcessPoolExecutor, tokenizer_file: Path, path: Path) -> Iterator[Outcome]:
    """Yields the workers' outcomes batch by batch; only a few batches are queued at a time."""
    waiting: deque[Future[Outcome]] = deque()
    for batch in batches(path):
        waiting.append(pool.submit(check_rows, tokenizer_file, batch))
        if len(waiting) > MAX_WAITING:
            yield waiting.popleft().result()
    yield from (task.result() for task in waiting)


def report(split: str, outcome: Outcome) -> Table:
    documents = max(1, outcome.num_valid)
    table = Table("figure", split)
    table.add_row("valid rows that round-trip", str(outcome.num_valid))
    table.add_row("invalid rows that are refused", str(outcome.num_invalid))
    table.add_row("faults", str(len(outcome.faults)))
    table.add_row("tokens per document", f"{outcome.num_tokens / documents:.1f}")
    for name in ("encode", "decode", "mask"):
        seconds = max(1e-9, getattr(outcome, f"{name}_seconds"))
        table.add_row(f"{name}, documents/s in one process", f"{documents / seconds:.0f}")
    table.add_row("refused", f"{sum(outcome.refusals.values()) / (documents + outcome.num_invalid):.2%}")
    for keyword, count in outcome.refusals.most_common():
        table.add_row(f"refused by {keyword}", str(count))
    return table


def main(
    data: Annotated[Path, typer.Argument(help="The folder with train.jsonl.zst and val.jsonl.zst.")],
    vocab_size: int = 8192,
    workers: int = 2,
) -> None:
    """Checks every row of both splits."""
    console = Console()
    start = time.perf_counter()
    tokenizer = train(data, vocab_size)
    console.print(f"tokenizer of {tokenizer.vocab_size} tokens in {time.perf_counter() - start:.0f} s")
    num_faults = 0
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(workers) as pool:
        file = Path(folder) / "tokenizer.json"
        tokenizer.save(file)
        for split in ("train", "val"):
            outcome = Outcome()
            for found in track(outcomes(pool, file, data / f"{split}.jsonl.zst"), description=split, console=console):
                outcome.add(found)
            console.print(report(split, outcome))
            for fault in outcome.faults[:20]:
                console.print(fault, markup=False)
            num_faults += len(outcome.faults)
    console.print(f"{time.perf_counter() - start:.0f} s in all")
    sys.exit(1 if num_faults else 0)


if __name__ == "__main__":
    typer.run(main)
