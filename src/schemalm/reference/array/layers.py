"""The layers on NumPy arrays, each with its formula and its derivative written by hand.

A layer returns its output y and a function `backward`, which takes the derivative of the loss with respect to the
output (written dy) and returns the derivatives with respect to the inputs (dx, and dW if there is a weight). The
derivations are in docs/concepts/backward-by-hand.md.

Tensor names: B batch, T time, D model width, H heads, K head width, V vocabulary; x and dy may have any leading axes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schemalm.reference.weights import Array, Tokens

Backward = Callable[[Array], Array]


def embedding(table_VD: Array, tokens_BT: Tokens) -> tuple[Array, Backward]:
    """y_n = W[token_n].  dW[v] = the sum of dy_n over the positions n of token v."""

    def backward(dy_BTD: Array) -> Array:
        gradient_VD = np.zeros_like(table_VD)
        np.add.at(gradient_VD, tokens_BT, dy_BTD)
        return gradient_VD

    return table_VD[tokens_BT], backward


def linear(x: Array, weight: Array) -> tuple[Array, Callable[[Array], tuple[Array, Array]]]:
    """y = x Wᵀ.  dx = dy W, dW = dyᵀ x, summed over all positions."""

    def backward(dy: Array) -> tuple[Array, Array]:
        return dy @ weight, dy.reshape(-1, dy.shape[-1]).T @ x.reshape(-1, x.shape[-1])

    return x @ weight.T, backward


def rms_norm(x: Array, epsilon: float) -> tuple[Array, Backward]:
    """y = x r with r = 1 / √(mean(x²) + ε).  dx = r (dy - y mean(dy y))."""
    r = (np.mean(x * x, axis=-1, keepdims=True) + epsilon) ** -0.5
    y = x * r
    return y, lambda dy: r * (dy - y * np.mean(dy * y, axis=-1, keepdims=True))


def rotate(x: Array, cos: Array, sin: Array) -> tuple[Array, Backward]:
    """Rotary positions: (y₁, y₂) = (x₁ cos + x₂ sin, x₂ cos - x₁ sin).  dx rotates dy back: sin becomes -sin."""

    def turn(vectors: Array, sin: Array) -> Array:
        first, second = np.split(vectors, 2, axis=-1)
        return np.concatenate((first * cos + second * sin, second * cos - first * sin), axis=-1)

    return turn(x, sin), lambda dy: turn(dy, -sin)


def squared_relu(x: Array) -> tuple[Array, Backward]:
    """y = max(x, 0)².  dx = 2 max(x, 0) dy."""
    positive = np.maximum(x, 0.0)
    return positive * positive, lambda dy: 2.0 * positive * dy


def softmax(x: Array) -> tuple[Array, Backward]:
    """y_i = exp(x_i) / sum of exp(x_j).  dx = y (dy - sum of dy_j y_j)."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    y = powers / powers.sum(axis=-1, keepdims=True)
    return y, lambda dy: y * (dy - np.sum(dy * y, axis=-1, keepdims=True))


def causal_attention(query: Array, key: Array, value: Array) -> tuple[Array, Callable[[Array], tuple[Array, ...]]]:
    """y = p v with p = softmax(s), s = q kᵀ / √K over the positions up to the query's; q, k, v, y are [B, H, T, K].

    dv = pᵀ dy, dp = dy vᵀ, ds by the softmax, dq = ds k / √K, dk = dsᵀ q / √K.
    """
    scale = query.shape[-1] ** -0.5
    is_later_TT = np.triu(np.ones((query.shape[-2], query.shape[-2]), dtype=bool), k=1)
    scores_BHTT = np.where(is_later_TT, -np.inf, scale * query @ key.swapaxes(-1, -2))
    shares_BHTT, softmax_backward = softmax(scores_BHTT)

    def backward(dy: Array) -> tuple[Array, ...]:
        dscores_BHTT = scale * softmax_backward(dy @ value.swapaxes(-1, -2))
        return dscores_BHTT @ key, dscores_BHTT.swapaxes(-1, -2) @ query, shares_BHTT.swapaxes(-1, -2) @ dy

    return shares_BHTT @ value, backward


def soft_cap(x: Array, cap: float) -> tuple[Array, Backward]:
    """y = c tanh(x / c).  dx = (1 - (y / c)²) dy."""
    y = cap * np.tanh(x / cap)
    return y, lambda dy: (1.0 - (y / cap) ** 2) * dy


def cross_entropy(logits_BTV: Array, targets_BT: Tokens) -> tuple[float, Array]:
    """The mean of log(sum of exp(z_j)) - z_target over N positions, and dz = (softmax(z) - 1 at the target) / N."""
    positions = (*np.indices(targets_BT.shape), targets_BT)
    smaller_BTV = logits_BTV - logits_BTV.max(axis=-1, keepdims=True)  # avoids overflow without changing the result
    powers_BTV = np.exp(smaller_BTV)
    totals_BT1 = powers_BTV.sum(axis=-1, keepdims=True)
    gradient_BTV = powers_BTV / totals_BT1
    gradient_BTV[positions] -= 1.0
    return float(np.mean(np.log(totals_BT1[..., 0]) - smaller_BTV[positions])), gradient_BTV / targets_BT.size
