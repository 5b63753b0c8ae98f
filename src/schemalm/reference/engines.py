"""The scalar and the array engine, and the choice of an engine by a configuration.

`engine.py` says what an engine is; the torch engine is in `torch_engine.py`.
"""

from __future__ import annotations

import numpy as np

from schemalm.reference.array import gpt as array
from schemalm.reference.array.layers import cross_entropy
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.engine import Engine
from schemalm.reference.scalar import gpt as scalar
from schemalm.reference.scalar.value import Value, collector_paused
from schemalm.reference.weights import Array, Tokens, Weights, initial_weights


class ScalarEngine(Engine):
    """Every weight, and every number made from weights, is a `Value`."""

    def _rows(self, tokens_BT: Tokens) -> tuple[dict[str, scalar.Matrix], list[scalar.Matrix]]:
        """The weights as values, and the logits of each row of tokens."""
        model = {"bigram": scalar.bigram_logits, "mini-gpt": scalar.gpt_logits}[self._configuration.model]
        weights: dict[str, scalar.Matrix] = {
            name: [[Value(number) for number in row] for row in weight.tolist()]
            for name, weight in self._weights.items()
        }
        return weights, [model(weights, tokens, self._settings) for tokens in tokens_BT.tolist()]

    @collector_paused()
    def logits(self, tokens_BT: Tokens) -> Array:
        """See `Engine`."""
        return np.array([[[logit.data for logit in logits] for logits in row] for row in self._rows(tokens_BT)[1]])

    @collector_paused()
    def loss(self, tokens_BT: Tokens, targets_BT: Tokens) -> float:
        """See `Engine`."""
        weights, rows = self._rows(tokens_BT)
        loss = scalar.mean_loss([logits for row in rows for logits in row], targets_BT.flatten().tolist())
        loss.backward()
        self._gradients = {name: np.array([[x.grad for x in row] for row in rows]) for name, rows in weights.items()}
        return loss.data


class ArrayEngine(Engine):
    """Whole arrays at a time, with derivatives written by hand."""

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
    """The configured engine, with given weights or those that its seed draws."""
    weights = initial_weights(configuration, vocab_size) if weights is None else weights
    if configuration.engine == "torch":
        from schemalm.reference.torch_engine import TorchEngine  # noqa: PLC0415  (seconds that the others are spared)

        return TorchEngine(configuration, vocab_size, weights)
    return (ScalarEngine if configuration.engine == "scalar" else ArrayEngine)(configuration, vocab_size, weights)
