"""Encoding and decoding: CPU time of one thread for a whole split, each document once, from a fresh start.

Every run begins with tokenizers that have seen no document, and reads the documents in the order of the file. So a
tokenizer's caches contain only earlier documents of the same pass. Passes are timed in ten parts, which shows the cost
of the start. Ratios are computed within a run.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import orjson

from schemalm.baselines import AnyTokenizer, TextTokenizer
from schemalm.documents import dump_document
from schemalm.tokenizer import Tokenizer
from tokenizer_comparison.contenders import PEER
from tokenizer_comparison.corpus import Document

ENCODE_TEXT, ENCODE_VALUE = "encode from text", "encode from value"
DECODE, DECODE_FAST = "decode", "decode with orjson"
# The operation of the reference tokenizer for each ratio.
REFERENCES = {ENCODE_TEXT: ENCODE_TEXT, ENCODE_VALUE: ENCODE_TEXT, DECODE: DECODE, DECODE_FAST: DECODE}
NUM_PARTS = 10
# CPU seconds of each part of a pass.
Parts = list[float]


def measure_speed(tokenizers: dict[str, AnyTokenizer], documents: Sequence[Document], num_runs: int) -> dict[str, Any]:
    """Returns medians over the runs, by contender and operation."""
    runs = [_measure_run(tokenizers, documents) for _ in range(num_runs)]
    megabytes = sum(document.num_bytes for document in documents) / 1e6
    found: dict[str, Any] = {name: {} for name in tokenizers}
    for name, operation in runs[0]:
        own = [run[name, operation] for run in runs]
        peer = [run[PEER, REFERENCES[operation]] for run in runs]
        seconds = median(map(sum, own))
        ratios = [sum(theirs) / sum(ours) for ours, theirs in zip(own, peer, strict=True)]
        by_part = [
            [theirs / ours for ours, theirs in zip(*parts, strict=True)] for parts in zip(own, peer, strict=True)
        ]
        found[name][operation] = {
            "megabytes_per_second": megabytes / seconds,
            "documents_per_second": len(documents) / seconds,
            "against_peer": median(ratios),
            "against_peer_by_run": [round(ratio, 3) for ratio in ratios],
            "against_peer_by_part": [round(median(part), 3) for part in zip(*by_part, strict=True)],
        }
    return found


def _measure_run(tokenizers: dict[str, AnyTokenizer], documents: Sequence[Document]) -> dict[tuple[str, str], Parts]:
    """Returns CPU seconds for all documents, by contender and operation."""
    return {
        (name, operation): seconds
        for name, tokenizer in tokenizers.items()
        for operation, seconds in (_encode(_fresh(tokenizer), documents) | _decode(tokenizer, documents)).items()
    }


def _fresh(tokenizer: AnyTokenizer) -> AnyTokenizer:
    """Returns the same tokenizer with empty caches; text tokenizers have none."""
    return Tokenizer.from_json(tokenizer.to_json()) if isinstance(tokenizer, Tokenizer) else tokenizer


def _encode(tokenizer: AnyTokenizer, documents: Sequence[Document]) -> dict[str, Parts]:
    """Measures encoding from a value, and from text; the typed tokenizer parses JSON text first."""
    values = [document.value for document in documents]
    texts = [document.json for document in documents]
    from_value = _seconds(tokenizer.encode, values)
    if not isinstance(tokenizer, TextTokenizer):
        # Parsing is measured separately and added, because a second encoding would find the documents in caches.
        from_text = [sum(both) for both in zip(from_value, _seconds(orjson.loads, texts), strict=True)]
    else:
        written = texts if tokenizer.text == "json" else [dump_document(value) for value in values]
        from_text = _seconds(tokenizer.encode_text, written)
    return {ENCODE_VALUE: from_value, ENCODE_TEXT: from_text}


def _decode(tokenizer: AnyTokenizer, documents: Sequence[Document]) -> dict[str, Parts]:
    """Measures decoding to a value: JSON by `json.loads` and by orjson, otherwise by the tokenizer itself."""
    batch = [tokenizer.encode(document.value) for document in documents]
    fresh = _fresh(tokenizer)
    if not isinstance(fresh, TextTokenizer) or fresh.text != "json":
        return {DECODE: _seconds(fresh.decode, batch)}
    return {
        DECODE: _seconds(lambda ids: json.loads(fresh.decode_text(ids)), batch),
        DECODE_FAST: _seconds(lambda ids: orjson.loads(fresh.decode_text(ids)), batch),
    }


def _seconds(work: Callable[[Any], object], inputs: Sequence[Any]) -> Parts:
    """Returns CPU seconds for all inputs, part by part."""
    bounds = [len(inputs) * part // NUM_PARTS for part in range(NUM_PARTS + 1)]
    gc.collect()
    found = []
    for begin, end in pairwise(bounds):
        part = inputs[begin:end]
        started = time.process_time()
        for given in part:
            work(given)
        found.append(time.process_time() - started)
    return found
