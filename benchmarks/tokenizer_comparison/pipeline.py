"""From original YAML to a prepared data folder: all steps of `schemalm prepare`."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from schemalm.baselines import AnyTokenizer
from schemalm.dataset.prepare import CorpusInput, PrepareSettings, prepare_corpus
from schemalm.dataset.reading import read_documents
from schemalm.engines import open_engine
from tokenizer_comparison.contenders import cpu_seconds
from tokenizer_comparison.corpus import Document


def measure_pipeline(tokenizers: dict[str, AnyTokenizer], documents: Iterable[Document]) -> dict[str, Any]:
    """Returns documents per second of wall time and of CPU time of all processes, by tokenizer."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus.jsonl")
        rows = ({"yaml": document.yaml, "repo": document.repository} for document in documents)
        with corpus.open("w") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        return {
            name: _prepare(tokenizer, corpus, Path(folder, str(index)))
            for index, (name, tokenizer) in enumerate(tokenizers.items())
        }


def _prepare(tokenizer: AnyTokenizer, corpus: Path, out: Path) -> dict[str, Any]:
    started = cpu_seconds()
    read_documents([corpus])
    read = cpu_seconds() - started
    # With the longest stride, no document is too long for its position tokens.
    settings = PrepareSettings(context_size=512, stride=512, train_split=0.9)
    started, cpu = time.perf_counter(), cpu_seconds()
    with open_engine("local", workers=1) as engine:
        summary = prepare_corpus(CorpusInput([corpus], True), tokenizer, out, settings, engine)
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
    num_rejected = summary.left_out.num_rejected
    num_documents = num_rejected + sum(split.num_documents for split in summary.metadata.splits.values())
    return {
        "num_documents": num_documents,
        "num_rejected": num_rejected,
        "documents_per_second": num_documents / seconds,
        "documents_per_cpu_second": num_documents / cpu,
        "share_of_reading": read / cpu,
    }
