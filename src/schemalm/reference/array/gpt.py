"""The GPT on NumPy arrays, forward and backward, in float64; and the bigram model, learned or in closed form.

The models take tokens and weights under the names of `schemalm.model.GPT`, and return logits and a function from their
derivatives to the gradients of all weights. Every part has the same structure: a forward pass with `layers.py`, then a
function `backward` that calls the layers' own `backward` functions in reverse order. If a value is used twice (the
residual stream, a tied head), its derivatives are added.

Tensor names: B batch, T time, D model width, H heads, K head width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from schemalm.model.configuration import GPTConfiguration
from schemalm.reference.array import layers
from schemalm.reference.weights import Array, Tokens, Weights

ModelBackward = Callable[[Array], Weights]
# The result of a part of the model: its output, and a function from the derivative of the output to the derivative of
# the input and the gradients of the weights.
Part = tuple[Array, Callable[[Array], tuple[Array, Weights]]]


def rotate_and_norm(x_BHTK: Array, configuration: GPTConfiguration) -> tuple[Array, layers.Backward]:
    """Apply rotary positions, with the angles position / theta^(2 i / K), and then RMS norm to queries or keys."""
    width = x_BHTK.shape[-1]
    frequency_K = configuration.rope_theta ** (-np.arange(0, width, 2) / width)
    angle_TK = np.arange(x_BHTK.shape[-2])[:, None] * frequency_K
    turned_BHTK, rotate_backward = layers.rotate(x_BHTK, np.cos(angle_TK), np.sin(angle_TK))
    normed_BHTK, norm_backward = layers.rms_norm(turned_BHTK, configuration.norm_epsilon)
    return normed_BHTK, lambda dy_BHTK: rotate_backward(norm_backward(dy_BHTK))


def attention(weights: Weights, name: str, configuration: GPTConfiguration, x_BTD: Array) -> Part:
    """Self-attention: project, add positions, attend, project back."""

    def split(x_BTD: Array) -> Array:  # into heads [B, H, T, K]
        return x_BTD.reshape(*x_BTD.shape[:2], configuration.num_heads, -1).swapaxes(1, 2)

    def join(x_BHTK: Array) -> Array:  # back to [B, T, D]
        return x_BHTK.swapaxes(1, 2).reshape(x_BTD.shape)

    names = [f"{name}.{part}.weight" for part in ("query", "key", "value", "output")]
    query_BTD, query_backward = layers.linear(x_BTD, weights[names[0]])
    key_BTD, key_backward = layers.linear(x_BTD, weights[names[1]])
    value_BTD, value_backward = layers.linear(x_BTD, weights[names[2]])
    query_BHTK, position_query_backward = rotate_and_norm(split(query_BTD), configuration)
    key_BHTK, position_key_backward = rotate_and_norm(split(key_BTD), configuration)
    attended_BHTK, attention_backward = layers.causal_attention(query_BHTK, key_BHTK, split(value_BTD))
    output_BTD, output_backward = layers.linear(join(attended_BHTK), weights[names[3]])

    def backward(dy_BTD: Array) -> tuple[Array, Weights]:
        dattended_BTD, doutput = output_backward(dy_BTD)
        dquery_BHTK, dkey_BHTK, dvalue_BHTK = attention_backward(split(dattended_BTD))
        by_query_BTD, dquery = query_backward(join(position_query_backward(dquery_BHTK)))
        by_key_BTD, dkey = key_backward(join(position_key_backward(dkey_BHTK)))
        by_value_BTD, dvalue = value_backward(join(dvalue_BHTK))
        gradients = dict(zip(names, (dquery, dkey, dvalue, doutput), strict=True))
        return by_query_BTD + by_key_BTD + by_value_BTD, gradients

    return output_BTD, backward


def mlp(weights: Weights, name: str, x_BTD: Array) -> Part:
    """Up, squared ReLU, down."""
    hidden, up_backward = layers.linear(x_BTD, weights[f"{name}.up.weight"])
    active, relu_backward = layers.squared_relu(hidden)
    output_BTD, down_backward = layers.linear(active, weights[f"{name}.down.weight"])

    def backward(dy_BTD: Array) -> tuple[Array, Weights]:
        dactive, ddown = down_backward(dy_BTD)
        dx_BTD, dup = up_backward(relu_backward(dactive))
        return dx_BTD, {f"{name}.up.weight": dup, f"{name}.down.weight": ddown}

    return output_BTD, backward


def residual(part: Callable[[Array], Part], x_BTD: Array, epsilon: float) -> Part:
    """x + part(norm(x)): the derivative flows both directly to x and through the part."""
    normed_BTD, norm_backward = layers.rms_norm(x_BTD, epsilon)
    output_BTD, part_backward = part(normed_BTD)

    def backward(dy_BTD: Array) -> tuple[Array, Weights]:
        dnormed_BTD, gradients = part_backward(dy_BTD)
        return dy_BTD + norm_backward(dnormed_BTD), gradients

    return x_BTD + output_BTD, backward


def gpt_logits(weights: Weights, tokens_BT: Tokens, configuration: GPTConfiguration) -> tuple[Array, ModelBackward]:
    """Return the logits [B, T, V] of the next tokens, and a function from their derivatives to the gradients."""
    epsilon = configuration.norm_epsilon
    x_BTD, embedding_backward = layers.embedding(weights["tokens.weight"], tokens_BT)
    if configuration.input_norm:
        x_BTD, input_norm_backward = layers.rms_norm(x_BTD, epsilon)
    parts_backward = []
    for layer in range(configuration.num_layers):
        name = f"layers.{layer}"
        for part in (partial(attention, weights, f"{name}.attention", configuration), partial(mlp, weights, name)):
            x_BTD, part_backward = residual(part, x_BTD, epsilon)
            parts_backward.append(part_backward)
    x_BTD, norm_backward = layers.rms_norm(x_BTD, epsilon)
    head = "tokens.weight" if configuration.tie_head else "head.weight"
    raw_BTV, head_backward = layers.linear(x_BTD, weights[head])
    logits_BTV, cap_backward = layers.soft_cap(raw_BTV, configuration.logit_soft_cap)

    def backward(dlogits_BTV: Array) -> Weights:
        dx_BTD, dhead = head_backward(cap_backward(dlogits_BTV))
        dx_BTD, gradients = norm_backward(dx_BTD), {head: dhead}
        for part_backward in reversed(parts_backward):
            dx_BTD, part_gradients = part_backward(dx_BTD)
            gradients |= part_gradients
        if configuration.input_norm:
            dx_BTD = input_norm_backward(dx_BTD)
        gradients["tokens.weight"] = gradients.get("tokens.weight", 0.0) + embedding_backward(dx_BTD)
        return gradients

    return logits_BTV, backward


def bigram_logits(weights: Weights, tokens_BT: Tokens, _: GPTConfiguration) -> tuple[Array, ModelBackward]:
    """Return the logits [B, T, V] of the bigram, rows of its table, and a function from derivatives to gradients."""
    logits_BTV, backward = layers.embedding(weights["logits.weight"], tokens_BT)
    return logits_BTV, lambda dlogits_BTV: {"logits.weight": backward(dlogits_BTV)}


def count_table(stream_N: Tokens, vocab_size: int, smoothing: float = 1.0) -> Weights:
    """Return the bigram in closed form: log((count of ab + α) / (count of a + α V)), with Laplace smoothing α above 0.

    As α goes to 0, the loss on the stream goes to the minimum of all bigram models: the conditional entropy.
    """
    counts_VV = np.full((vocab_size, vocab_size), smoothing)
    np.add.at(counts_VV, (stream_N[:-1], stream_N[1:]), 1.0)
    return {"logits.weight": np.log(counts_VV / counts_VV.sum(axis=1, keepdims=True))}
