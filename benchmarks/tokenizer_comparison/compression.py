"""Tokens per document: how short the same documents become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from schemalm.baselines import AnyTokenizer
from tokenizer_comparison.contenders import O200K
from tokenizer_comparison.corpus import SIZE_CLASSES, Document


def measure_compression(tokenizers: dict[str, AnyTokenizer], documents: Sequence[Document]) -> dict[str, Any]:
    """Returns figures by tokenizer; bytes are always those of compact JSON, even if a tokenizer writes other text."""
    lengths = {
        name: np.array([len(tokenizer.encode(document.value)) for document in documents])
        for name, tokenizer in tokenizers.items()
    }
    num_bytes = sum(document.num_bytes for document in documents)
    classes = np.array([document.size_class for document in documents])
    return {
        name: {
            "vocab_size": tokenizers[name].vocab_size,
            "mean": float(found.mean()),
            "median": float(np.median(found)),
            "mean_by_size": {size: _mean(found[classes == size]) for size in SIZE_CLASSES},
            "bytes_per_token": float(num_bytes / found.sum()),
            **_against(found, lengths.get(O200K)),
        }
        for name, found in lengths.items()
    }


def count_sizes(documents: Sequence[Document]) -> dict[str, int]:
    """Returns the number of documents in each size class."""
    found = [document.size_class for document in documents]
    return {size: found.count(size) for size in SIZE_CLASSES}


def _mean(lengths: np.ndarray) -> float | None:
    return float(lengths.mean()) if len(lengths) else None


def _against(lengths: np.ndarray, reference: np.ndarray | None) -> dict[str, float]:
    if reference is None:
        return {}
    return {
        "ratio_of_means": float(lengths.mean() / reference.mean()),
        "mean_of_ratios": float((lengths / reference).mean()),
    }
