"""Every derivative written by hand equals finite differences, entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from schemalm.reference.array import layers
from schemalm.reference.weights import Array

GENERATOR = np.random.default_rng(0)
WIDTH = 1e-6
ANGLES = GENERATOR.standard_normal((3, 2))
TOKENS = np.array([[0, 2, 2], [1, 0, 2]])


def numeric(function: Callable[[Array], Any], x: Array, dy: Array) -> Array:
    """Return the derivative of sum(dy y) with respect to x, entry by entry."""
    found = np.empty_like(x)
    for index in np.ndindex(x.shape):
        ends = []
        for step in (WIDTH, -WIDTH):
            moved = x.copy()
            moved[index] += step
            ends.append(np.sum(dy * function(moved)[0]))
        found[index] = (ends[0] - ends[1]) / (2 * WIDTH)
    return found


ONE_INPUT: dict[str, tuple[Callable[[Array], tuple[Array, layers.Backward]], tuple[int, ...]]] = {
    "embedding": (lambda x: layers.embedding(x, TOKENS), (3, 4)),
    "rms norm": (lambda x: layers.rms_norm(x, 0.1), (2, 3, 4)),
    "rotate": (lambda x: layers.rotate(x, np.cos(ANGLES), np.sin(ANGLES)), (2, 2, 3, 4)),
    "squared relu": (layers.squared_relu, (2, 3, 4)),
    "softmax": (layers.softmax, (2, 3, 4)),
    "soft cap": (lambda x: layers.soft_cap(x, 1.5), (2, 3, 4)),
}


@pytest.mark.parametrize("name", ONE_INPUT)
def test_layers_of_one_input(name: str) -> None:
    layer, shape = ONE_INPUT[name]
    x = GENERATOR.standard_normal(shape)
    y, backward = layer(x)
    dy = GENERATOR.standard_normal(y.shape)
    np.testing.assert_allclose(backward(dy), numeric(layer, x, dy), atol=1e-8)


def test_linear() -> None:
    x, weight, dy = (GENERATOR.standard_normal(shape) for shape in ((2, 3, 4), (5, 4), (2, 3, 5)))
    dx, dweight = layers.linear(x, weight)[1](dy)
    np.testing.assert_allclose(dx, numeric(lambda moved: layers.linear(moved, weight), x, dy), atol=1e-8)
    np.testing.assert_allclose(dweight, numeric(lambda moved: layers.linear(x, moved), weight, dy), atol=1e-8)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_attention(which: int) -> None:
    parts = [GENERATOR.standard_normal((2, 2, 3, 4)) for _ in range(3)]
    y, backward = layers.causal_attention(*parts)
    dy = GENERATOR.standard_normal(y.shape)

    def moved(part: Array) -> tuple[Array, Any]:
        return layers.causal_attention(*(part if index == which else other for index, other in enumerate(parts)))

    np.testing.assert_allclose(backward(dy)[which], numeric(moved, parts[which], dy), atol=1e-8)


def test_attention_is_causal() -> None:
    query, key, value = (GENERATOR.standard_normal((1, 1, 4, 2)) for _ in range(3))
    y, _ = layers.causal_attention(query, key, value)
    key[..., 3, :], value[..., 3, :] = 9.0, 9.0
    np.testing.assert_array_equal(layers.causal_attention(query, key, value)[0][..., :3, :], y[..., :3, :])


def test_cross_entropy() -> None:
    logits, targets = GENERATOR.standard_normal((2, 3, 5)), np.array([[0, 4, 1], [2, 2, 3]])
    loss, dlogits = layers.cross_entropy(logits, targets)
    np.testing.assert_allclose(
        dlogits, numeric(lambda moved: layers.cross_entropy(moved, targets), logits, np.array(1.0)), atol=1e-8
    )
    assert loss == pytest.approx(layers.cross_entropy(logits + 700.0, targets)[0])
