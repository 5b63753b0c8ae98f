"""The GPT on scalars: every number is a `Value`, every sum is written out, and nothing else is needed to train it.

`gpt_logits` takes a sequence of tokens, and the weights as nested lists of values under the names of
`schemalm.model.GPT`. It returns the logits of the next token at each position, the same as that model without its
extensions. Gradients need no code here, because `Value.backward` computes them. Lengths: T positions, H heads, K head
width, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from schemalm.model.configuration import GPTConfiguration
from schemalm.reference.scalar.value import Value

Vector = Sequence[Value]
Matrix = Sequence[Vector]


def dot(left: Vector, right: Vector) -> Value:
    """The sum of a_i b_i."""
    return sum((a * b for a, b in zip(left, right, strict=True)), start=Value(0.0))


def linear(weight: Matrix, inputs: Vector) -> Vector:
    """y = W x: each output is the dot product of one row of the weight with the inputs."""
    return [dot(row, inputs) for row in weight]


def rms_norm(inputs: Vector, epsilon: float) -> Vector:
    """y_i = x_i / sqrt(mean of x^2 + epsilon) (Zhang and Sennrich, 2019), without weights."""
    scale = (dot(inputs, inputs) / len(inputs) + epsilon) ** -0.5
    return [x * scale for x in inputs]


def rotate(inputs: Vector, position: int, theta: float) -> Vector:
    """Rotary positions (Su et al., 2021): the pair (i, i + K / 2) turns by the angle position / theta^(2 i / K)."""
    half = len(inputs) // 2
    angles = [position * theta ** (-2 * i / len(inputs)) for i in range(half)]
    pairs = list(zip(inputs[:half], inputs[half:], angles, strict=True))
    first = [a * math.cos(angle) + b * math.sin(angle) for a, b, angle in pairs]
    return first + [b * math.cos(angle) - a * math.sin(angle) for a, b, angle in pairs]


def softmax(logits: Vector) -> Vector:
    """p_i = exp(z_i) / sum of exp(z_j); subtracting the largest z first avoids overflow without changing the result."""
    largest = max(logit.data for logit in logits)
    powers = [(logit - largest).exp() for logit in logits]
    total = sum(powers, start=Value(0.0))
    return [power / total for power in powers]


def soft_cap(logit: Value, cap: float) -> Value:
    """y = c tanh(z / c): close to z while z is small, and never beyond the cap c (Gemma 2, 2024)."""
    return (logit / cap).tanh() * cap


def attention(weights: dict[str, Matrix], name: str, inputs: Matrix, configuration: GPTConfiguration) -> Matrix:
    """Causal self-attention: the mean of the values up to each position, weighted by softmax(q k / sqrt(K))."""
    width = configuration.head_width
    heads = [slice(first, first + width) for first in range(0, configuration.model_width, width)]

    def projected(part: str) -> list[list[Vector]]:
        vectors = (linear(weights[f"{name}.{part}.weight"], x) for x in inputs)
        return [[vector[head] for head in heads] for vector in vectors]  # [T][H][K]

    def rotated_and_normed(part: str) -> list[list[Vector]]:
        return [
            [rms_norm(rotate(x, position, configuration.rope_theta), configuration.norm_epsilon) for x in vectors]
            for position, vectors in enumerate(projected(part))
        ]

    queries, keys, values = rotated_and_normed("query"), rotated_and_normed("key"), projected("value")
    outputs = []
    for position in range(len(inputs)):
        attended: list[Value] = []
        for head in range(len(heads)):
            seen = range(position + 1)
            shares = softmax([dot(queries[position][head], keys[other][head]) / math.sqrt(width) for other in seen])
            attended += [dot(shares, [values[other][head][i] for other in seen]) for i in range(width)]
        outputs.append(linear(weights[f"{name}.output.weight"], attended))
    return outputs


def mlp(weights: dict[str, Matrix], name: str, inputs: Vector) -> Vector:
    """y = W_down relu(W_up x)^2 (So et al., 2021)."""
    hidden = [x.relu() ** 2 for x in linear(weights[f"{name}.up.weight"], inputs)]
    return linear(weights[f"{name}.down.weight"], hidden)


def gpt_logits(weights: dict[str, Matrix], tokens: list[int], configuration: GPTConfiguration) -> Matrix:
    """Return the logits [T][V] of the token after each of `tokens`."""
    epsilon = configuration.norm_epsilon
    stream: list[Vector] = [weights["tokens.weight"][token] for token in tokens]
    if configuration.input_norm:
        stream = [rms_norm(x, epsilon) for x in stream]
    for layer in range(configuration.num_layers):
        name = f"layers.{layer}"
        attended = attention(weights, f"{name}.attention", [rms_norm(x, epsilon) for x in stream], configuration)
        stream = [[a + b for a, b in zip(x, y, strict=True)] for x, y in zip(stream, attended, strict=True)]
        transformed = [mlp(weights, name, rms_norm(x, epsilon)) for x in stream]
        stream = [[a + b for a, b in zip(x, y, strict=True)] for x, y in zip(stream, transformed, strict=True)]
    head = weights["tokens.weight" if configuration.tie_head else "head.weight"]
    cap = configuration.logit_soft_cap
    return [[soft_cap(logit, cap) for logit in linear(head, rms_norm(x, epsilon))] for x in stream]


def bigram_logits(weights: dict[str, Matrix], tokens: list[int], _: GPTConfiguration) -> Matrix:
    """Return the logits [T][V] of the bigram: the row of its table for the previous token."""
    return [weights["logits.weight"][token] for token in tokens]


def mean_loss(logits: Matrix, targets: Sequence[int]) -> Value:
    """Cross-entropy, the mean of -log(softmax(z)[target]) = log(sum of exp(z_j)) - z_target, in nats."""
    total = Value(0.0)
    for row, target in zip(logits, targets, strict=True):
        largest = max(logit.data for logit in row)
        total += sum(((logit - largest).exp() for logit in row), start=Value(0.0)).log() + largest - row[target]
    return total / len(targets)
