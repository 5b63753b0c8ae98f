"""The tokenizers that are compared: each is trained in a process of its own, to measure the cost of training."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from schemalm.baselines import AnyTokenizer, ByteBPETokenizer, load_o200k_base, load_tokenizer
from schemalm.compilation import compile_schema
from schemalm.errors import DataError
from schemalm.tokenizer import Tokenizer
from tokenizer_comparison.corpus import read_valid

SCHEMA = "github-workflow"
# The default tokenizer, the reference for ratios of compression, and the reference for ratios of speed.
DEFAULT, O200K, PEER = "typed", "o200k_base", "byte BPE, JSON"


def train_typed(values: list[Any], sources: list[str], vocab_size: int, merge_scope: Any) -> Tokenizer:
    # Without rules, which some of the documents break.
    grammar = compile_schema(SCHEMA, rules=None)
    return Tokenizer.train(grammar, values, vocab_size, sources=sources, merge_scope=merge_scope)


def train_bytes(values: list[Any], sources: list[str], vocab_size: int, text: Any) -> ByteBPETokenizer:
    return ByteBPETokenizer.train(values, vocab_size, text=text)


TRAINERS: dict[str, tuple[Callable[[list[Any], list[str], int, str], AnyTokenizer], str]] = {
    DEFAULT: (train_typed, "word"),
    PEER: (train_bytes, "json"),
    "byte BPE, YAML": (train_bytes, "yaml"),
}


@dataclass(frozen=True)
class TrainingCost:
    """The cost of learning a vocabulary, not counting the time to read the documents.

    corpus_mebibytes: memory of the documents, read before. cpu_seconds and peak_mebibytes include worker processes; for
    memory, only the largest worker counts.
    """

    num_documents: int
    seconds: float
    cpu_seconds: float
    corpus_mebibytes: float
    peak_mebibytes: float


def train_in_process(name: str, corpus: Path, num_documents: int | None, vocab_size: int, out: Path) -> TrainingCost:
    """Trains a contender, writes it to a file, and returns the cost; call it in a fresh process."""
    values: list[Any] = []
    sources: list[str] = []
    for document in read_valid(corpus, num_documents):
        values.append(document.value)
        sources.append(document.repository)
    trainer, setting = TRAINERS[name]
    before, cpu, started = peak_mebibytes(), cpu_seconds(), time.perf_counter()
    tokenizer = trainer(values, sources, vocab_size, setting)
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
    tokenizer.save(out)
    return TrainingCost(len(values), seconds, cpu, before, peak_mebibytes())


def train_all(
    corpus: Path, num_documents: int | None, vocab_size: int, folder: Path
) -> tuple[dict[str, AnyTokenizer], dict[str, Any]]:
    """Returns the trained contenders, and the cost of training each."""
    tokenizers: dict[str, AnyTokenizer] = {}
    costs: dict[str, Any] = {}
    for index, name in enumerate(TRAINERS):
        out = folder / f"{index}.json"
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            cost = process.submit(train_in_process, name, corpus, num_documents, vocab_size, out).result()
        tokenizers[name], costs[name] = load_tokenizer(out), asdict(cost)
    return tokenizers, costs


def find_o200k(ranks: Path | None) -> tuple[dict[str, AnyTokenizer], str | None]:
    """Returns the published vocabulary, or the reason why it is missing."""
    try:
        return {O200K: load_o200k_base(ranks)}, None
    except DataError as error:
        return {}, str(error)


def cpu_seconds() -> float:
    """Returns the CPU time of this process and of its ended child processes."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def peak_mebibytes() -> float:
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # Kilobytes on Linux, bytes on macOS.
    return sum(peaks) / (1 << 20 if sys.platform == "darwin" else 1 << 10)
