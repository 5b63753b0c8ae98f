"""From the YAML that people wrote to a prepared data folder, the whole way of `schemalm prepare`."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import read_documents
from schemalm.tokenizer import AnyTokenizer
from tokenizer_comparison.contenders import cpu_seconds
from tokenizer_comparison.corpus import Document


def measure_pipeline(tokenizers: dict[str, AnyTokenizer], documents: Iterable[Document]) -> dict[str, Any]:
    """Documents per second, by the clock and by CPU time of all processes, by tokenizer."""
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
    started, cpu = time.perf_counter(), cpu_seconds()
    documents, _ = read_documents([corpus])
    read = cpu_seconds() - cpu
    # With the longest stride no document is too long for its position tokens.
    summary = prepare(documents, tokenizer, out, context_size=512, stride=512, train_split=0.9)
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - cpu
    return {
        "num_documents": len(documents),
        "num_rejected": len(summary.rejections),
        "documents_per_second": len(documents) / seconds,
        "documents_per_cpu_second": len(documents) / cpu,
        "share_of_reading": read / cpu,
    }
