"""Measures how fast documents are written, against nanochat's engine and `transformers` with masks of llguidance.

    python benchmarks/generation.py DATA [--nanochat PATH] [--masked] [--against CHECKOUT] [--trained RUN] [--publish]

DATA is a folder of prepared documents. All contenders have models of the same shape and vocabulary, with drawn weights.
Every choice is made as always, then replaced by the next token of a real validation document, up to 512 tokens: masks,
echoes and lengths are those of real text. nanochat's engine samples instead, as many tokens as these documents have on
average, and ends no row early; here documents follow each other without end, so that no row is empty either.
`--masked` lets `transformers` write the same documents as JSON, over byte BPE; it needs the extra `compare`.
`--against` measures another checkout of this project in the same way.

Each contender has a process of its own, with one thread. They take turns: each round measures every mode once, every
second round in reverse order; figures are medians of CPU time. `--trained` adds what drafts bring to a trained model
that samples at the same temperature, and the price of number formats in bits per byte. `--publish` writes
`benchmarks/results/generation.json` and the table of `docs/benchmarks.md`.
"""

from __future__ import annotations

import dataclasses
import json
import statistics
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from rich.console import Console
from rich.markdown import Markdown

from generating.worker import Mode, Settings
from page import replace_section
from schemalm.dataset.store import read_metadata
from schemalm.files.writing import write_atomically
from training import machine
from turns import REPOSITORY, environment_of

RESULTS = REPOSITORY / "benchmarks" / "results" / "generation.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
BATCH_SIZES = (1, 16)
FORMATS = ("float32", "bfloat16", "int8")
# What this project aims at: times the tokens per second of nanochat, and the documents per second of transformers.
TARGETS = {("float32", 1): 1.6, ("int8", 1): 2.5, ("float32", 16): 1.5, ("int8", 16): 2.0}
TARGET_DOCUMENTS = 2.5
console = Console(stderr=True)
Measured = dict[tuple[str, Mode], list[dict[str, Any]]]


class Worker:
    """A contender in a process of its own, which answers modes."""

    def __init__(self, settings: Settings, checkout: Path = REPOSITORY) -> None:
        self._name = settings.contender
        self._process = subprocess.Popen(
            [sys.executable, "-m", "generating.worker", json.dumps(dataclasses.asdict(settings))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment_of(checkout),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def ask(self, mode: Mode) -> dict[str, Any]:
        """Returns the answer to a mode."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(dataclasses.asdict(mode)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended: see above")
        answer: dict[str, Any] = json.loads(line)
        console.print(
            f"{self._name} {mode.dtype} {mode.batch_size} {mode.question}: {line[:120].strip()}", markup=False
        )
        return answer


def modes_of(contender: str) -> list[Mode]:
    """Returns the modes whose speed is measured."""
    if contender == "transformers":
        return [Mode("float32", 16)]
    formats = FORMATS if contender == "ours" else ("float32",)
    return [Mode(dtype, batch_size) for batch_size in BATCH_SIZES for dtype in formats]


def measure(workers: dict[str, Worker], rounds: int) -> Measured:
    """Measures all contenders in turns, after a round that prepares them."""
    turns = [(name, mode) for name in workers for mode in modes_of(name)]
    found: Measured = {turn: [] for turn in turns}
    for name, mode in turns:
        if name in {"ours", "before"}:  # whose tables are filled on first use
            workers[name].ask(mode)
    for number in range(rounds):
        for name, mode in turns if number % 2 == 0 else turns[::-1]:
            found[name, mode].append(workers[name].ask(mode))
    return found


def rates(found: Measured, unit: str) -> dict[tuple[str, str, int], float]:
    """Returns the median of tokens or documents per CPU second, by contender, number format and batch size."""
    return {
        (name, mode.dtype, mode.batch_size): statistics.median(each[unit] / each["seconds"] for each in rounds)
        for (name, mode), rounds in found.items()
    }


def speed_table(found: Measured) -> list[str]:
    """Returns tokens per second, and what each is of nanochat's engine."""
    tokens = rates(found, "tokens")
    lines = ["| tokens/s | batch | numbers | | against nanochat | target |", "|" + " --- |" * 6]
    for (name, dtype, batch_size), rate in tokens.items():
        if name == "transformers":
            continue
        peer = tokens.get(("nanochat", "float32", batch_size))
        ratio = f"{rate / peer:.2f} times" if peer and name != "nanochat" else ""
        target = f"{TARGETS[dtype, batch_size]}" if name == "ours" and (dtype, batch_size) in TARGETS else ""
        lines.append(f"| {name} | {batch_size} | {dtype} | {rate:,.1f} | {ratio} | {target} |")
    return lines


def documents_table(found: Measured) -> list[str]:
    """Returns documents per second at batch 16, and what each is of transformers with llguidance."""
    documents = {key: rate for key, rate in rates(found, "documents").items() if key[2] == 16 and key[0] != "nanochat"}
    peer = documents.get(("transformers", "float32", 16))
    lines = ["| documents/s | numbers | | against transformers | target |", "|" + " --- |" * 5]
    for (name, dtype, _), rate in documents.items():
        ratio = f"{rate / peer:.2f} times" if peer and name != "transformers" else ""
        target = f"{TARGET_DOCUMENTS}" if name == "ours" and dtype == "float32" else ""
        lines.append(f"| {name} | {dtype} | {rate:.3f} | {ratio} | {target} |")
    return lines


def parts_table(worker: Worker) -> tuple[list[str], list[dict[str, Any]]]:
    """Returns the share of time of each part, and what drafts bring, by batch size."""
    found = []
    for batch_size in (*BATCH_SIZES, 64):
        for dtype in ("float32", "int8"):
            shares, drafts = (worker.ask(Mode(dtype, batch_size, question)) for question in ("parts", "drafts"))
            found.append({"batch_size": batch_size, "dtype": dtype, "shares": shares, "drafts": drafts})
    names = list(found[0]["shares"])
    lines = [f"| batch | numbers | {' | '.join(names)} | tokens per row and pass | drafted | accepted | forced |"]
    lines.append("|" + " --- |" * (len(names) + 6))
    for each in found:
        drafts = each["drafts"]
        cells = [f"{each['shares'][name]:.1%}" for name in names] + [f"{drafts['tokens_per_row_and_pass']:.2f}"]
        cells += [f"{drafts[name] / drafts['tokens']:.1%}" for name in ("drafted", "accepted", "forced")]
        lines.append(f"| {each['batch_size']} | {each['dtype']} | {' | '.join(cells)} |")
    return lines, found


def trained_lines(run: Path, data: Path) -> tuple[list[str], dict[str, Any]]:
    """Returns what drafts bring to a trained model's own samples, whether they change any, and the price of formats."""
    with Worker(Settings("ours", str(data), "", run=str(run))) as worker:
        drafts = {size: worker.ask(Mode("float32", size, "drafts")) for size in BATCH_SIZES}
        same = worker.ask(Mode("float32", 16, "exactness"))
        prices = {dtype: worker.ask(Mode(dtype, 1, "price"))["bits_per_byte"] for dtype in FORMATS}
    lines = [
        f"A trained model's samples, batch {size}: {figures['tokens_per_row_and_pass']:.2f} tokens per row and pass, "
        f"{figures['accepted'] / max(figures['drafted'], 1):.0%} of drafted tokens accepted."
        for size, figures in drafts.items()
    ]
    lines.append(f"The same documents one at a time without drafts: {same['same']} of {same['documents']}.")
    cells = ", ".join(f"{dtype} {bits:.5f} ({bits - prices['float32']:+.5f})" for dtype, bits in prices.items())
    lines.append(f"Bits per byte of unseen documents: {cells}.")
    return lines, {"drafts": drafts, "exactness": same, "bits_per_byte": prices}


def main(
    data: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Prepared documents.")],
    model: Annotated[str, typer.Option(help="One of tiny, small, medium, large.")] = "small",
    nanochat: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A checkout to compare with.")
    ] = None,
    masked: Annotated[bool, typer.Option("--masked", help="Compare with transformers and llguidance.")] = False,
    against: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Another checkout of this project.")
    ] = None,
    trained: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="A trained run.")] = None,
    trained_data: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="The prepared data of the trained run.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    publish: Annotated[bool, typer.Option(help="Write the results and the page.")] = False,
) -> None:
    """Measure all contenders."""
    settings = Settings("ours", str(data.resolve()), model, nanochat=str(nanochat.resolve()) if nanochat else "")
    others = {"before": against, "nanochat": nanochat, "transformers": masked or None}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(
                Worker(
                    dataclasses.replace(settings, contender=name),
                    against.resolve() if against and name == "before" else REPOSITORY,
                )
            )
            for name in ("ours", *(name for name, given in others.items() if given))
        }
        about = workers["transformers"].ask(Mode(question="about")) if masked else {}
        found = measure(workers, rounds)
        parts, shares = parts_table(workers["ours"])
    metadata = read_metadata(data)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    conditions = (
        f"Measured on {today}: {machine('cpu')}. A {model} model, vocabulary {metadata.vocab_size:,}, context "
        f"{metadata.context_size}; medians of {rounds} rounds."
    )
    lines = [conditions, "", *speed_table(found), "", *documents_table(found), "", *parts]
    content: dict[str, Any] = {"machine": machine("cpu"), "date": today, "model": model, "parts": shares}
    content["rounds"] = [
        {"contender": name, **dataclasses.asdict(mode), "rounds": each} for (name, mode), each in found.items()
    ]
    content["transformers"] = about
    if trained is not None and trained_data is not None:
        more, content["trained"] = trained_lines(trained.resolve(), trained_data.resolve())
        lines += ["", *more]
    Console().print(Markdown("\n".join(lines)))
    if publish:
        write_atomically(RESULTS, json.dumps(content, indent=2).encode() + b"\n")
        write_atomically(PAGE, replace_section(PAGE.read_text(), "generation", "\n".join(lines)).encode())


if __name__ == "__main__":
    typer.run(main)
