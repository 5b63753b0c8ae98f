"""The whole way in minutes on a CPU: a corpus, a grammar, a tokenizer, windows, a tiny model, workflows, a report.

In goes a corpus (or the embedded recipe book), out comes a folder with the prepared data, the run and its report. Every
part is the one that larger trainings use; only the sizes here are small.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemalm.dataset.prepare import Rejection, SourceDocument, prepare, read_documents, valid_documents
from schemalm.documents import canonical_json
from schemalm.errors import DataError
from schemalm.evaluation.evaluate import Evaluation, evaluate
from schemalm.evaluation.report import write_report
from schemalm.generation import load_run
from schemalm.grammar import Grammar, compile_schema
from schemalm.recipes import compose_workflows
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.progress import Progress

EMBEDDED_SCHEMA = "github-workflow"


@dataclass(frozen=True)
class DemoSizes:
    """How much the demo does: sized to stay under 5 minutes on 2 cores.

    num_documents, num_bytes: of the corpus, at most; bytes are those of compact JSON. num_scored: validation documents
    that the final figures are taken from.
    """

    num_documents: int = 2500
    num_bytes: int = 4_000_000
    vocab_size: int = 2048
    context_size: int = 256
    stride: int = 32
    train_split: float = 0.9
    num_steps: int = 320
    batch_size: int = 8
    learning_rate: float = 3e-3
    num_scored: int = 120
    num_samples: int = 32
    temperature: float = 0.8
    max_tokens: int = 400


@dataclass(frozen=True)
class DemoResult:
    """Where everything is, and how it went; `rejections` are the documents of the corpus that were left out."""

    folder: Path
    run: Path
    report: Path
    evaluation: Evaluation
    rejections: tuple[Rejection, ...]
    elapsed_seconds: float


def run_demo(
    out: Path,
    *,
    seed: int = 0,
    corpus: Path | None = None,
    schema: str = EMBEDDED_SCHEMA,
    sizes: DemoSizes = DemoSizes(),
    tell: Callable[[str], None] = lambda message: None,
    training_progress: Progress | None = None,
) -> DemoResult:
    """Prepares, trains, generates, judges and reports into the folder `out`, which must be empty or new.

    tell: is called with a line for each stage. Raises DataError where the corpus has too little to train on.
    """
    started = time.monotonic()
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty: choose another folder with --out, or delete it")
    if corpus is None and schema != EMBEDDED_SCHEMA:
        raise DataError(f"the embedded corpus has workflows only: give documents of {schema} with --corpus")
    tell(f"compiling the schema {schema}")
    grammar = compile_schema(schema)
    documents, rejections = _documents(grammar, corpus, sizes, seed, tell)
    tokenizer = _tokenizer(grammar, documents, sizes, seed, tell)
    tell(f"cutting windows of {sizes.context_size} tokens")
    summary = prepare(
        documents,
        tokenizer,
        out / "data",
        context_size=sizes.context_size,
        stride=sizes.stride,
        train_split=sizes.train_split,
        seed=seed,
    )
    configuration = TrainingConfiguration(
        num_steps=sizes.num_steps,
        batch_size=sizes.batch_size,
        learning_rate=sizes.learning_rate,
        evaluate_every=max(1, sizes.num_steps // 4),
        checkpoint_every=max(1, sizes.num_steps // 4),
        num_evaluation_documents=60,
        seed=seed,
    )
    num_tokens = sizes.num_steps * sizes.batch_size * sizes.context_size
    tell(f"training a tiny GPT for {sizes.num_steps} steps, at most {num_tokens:,} tokens")
    train(out / "data", out / "run", configuration, report=training_progress)
    evaluation = evaluate(
        load_run(out / "run"),
        num_samples=sizes.num_samples,
        temperature=sizes.temperature,
        max_tokens=sizes.max_tokens,
        seed=seed,
        num_documents=min(sizes.num_scored, summary.metadata.splits["val"].num_documents),
        progress=tell,
    )
    report = write_report(evaluation, out / "run")
    left_out = (*rejections, *summary.rejections)
    return DemoResult(out, out / "run", report, evaluation, left_out, time.monotonic() - started)


def _documents(
    grammar: Grammar,
    corpus: Path | None,
    sizes: DemoSizes,
    seed: int,
    tell: Callable[[str], None],
) -> tuple[list[SourceDocument], list[Rejection]]:
    if corpus is None:
        tell(f"composing {sizes.num_documents} workflows")
        recipes = compose_workflows(sizes.num_documents, seed)
        return [SourceDocument(recipe.value, recipe.repository, recipe.path) for recipe in recipes], []
    tell(f"reading {corpus}")
    read, unreadable = read_documents([corpus], max_documents=sizes.num_documents)
    documents, invalid = valid_documents(read, grammar)
    tell(f"{len(documents)} documents are valid, {len(unreadable) + len(invalid)} were left out")
    documents = _sample(documents, sizes.num_bytes)
    if not documents:
        raise DataError(f"no document of {corpus} is valid under the schema")
    return documents, [*unreadable, *invalid]


def _sample(documents: list[SourceDocument], num_bytes: int) -> list[SourceDocument]:
    """An evenly spaced selection with about `num_bytes` bytes of compact JSON, or all where they have fewer."""
    share = num_bytes / max(1, sum(len(canonical_json(document.value)) for document in documents))
    if share >= 1:
        return documents
    num_chosen = max(2, round(len(documents) * share))
    return [documents[index * len(documents) // num_chosen] for index in range(num_chosen)]


def _tokenizer(
    grammar: Grammar, documents: Sequence[SourceDocument], sizes: DemoSizes, seed: int, tell: Callable[[str], None]
) -> Tokenizer:
    tell(f"training a tokenizer on {len(documents)} documents")
    values = [document.value for document in documents]
    sources = [document.source for document in documents]
    return Tokenizer.train(grammar, values, sizes.vocab_size, seed, sources=sources)
