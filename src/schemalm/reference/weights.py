"""Initial weights as float64 arrays by name, and the random streams; all engines share both.

One seed determines everything. Each use of random numbers has its own stream, derived from the seed and a constant, so
that drawing more numbers from one stream does not affect the others, and every engine gets the same numbers.
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
    """Return the generator of one stream of a seed."""
    return np.random.default_rng([seed, constant])


def shapes(configuration: ReferenceConfiguration, vocab_size: int) -> dict[str, tuple[int, int]]:
    """Return the shape [outputs, inputs] of each weight, under its name in `schemalm.model.GPT`."""
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
    """Return the weights before the first step."""
    generator, named = random_stream(configuration.seed, INITIALIZATION), shapes(configuration, vocab_size)
    return {name: generator.standard_normal(shape) * configuration.init_std for name, shape in named.items()}
