"""Encoding and decoding: CPU time of one thread on documents that no run before has seen.

Each run takes other documents than the runs before it, so that caches are warm from other documents and never from the
same ones; the first run is not counted. In a run every contender gets the same documents; ratios are taken within it.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import orjson

from schemalm.documents import dump_document
from schemalm.tokenizer import AnyTokenizer, TextTokenizer
from tokenizer_comparison.contenders import PEER
from tokenizer_comparison.corpus import Document

ENCODE_TEXT, ENCODE_VALUE = "encode from text", "encode from value"
DECODE, DECODE_FAST = "decode", "decode with orjson"
# What each ratio refers to: the peer's operation.
REFERENCES = {ENCODE_TEXT: ENCODE_TEXT, ENCODE_VALUE: ENCODE_TEXT, DECODE: DECODE, DECODE_FAST: DECODE}


def measure_speed(tokenizers: dict[str, AnyTokenizer], runs: Sequence[Sequence[Document]]) -> dict[str, Any]:
    """Medians over all runs but the first, by contender and operation."""
    rates: dict[tuple[str, str], list[float]] = {}
    ratios: dict[tuple[str, str], list[float]] = {}
    documents_per_megabyte = []
    for number, documents in enumerate(runs):
        megabytes = sum(document.num_bytes for document in documents) / 1e6
        found = _measure_run(tokenizers, documents)
        if not number:
            continue
        documents_per_megabyte.append(len(documents) / megabytes)
        for key, seconds in found.items():
            rates.setdefault(key, []).append(megabytes / seconds)
            ratios.setdefault(key, []).append(found[PEER, REFERENCES[key[1]]] / seconds)
    density = median(documents_per_megabyte)
    return {
        name: {
            operation: {
                "megabytes_per_second": median(rates[name, operation]),
                "documents_per_second": median(rates[name, operation]) * density,
                "against_peer": median(ratios[name, operation]),
                "against_peer_by_run": [round(ratio, 3) for ratio in ratios[name, operation]],
            }
            for other, operation in rates
            if other == name
        }
        for name in tokenizers
    }


def _measure_run(tokenizers: dict[str, AnyTokenizer], documents: Sequence[Document]) -> dict[tuple[str, str], float]:
    """CPU seconds for all documents, by contender and operation."""
    return {
        (name, operation): seconds
        for name, tokenizer in tokenizers.items()
        for operation, seconds in (_encode(tokenizer, documents) | _decode(tokenizer, documents)).items()
    }


def _encode(tokenizer: AnyTokenizer, documents: Sequence[Document]) -> dict[str, float]:
    """From a value; and from the text that a text tokenizer writes, for the typed one JSON that is parsed first."""
    values = [document.value for document in documents]
    texts = [document.json for document in documents]
    from_value = _seconds(tokenizer.encode, values)
    if not isinstance(tokenizer, TextTokenizer):
        # Parsing is added to what was measured: a second encoding would find the same documents in caches.
        from_text = from_value + _seconds(orjson.loads, texts)
    else:
        written = texts if tokenizer.text == "json" else [dump_document(value) for value in values]
        from_text = _seconds(tokenizer.encode_text, written)
    return {ENCODE_VALUE: from_value, ENCODE_TEXT: from_text}


def _decode(tokenizer: AnyTokenizer, documents: Sequence[Document]) -> dict[str, float]:
    """From ids to a value: JSON by plain `json.loads` and by orjson, all else as the tokenizer itself does."""
    batch = [tokenizer.encode(document.value) for document in documents]
    if not isinstance(tokenizer, TextTokenizer) or tokenizer.text != "json":
        return {DECODE: _seconds(tokenizer.decode, batch)}
    return {
        DECODE: _seconds(lambda ids: json.loads(tokenizer.decode_text(ids)), batch),
        DECODE_FAST: _seconds(lambda ids: orjson.loads(tokenizer.decode_text(ids)), batch),
    }


def _seconds(work: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """CPU seconds for all inputs."""
    gc.collect()
    started = time.process_time()
    for given in inputs:
        work(given)
    return time.process_time() - started
