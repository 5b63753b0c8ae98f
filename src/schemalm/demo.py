"""The whole way in minutes on a CPU: a corpus, a grammar, a tokenizer, windows, a tiny model, documents, a report.

In goes a corpus of any schema (or the embedded workflows); out comes a folder with the prepared data, the run and its
report. Every part is the one that larger trainings use. Only the sizes are small, and smaller still for a small
corpus: the vocabulary, the windows and the number of steps depend on the amount of data.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from schemalm.compilation import compile_schema
from schemalm.dataset.embedded import EMBEDDED_RULES, embedded_workflows
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument, read_documents, valid_documents
from schemalm.dataset.store import Metadata
from schemalm.documents import LeftOut, Rejection, canonical_json
from schemalm.documents.left_out import left_out_error
from schemalm.errors import DataError
from schemalm.evaluation.evaluate import Evaluation, evaluate
from schemalm.evaluation.report import write_report
from schemalm.generation import load_run
from schemalm.grammar import Grammar
from schemalm.interruption import Interrupted, TrainingInterrupted
from schemalm.judging.selection import announcement, judge_for
from schemalm.machine.vocabulary import FIRST_SYMBOL_ID
from schemalm.rules import AnyRules
from schemalm.rules.built_in import DEFAULT_RULES
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.progress import Progress
from schemalm.training.suitable_settings import with_suitable_settings

EMBEDDED_SCHEMA = "github-workflow"
# The least number of learned tokens, even if the symbols of the schema alone fill the vocabulary.
MIN_LEARNED_TOKENS = 512
# With more learned tokens per byte, most tokens would occur only once in the corpus.
BYTES_PER_LEARNED_TOKEN = 16


@dataclass(frozen=True)
class DemoSizes:
    """The maximum sizes of the demo, chosen to stay under 5 minutes on 2 cores.

    num_documents, num_bytes: of the corpus, in bytes of compact JSON. vocab_size: grows if the symbols of the schema
    need most of it. num_epochs: passes over the tokens; with more, a model of a small corpus only memorizes it.
    min_steps: with fewer, a model does not even learn to spell.
    """

    num_documents: int = 2500
    num_bytes: int = 4_000_000
    vocab_size: int = 2048
    context_size: int = 256
    stride: int = 32
    train_split: float = 0.9
    num_steps: int = 260
    num_epochs: int = 12
    min_steps: int = 40
    warmup_steps: int = 15
    batch_size: int = 8
    learning_rate: float = 3e-3
    num_samples: int = 32
    temperature: float = 0.8
    max_tokens: int = 400


@dataclass(frozen=True)
class DemoResult:
    """The paths of the results, the figures, and the documents of the corpus that were left out."""

    folder: Path
    run: Path
    report: Path
    evaluation: Evaluation
    left_out: LeftOut
    elapsed_seconds: float

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """The documents of the corpus that were rejected."""
        return tuple(self.left_out.rejections)


def run_demo(
    out: Path,
    *,
    seed: int = 0,
    corpus: Path | None = None,
    schema: str = EMBEDDED_SCHEMA,
    rules: AnyRules | None = DEFAULT_RULES,
    merge_keys: bool | None = None,
    sizes: DemoSizes = DemoSizes(),
    log: Callable[[str], None] = lambda message: None,
    training_progress: Progress | None = None,
) -> DemoResult:
    """Prepare, train, generate, judge and report into the folder `out`, which must be empty or new.

    seed: decides which sources are trained on and which are held out, the initial weights, the order of training and
    the samples. rules: as in `compile_schema`, but `EMBEDDED_RULES` by default for the embedded workflows. merge_keys:
    whether `<<` in documents is resolved or refused; None lets the schema decide.
    log: called with one line for each stage. Raises `DataError` if the corpus is too small to train on, and
    `TrainingInterrupted` if a signal arrives during the training or later.
    """
    started = time.monotonic()
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty: choose another folder with --out, or delete it")
    if corpus is None and schema != EMBEDDED_SCHEMA:
        raise DataError(f"the embedded corpus has workflows only: give documents of {schema} with --corpus")
    if corpus is None and rules == DEFAULT_RULES:
        rules = EMBEDDED_RULES
    log(f"compiling the schema {schema}")
    grammar = compile_schema(schema, rules=rules)
    log(announcement(judge_for(grammar)))
    documents, left_out = _documents(grammar, corpus, merge_keys, sizes, log)
    tokenizer = _tokenizer(grammar, documents, sizes, seed, log)
    context_size = _context_size(tokenizer, documents, sizes)
    log(f"cutting windows of {context_size} tokens")
    summary = prepare(
        documents,
        tokenizer,
        out / "data",
        context_size=context_size,
        stride=sizes.stride,
        train_split=sizes.train_split,
        seed=seed,
        left_out=left_out,
    )
    configuration = _training_configuration(summary.metadata, sizes, seed)
    num_tokens = configuration.num_steps * sizes.batch_size * context_size
    log(f"training a tiny GPT for {configuration.num_steps} steps, at most {num_tokens:,} tokens")
    trained = train(out / "data", out / "run", configuration, report=training_progress)
    try:
        loaded = load_run(out / "run")
        evaluation = evaluate(
            loaded,
            num_samples=sizes.num_samples,
            temperature=sizes.temperature,
            max_tokens=sizes.max_tokens,
            seed=seed,
            keep=out / "run",
            log=log,
        )
        report = write_report(evaluation, out / "run", loaded.tokenizer, out / "run")
    except Interrupted as signal:  # the training is already saved
        how = "interrupted, and nothing of the training is lost"
        raise TrainingInterrupted(signal.number, out / "run", how, trained.num_steps, "auto") from None
    return DemoResult(out, out / "run", report, evaluation, left_out, time.monotonic() - started)


def _documents(
    grammar: Grammar,
    corpus: Path | None,
    merge_keys: bool | None,
    sizes: DemoSizes,
    log: Callable[[str], None],
) -> tuple[list[SourceDocument], LeftOut]:
    if corpus is None:
        workflows = embedded_workflows(sizes.num_documents)
        log(f"taking {len(workflows):,} embedded workflows")
        return workflows, LeftOut()
    log(f"reading {corpus}")
    read, left_out = read_documents([corpus], grammar.schema, max_documents=sizes.num_documents, merge_keys=merge_keys)
    valid = list(valid_documents(read, grammar, left_out))
    log(f"different documents that are valid: {len(valid):,}; left out: {left_out.num_rejected:,}")
    documents = _of_several_sources(_sample(valid, sizes.num_bytes))
    if len(documents) < 2:
        found = "only one document" if documents else "no document"
        problem = f"{found} of {corpus} is valid; the demo needs two, one to train on and one to hold out"
        raise left_out_error(problem, left_out)
    return documents, left_out


def _sample(documents: list[SourceDocument], num_bytes: int) -> list[SourceDocument]:
    """Select documents at even distances, about `num_bytes` bytes of compact JSON; all if there are fewer bytes."""
    share = num_bytes / max(1, _count_bytes(documents))
    if share >= 1:
        return documents
    num_chosen = max(2, round(len(documents) * share))
    return [documents[index * len(documents) // num_chosen] for index in range(num_chosen)]


def _of_several_sources(documents: list[SourceDocument]) -> list[SourceDocument]:
    """Return the documents; if all have one source, each becomes its own source, so that some can be held out."""
    if len({document.source for document in documents}) > 1:
        return documents
    return [replace(document, source=document.name) for document in documents]


def _count_bytes(documents: Sequence[SourceDocument]) -> int:
    return sum(len(canonical_json(document.value)) for document in documents)


def _tokenizer(
    grammar: Grammar, documents: Sequence[SourceDocument], sizes: DemoSizes, seed: int, log: Callable[[str], None]
) -> Tokenizer:
    num_fixed = FIRST_SYMBOL_ID + len(grammar.symbols)
    room = max(sizes.vocab_size - num_fixed, MIN_LEARNED_TOKENS)
    num_learned = min(room, _count_bytes(documents) // BYTES_PER_LEARNED_TOKEN)
    log(
        f"training a tokenizer on {len(documents):,} documents: {num_fixed:,} tokens for what the schema names, "
        f"at most {num_learned:,} learned ones"
    )
    values = [document.value for document in documents]
    sources = [document.source for document in documents]
    return Tokenizer.train(grammar, values, num_fixed + num_learned, seed, sources=sources)


def _context_size(tokenizer: Tokenizer, documents: Sequence[SourceDocument], sizes: DemoSizes) -> int:
    """Return the length of the longest document, rounded up to whole strides and limited to `sizes.context_size`.

    A larger context would only add padding, which wastes time. It is two strides at least, because generation begins
    its next window at a stride that leaves half of the context.
    """
    longest = max(len(tokenizer.encode(document.value)) for document in documents)
    return min(sizes.context_size, max(2, math.ceil(longest / sizes.stride)) * sizes.stride)


def _training_configuration(metadata: Metadata, sizes: DemoSizes, seed: int) -> TrainingConfiguration:
    train_split = metadata.splits["train"]
    # About as many windows as would contain every token once; the windows in training overlap.
    num_windows = train_split.num_documents + train_split.num_tokens / metadata.context_size
    num_steps = max(sizes.min_steps, math.ceil(sizes.num_epochs * num_windows / sizes.batch_size))
    num_steps = min(sizes.num_steps, num_steps)
    return TrainingConfiguration(
        **with_suitable_settings({"num_steps": num_steps}),
        batch_size=sizes.batch_size,
        # Steps are counted in windows: with packed rows, a small corpus would be memorized before min_steps are over.
        packing="windows",
        learning_rate=sizes.learning_rate,
        warmup_steps=min(sizes.warmup_steps, num_steps // 5),
        # The better one for a small corpus that is read many times.
        schedule="cosine",
        min_learning_rate_fraction=0.1,
        evaluate_every=max(1, num_steps // 4),
        checkpoint_every=max(1, num_steps // 4),
        num_evaluation_documents=60,
        seed=seed,
    )
