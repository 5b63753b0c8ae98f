"""The scalar and the array engine, and the choice of an engine by a configuration.

`engine.py` defines the interface; the torch engine is in `torch_engine.py`.
"""

from __future__ import annotations

import numpy as np

from schemalm.reference.array import gpt as array
from schemalm.reference.array.layers import cross_entropy
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.engine import Engine
from schemalm.reference.scalar import gpt as scalar
from schemalm.reference.scalar.value import Value, garbage_collection_paused
from schemalm.reference.weights import Array, Tokens, Weights, initial_weights


class ScalarEngine(Engine):
    """The engine in which every weight, and every number computed from weights, is a `Value`."""

    def _rows(self, tokens_BT: Tokens) -> tuple[dict[str, scalar.Matrix], list[scalar.Matrix]]:
        """Return the weights as values, and the logits of each row of tokens."""
        model = {"bigram": scalar.bigram_logits, "mini-gpt": scalar.gpt_logits}[self._configuration.model]
        weights: dict[str, scalar.Matrix] = {
            name: [[Value(number) for number in row] for row in weight.tolist()]
            for name, weight in self._weights.items()
        }
        return weights, [model(weights, tokens, self._settings) for tokens in tokens_BT.tolist()]

    @garbage_collection_paused()
    def logits(self, tokens_BT: Tokens) -> Array:
        """See `Engine`."""
        return np.array([[[logit.data for logit in logits] for logits in row] for row in self._rows(tokens_BT)[1]])

    @garbage_collection_paused()
    def loss(self, tokens_BT: Tokens, targets_BT: Tokens) -> float:
        """See `Engine`."""
        weights, rows = self._rows(tokens_BT)
        loss = scalar.mean_loss([logits for row in rows for logits in row], targets_BT.flatten().tolist())
        loss.backward()
        self._gradients = {name: np.array([[x.grad for x in row] for row in rows]) for name, rows in weights.items()}
        return loss.data


class ArrayEngine(Engine):
    """The engine that computes with NumPy arrays, with derivatives written by hand."""

    def _forward(self, tokens_BT: Tokens) -> tuple[Array, array.ModelBackward]:
        model = {"bigram": array.bigram_logits, "mini-gpt": array.gpt_logits}[self._configuration.model]
        return model(self._weights, tokens_BT, self._settings)

    def logits(self, tokens_BT: Tokens) -> Array:
        """See `Engine`."""
        return self._forward(tokens_BT)[0]

    def loss(self, tokens_BT: Tokens, targets_BT: Tokens) -> float:
        """See `Engine`."""
        logits_BTV, backward = self._forward(tokens_BT)
        loss, dlogits_BTV = cross_entropy(logits_BTV, targets_BT)
        self._gradients = backward(dlogits_BTV)
        return loss


def make_engine(configuration: ReferenceConfiguration, vocab_size: int, weights: Weights | None = None) -> Engine:
    """Return the configured engine, with the given weights or with random weights of the configuration's seed."""
    weights = initial_weights(configuration, vocab_size) if weights is None else weights
    if configuration.engine == "torch":
        from schemalm.reference.torch_engine import TorchEngine  # noqa: PLC0415  (takes seconds, which the other engines do not need)

        return TorchEngine(configuration, vocab_size, weights)
    return (ScalarEngine if configuration.engine == "scalar" else ArrayEngine)(configuration, vocab_size, weights)
