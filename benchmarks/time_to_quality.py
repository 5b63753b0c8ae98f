"""Measures how long training takes until a model is good: CPU seconds to a number of bits per byte, one thread.

    python benchmarks/time_to_quality.py ../shared/data/workflows --out ../ttq --against 54eb3a6 \\
        --nanochat ../nanochat --publish

Contenders are the commit of this checkout, once for each `--configuration` (`quality/configuration.py` says what it may
set); the commit `--against`; and, with `--nanochat`, a checkout of karpathy/nanochat with its own optimizer and with
byte BPE on compact JSON. All train on the same documents in windows of 512 tokens, and are scored on the newest valid
version of each validation file: bits per byte of compact JSON, each token once, with at least half a window before it.
A contender that cannot represent a document is an error that names the document.

Runs have planned lengths, which double until one ends at or below the mark (`quality/ladder.py`). Only finished runs
count, so each contender has its own schedule, fitted to the length that it needs. The runs of a round take turns of 20
seconds. Counted is the CPU time of training, from its start to the end of the last step, compilation included,
validation not. `--publish` writes `benchmarks/results/time-to-quality.json`, the plot and the section of
`docs/benchmarks.md`. A benchmark that was interrupted goes on with the same command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from page import replace_section
from quality.configuration import Configuration
from quality.documents import Documents, obtain_documents
from quality.measuring import Contender, Search
from quality.nanochat import NanochatContender, commit_of_checkout
from quality.report import Report
from quality.revision import RevisionContender, check_out, commit_of, is_changed
from schemalm.errors import SchemaLMError
from schemalm.files.writing import write_atomically
from turns import REPOSITORY

DEFAULT = Path(__file__).parent / "quality" / "default.toml"
RESULTS = REPOSITORY / "benchmarks" / "results" / "time-to-quality.json"
PAGE, PLOT = REPOSITORY / "docs" / "benchmarks.md", REPOSITORY / "docs" / "time-to-quality.svg"


def folder_of(out: Path, name: str, *identity: str) -> Path:
    """Return the folder of a contender: another one if anything that determines its runs is different."""
    return out / "contenders" / f"{name}-{hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]}"


def revision(name: str, commit: str, path: Path | None, documents: Documents, out: Path) -> RevisionContender:
    """Return a commit with the configuration in a file, or with its own defaults."""
    configuration = Configuration() if path is None else Configuration.read(path)
    identity = (commit, documents.digest, configuration.recipe(), json.dumps(vars(configuration)))
    checkout = check_out(commit, out / "checkouts")
    return RevisionContender(name, commit, checkout, configuration, documents, folder_of(out, name, *identity))


def revisions(
    configurations: list[Path], against: str | None, against_configuration: Path | None, documents: Documents, out: Path
) -> Iterator[RevisionContender]:
    """Yield this commit with each configuration, and the other commit."""
    here = commit_of("HEAD")
    for path in configurations:
        name = "this" if path == DEFAULT else path.stem
        yield revision(name, here, path, documents, out)
    if against is not None:
        yield revision(against, commit_of(against), against_configuration, documents, out)


def main(
    data: Annotated[Path, typer.Argument(help="The folder with train.jsonl.zst and val.jsonl.zst.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="The folder for runs; go on with the same one.")],
    configuration: Annotated[
        list[Path] | None,
        typer.Option(exists=True, dir_okay=False, help="Settings of a contender of this commit; repeatable."),
    ] = None,
    against: Annotated[str | None, typer.Option(metavar="REVISION", help="Another commit of this project.")] = None,
    against_configuration: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Settings of that commit.")
    ] = None,
    nanochat: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="A checkout of nanochat.")] = None,
    mark: Annotated[float, typer.Option(min=0.01, help="Bits per byte to reach.")] = 1.0,
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0,1,2",
    first_steps: Annotated[int, typer.Option(min=1, help="Steps of the first run.")] = 250,
    limit: Annotated[float, typer.Option(min=1, help="Most CPU seconds that a run is planned for.")] = 3600,
    train_documents: Annotated[int | None, typer.Option(min=2, help="Use so many training documents.")] = None,
    validation_documents: Annotated[int | None, typer.Option(min=1, help="Score so many documents.")] = None,
    publish: Annotated[bool, typer.Option(help="Write the results, the plot and the page.")] = False,
) -> None:
    """Measure CPU seconds to a mark."""
    if is_changed():
        raise typer.BadParameter("src has changes that are in no commit, and a commit is measured: commit them first")
    out = out.resolve()
    documents = obtain_documents(data, out / "documents", train_documents, validation_documents)
    files = configuration or [DEFAULT]
    contenders: list[Contender] = [*revisions(files, against, against_configuration, documents, out)]
    peer = None
    if nanochat is not None:
        commit = commit_of_checkout(nanochat)
        folder = folder_of(out, "nanochat", commit, documents.digest)
        peer = NanochatContender("nanochat", commit, nanochat.resolve(), documents, folder)
        contenders.append(peer)
    for contender in contenders:
        contender.prepare()
    search = Search(mark, first_steps, limit)
    chosen = [int(seed) for seed in seeds.split(",")]
    for seed in chosen:
        search.run(contenders, peer, seed)
    report = Report(search, documents, contenders, peer, chosen)
    Console().print(Markdown(report.markdown()))
    write(report, out / "results.json", out / "curve.svg")
    if publish:
        write(report, RESULTS, PLOT)
        section = f"{report.markdown()}\n\n![Bits per byte by CPU seconds]({PLOT.name})"
        write_atomically(PAGE, replace_section(PAGE.read_text(), "time-to-quality", section).encode())


def write(report: Report, results: Path, plot: Path) -> None:
    """Write the results and the plot."""
    write_atomically(results, json.dumps(report.to_dict(), indent=2).encode() + b"\n")
    if (svg := report.curve()) is not None:
        write_atomically(plot, svg.encode())


if __name__ == "__main__":
    try:
        typer.run(main)
    except (SchemaLMError, RuntimeError) as error:
        raise SystemExit(f"error: {error}") from None
