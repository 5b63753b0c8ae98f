"""The array engine's gradients equal finite differences in every entry; the bigram converges to its closed form."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from schemalm.reference.array.gpt import count_table
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.data import Corpus, draw_batch
from schemalm.reference.engines import make_engine
from schemalm.reference.training import stream_loss, train
from schemalm.reference.weights import BATCHES, initial_weights, random_stream

from ..conftest import TINY

WIDTH = 1e-6
SWITCHES = [replace(TINY, tie_head=tied, input_norm=normed) for tied, normed in product((False, True), repeat=2)]


@pytest.mark.slow
@pytest.mark.parametrize("configuration", [*SWITCHES, replace(TINY, model="bigram"), replace(TINY, n_layer=2)])
def test_every_gradient_agrees_with_finite_differences(configuration: ReferenceConfiguration, corpus: Corpus) -> None:
    generator, vocab_size = random_stream(0, BATCHES), corpus.tokenizer.vocab_size
    batch = draw_batch(corpus, generator, configuration)
    weights = initial_weights(configuration, vocab_size)
    engine = make_engine(configuration, vocab_size, weights)
    engine.loss(*batch)
    gradients = engine.gradients()
    assert gradients.keys() == weights.keys()
    for name, gradient in gradients.items():
        for index in generator.choice(gradient.size, size=min(20, gradient.size), replace=False):
            place = np.unravel_index(index, gradient.shape)
            ends = []
            for step in (WIDTH, -WIDTH):
                moved = weights[name].copy()
                moved[place] += step
                ends.append(make_engine(configuration, vocab_size, {**weights, name: moved}).loss(*batch))
            assert gradient[place] == pytest.approx((ends[0] - ends[1]) / (2 * WIDTH), abs=1e-8), (name, place)


def entropy(corpus: Corpus) -> float:
    """Return the conditional entropy of the next token in the training stream, from counts, in nats."""
    pairs, counts = np.unique(np.stack([corpus.train[:-1], corpus.train[1:]]), axis=1, return_counts=True)
    totals = np.bincount(pairs[0], weights=counts)
    return float(-np.sum(counts * np.log(counts / totals[pairs[0]])) / counts.sum())


def test_the_trained_bigram_converges_to_the_entropy_of_the_count_table(corpus: Corpus) -> None:
    whole = len(corpus.train) - 1
    configuration = replace(
        TINY, model="bigram", steps=500, batch_size=1, context_size=whole, learning_rate=0.1, weight_decay=0.0
    )
    trained = train(configuration, corpus)
    assert trained.losses[0] > 2 * entropy(corpus)
    assert stream_loss(trained.engine, corpus.train, whole, 1) == pytest.approx(entropy(corpus), rel=0.01)


def test_the_count_table_has_that_entropy_as_smoothing_vanishes(corpus: Corpus) -> None:
    configuration, vocab_size = replace(TINY, model="bigram"), corpus.tokenizer.vocab_size
    losses = []
    for smoothing in (1.0, 0.1, 1e-9):
        engine = make_engine(configuration, vocab_size, count_table(corpus.train, vocab_size, smoothing))
        losses.append(stream_loss(engine, corpus.train, 6, 1000))
    assert losses[0] > losses[1] > losses[2] == pytest.approx(entropy(corpus), abs=1e-6)


def test_the_count_table_is_laplace_s_rule() -> None:
    table = np.exp(count_table(np.array([0, 1, 0, 1, 1]), 3)["logits.weight"])
    np.testing.assert_allclose(table, [[1 / 5, 3 / 5, 1 / 5], [2 / 5, 2 / 5, 1 / 5], [1 / 3, 1 / 3, 1 / 3]])
