"""Checks that training can overfit: a tiny model memorizes workflows and reproduces their second halves.

    python benchmarks/overfit.py ../shared/data/workflows/sample-100 [--steps 500] [--publish]

All documents whose tokens fit one window are used for training, and the first also for validation, because a run
requires some. Then each document is cut after half of its scalars, in the order of its derivation, and the model
continues with its most likely tokens. `--publish` writes `benchmarks/results/overfit.json`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import schemalm
from limits import processor
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument, valid_documents
from schemalm.documents import LeftOut, canonical_json, read_corpus
from schemalm.files.writing import write_atomically
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import read_metrics
from schemalm.training.progress import LogProgress

RESULTS = Path(__file__).parent / "results" / "overfit.json"
VOCAB_SIZE, CONTEXT_SIZE, BATCH_SIZE = 2048, 512, 8
NOTHING = object()
console = Console(stderr=True)


def count_scalars(value: Any) -> int:
    """Returns the number of scalars and empty containers in a value."""
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(count_scalars, members)) or 1


def beginning(value: Any, num_left: Iterator[int]) -> Any:
    """Returns the value up to the scalar at which `num_left` runs out, or `NOTHING` if none of it is left."""
    if not isinstance(value, dict | list) or not value:
        return NOTHING if next(num_left, None) is None else value
    names = value if isinstance(value, dict) else range(len(value))
    kept: dict[Any, Any] = {}
    for name in names:
        part = beginning(value[name], num_left)
        if part is NOTHING:
            break
        kept[name] = part
    if not kept:
        return NOTHING
    return kept if isinstance(value, dict) else list(kept.values())


def first_half(value: Any) -> Any:
    """Returns a document cut after half of its scalars."""
    return beginning(value, iter(range(-(-count_scalars(value) // 2))))


def main(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Workflows, one per file.")],
    steps: Annotated[int, typer.Option(min=1)] = 500,
    publish: Annotated[bool, typer.Option(help="Write the result.")] = False,
) -> None:
    """Memorize the documents, then reproduce them."""
    grammar = schemalm.compile_schema("github-workflow")
    rows = [row for row in read_corpus([folder]) if row.error is None]
    documents = list(
        valid_documents((SourceDocument(row.value, row.path, row.path) for row in rows), grammar, LeftOut())
    )
    tokenizer = schemalm.Tokenizer.train(grammar, [document.value for document in documents], VOCAB_SIZE)
    fitting = [document for document in documents if len(tokenizer.encode(document.value)) <= CONTEXT_SIZE]
    also_held_out = SourceDocument(fitting[0].value, "held out", "held out")
    with tempfile.TemporaryDirectory() as scratch:
        data, out = Path(scratch) / "data", Path(scratch) / "run"
        summary = prepare(
            [*fitting, also_held_out],
            tokenizer,
            data,
            context_size=CONTEXT_SIZE,
            stride=CONTEXT_SIZE,
            held_out={"held out"},
        )
        assert not summary.rejections
        configuration = TrainingConfiguration(
            num_steps=steps,
            batch_size=BATCH_SIZE,
            weight_decay=0.0,
            evaluate_every=steps,
            checkpoint_every=steps,
            log_every=-(-len(fitting) // BATCH_SIZE),
            dtype="bfloat16",
        )
        done = train(data, out, configuration, report=LogProgress(console))
        losses = [line["loss"] for line in read_metrics(out) if line["kind"] == "train"]
        run = schemalm.load_run(out)
        recited = [recites(run, tokenizer.decode(tokenizer.encode(document.value))) for document in fitting]
    result = {
        "documents": len(fitting),
        "steps": steps,
        "training_loss": losses[-1],
        "recited": sum(recited),
        "seconds": round(done.elapsed_seconds),
        "machine": processor(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    print(json.dumps(result, indent=2))
    if publish:
        write_atomically(RESULTS, json.dumps(result, indent=2).encode() + b"\n")


def recites(run: Any, value: Any) -> bool:
    """Whether the model reproduces the whole document from its first half."""
    written = schemalm.generate(run, prompt=first_half(value), temperature=0.0, max_tokens=CONTEXT_SIZE)[0]
    return canonical_json(written.value) == canonical_json(value)


if __name__ == "__main__":
    typer.run(main)
