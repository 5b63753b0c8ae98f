"""What all engines share: weights as float64 arrays by name, drawn once, and the streams of random numbers.

One seed drives everything. Each use of random numbers has a stream of its own, derived from the seed with a constant,
so drawing more of one leaves the others as they are, and every engine sees the same numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schemalm.reference.configuration import ReferenceConfiguration

Array = NDArray[np.float64]
Tokens = NDArray[np.int64]
Weights = dict[str, Array]
INITIALIZATION, BATCHES, SAMPLING = 1, 2, 3  # the constants of the streams


def random_stream(seed: int, constant: int) -> np.random.Generator:
    """The generator of one stream of a seed."""
    return np.random.default_rng([seed, constant])


def shapes(configuration: ReferenceConfiguration, vocab_size: int) -> dict[str, tuple[int, int]]:
    """The shape of each weight [outputs, inputs], under the names of `schemalm.model.GPT`."""
    if configuration.model == "bigram":
        return {"logits.weight": (vocab_size, vocab_size)}
    width = configuration.n_embd
    found = {"tokens.weight": (vocab_size, width)}
    for layer in range(configuration.n_layer):
        for part in ("query", "key", "value", "output"):
            found[f"layers.{layer}.attention.{part}.weight"] = (width, width)
        found[f"layers.{layer}.up.weight"] = (4 * width, width)
        found[f"layers.{layer}.down.weight"] = (width, 4 * width)
    return found if configuration.tie_head else {**found, "head.weight": (vocab_size, width)}


def initial_weights(configuration: ReferenceConfiguration, vocab_size: int) -> Weights:
    """The weights before the first step."""
    generator, named = random_stream(configuration.seed, INITIALIZATION), shapes(configuration, vocab_size)
    return {name: generator.standard_normal(shape) * configuration.init_std for name, shape in named.items()}
