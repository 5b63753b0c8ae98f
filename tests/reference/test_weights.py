"""One seed gives every engine the same numbers, and each use of random numbers has its own stream."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from schemalm.model.gpt import GPT
from schemalm.reference.weights import BATCHES, INITIALIZATION, SAMPLING, initial_weights, random_stream, shapes

from .conftest import TINY


def test_streams_of_one_seed_differ_and_repeat() -> None:
    streams = {
        constant: random_stream(3, constant).random(4).tolist() for constant in (INITIALIZATION, BATCHES, SAMPLING)
    }
    assert len({tuple(numbers) for numbers in streams.values()}) == 3
    assert random_stream(3, BATCHES).random(4).tolist() == streams[BATCHES]
    assert random_stream(4, BATCHES).random(4).tolist() != streams[BATCHES]


@pytest.mark.parametrize(("tied", "num_layers"), [*product((False, True), (1, 3))])
def test_names_and_shapes_are_those_of_schemalms_model(tied: bool, num_layers: int) -> None:
    configuration = replace(TINY, tie_head=tied, n_layer=num_layers)
    model = GPT(configuration.model_configuration(vocab_size=11))
    assert shapes(configuration, 11) == {name: tuple(weight.shape) for name, weight in model.state_dict().items()}


def test_initial_weights_have_the_configured_standard_deviation_and_repeat() -> None:
    configuration = replace(TINY, model="bigram", init_std=0.2, seed=5)
    weights = initial_weights(configuration, 100)["logits.weight"]
    assert weights.std() == pytest.approx(0.2, rel=0.05)
    np.testing.assert_array_equal(weights, initial_weights(replace(configuration, steps=9), 100)["logits.weight"])
