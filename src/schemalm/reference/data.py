"""Data for the reference implementation: a text or documents, as streams of tokens for training and validation.

BOS comes before, between and after documents, so a model learns where they begin and end; a text is one document. The
validation data are the last tenth of a text, or a tenth of the documents that is held out by source.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from schemalm.baselines import AnyTokenizer, TextTokenizer
from schemalm.dataset.prepare import validation_sources
from schemalm.dataset.reading import SourceDocument
from schemalm.documents import LeftOut, canonical_json
from schemalm.errors import DataError
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.weights import Tokens

VALIDATION_SHARE = 0.1
Batch = tuple[Tokens, Tokens]


@dataclass(frozen=True)
class Corpus:
    """Token streams, their tokenizer, and the size of the validation data as text or compact JSON, in bytes."""

    tokenizer: AnyTokenizer
    train: Tokens
    validation: Tokens
    validation_bytes: int


def text_corpus(text: str, tokenizer: TextTokenizer) -> Corpus:
    """Return the corpus of one text; raises `DataError` if it has characters that the tokenizer does not know."""
    cut = round(len(text) * (1 - VALIDATION_SHARE))
    train, validation = (stream([tokenizer.encode_text(part)], tokenizer) for part in (text[:cut], text[cut:]))
    return Corpus(tokenizer, train, validation, len(text[cut:].encode()))


def document_corpus(
    documents: Sequence[SourceDocument], tokenizer: AnyTokenizer, left_out: LeftOut | None = None
) -> Corpus:
    """Return the corpus of documents; raises `DataError` for fewer than two sources, and `InvalidDocument`."""
    held_out = validation_sources(documents, VALIDATION_SHARE, seed=0, left_out=left_out)
    splits = [[one.value for one in documents if (one.source in held_out) == is_held_out] for is_held_out in (0, 1)]
    train, validation = (stream(tokenizer.encode_batch(values), tokenizer) for values in splits)
    return Corpus(tokenizer, train, validation, sum(len(canonical_json(value)) for value in splits[1]))


def stream(documents: Iterable[Sequence[int]], tokenizer: AnyTokenizer) -> Tokens:
    """Concatenate documents, with BOS before, between and after them, and return the tokens [N]."""
    bos = tokenizer.bos_id
    return np.array([bos] + [token for ids in documents for token in (*ids, bos)], dtype=np.int64)


def draw_batch(corpus: Corpus, generator: np.random.Generator, configuration: ReferenceConfiguration) -> Batch:
    """Draw windows at random positions of the training stream; return tokens and next tokens, both [B, T]."""
    length, num_tokens = configuration.context_size + 1, len(corpus.train)
    if num_tokens < length:
        raise DataError(f"{num_tokens} training tokens are fewer than a window of {length}: use a smaller context_size")
    starts_B = generator.integers(num_tokens - length + 1, size=configuration.batch_size)
    windows_BT = corpus.train[starts_B[:, None] + np.arange(length)]
    return windows_BT[:, :-1], windows_BT[:, 1:]
