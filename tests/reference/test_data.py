"""Streams of tokens: BOS around documents, no validation data in training, windows inside the stream."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from schemalm.baselines import CharacterTokenizer
from schemalm.dataset.reading import SourceDocument
from schemalm.errors import DataError
from schemalm.reference.data import Corpus, document_corpus, draw_batch, text_corpus
from schemalm.reference.weights import BATCHES, random_stream

from .conftest import TINY


def test_a_text_is_one_document_whose_last_tenth_is_held_out() -> None:
    text = "abcdefghij" * 3
    corpus = text_corpus(text, CharacterTokenizer(text))
    assert corpus.tokenizer.bos_id == 0
    assert corpus.tokenizer.decode_text(corpus.train[1:-1].tolist()) == text[:27]
    assert corpus.tokenizer.decode_text(corpus.validation[1:-1].tolist()) == "hij"
    assert corpus.train[0] == corpus.train[-1] == corpus.validation[0] == corpus.validation[-1] == 0
    assert corpus.validation_bytes == 3


def test_documents_are_held_out_by_source() -> None:
    documents = [SourceDocument({"n": number}, f"source {number // 2}", f"{number}") for number in range(20)]
    tokenizer = CharacterTokenizer.train(document.value for document in documents)
    corpus = document_corpus(documents, tokenizer)
    assert np.sum(corpus.train == 0) == 18 + 1
    assert np.sum(corpus.validation == 0) == 2 + 1
    assert corpus.validation_bytes == len(corpus.validation) - 3


def test_windows_lie_inside_the_stream_and_targets_follow_them(corpus: Corpus) -> None:
    generator = random_stream(0, BATCHES)
    configuration = replace(TINY, batch_size=50)
    tokens, targets = draw_batch(corpus, generator, configuration)
    assert tokens.shape == targets.shape == (50, TINY.context_size)
    np.testing.assert_array_equal(tokens[:, 1:], targets[:, :-1])
    text = corpus.train.tolist()
    windows = {tuple(text[start : start + 7]) for start in range(len(text) - 6)}
    assert {tuple(row) for row in np.concatenate([tokens, targets[:, -1:]], axis=1).tolist()} <= windows


def test_too_little_data_is_refused_with_its_length(corpus: Corpus) -> None:
    num_tokens = len(corpus.train)
    draw_batch(corpus, random_stream(0, BATCHES), replace(TINY, context_size=num_tokens - 1))
    with pytest.raises(DataError, match=f"{num_tokens} training tokens are fewer than a window of {num_tokens + 1}"):
        draw_batch(corpus, random_stream(0, BATCHES), replace(TINY, context_size=num_tokens))
