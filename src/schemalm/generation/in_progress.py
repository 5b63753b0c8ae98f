"""One document being written: its machine, its tokens so far, and the tokens that the model has not read yet.

The model reads windows as in training: a position token, then content. When a window is full, the next one starts at a
multiple of the stride that keeps half of the context.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemalm.dataset.echo import EchoMemory
from schemalm.dataset.grammar_state import GrammarStateReader
from schemalm.errors import GuardError, LimitError
from schemalm.machine import Machine


@dataclass(frozen=True)
class WindowShape:
    """The shape of windows: `context_size` content tokens; position tokens count in units of `stride` tokens."""

    context_size: int
    stride: int


@dataclass(frozen=True)
class ModelInput:
    """The next input of the model: tokens, side features for the prediction after each, and whether a window begins.

    side_features: the two features of the grammar state, then the echoes.
    """

    tokens: list[int]
    side_features: list[tuple[int, ...]]
    is_new_window: bool = False


NO_INPUT = ModelInput([], [])


class DocumentInProgress:
    """A document in progress, with index `number` in its call of `generate`.

    machines: the first provides the grammar state for the model; the last decides which tokens are admitted, and knows
    the prompt if there is one.
    is_stopped: whether the next step exceeds the limits on work, so that the document must be ended.
    """

    def __init__(self, number: int, machines: list[Machine], reader: GrammarStateReader, shape: WindowShape) -> None:
        self.number = number
        self._machines = machines
        self._reader = reader
        self._shape = shape
        self.tokens: list[int] = []
        self._echoes = EchoMemory()
        # One entry before each token, and one before the next token.
        self._side_features = [self._next_side_features()]
        self._window_start = 0
        self._num_read = 0
        # The log-probability of each token, and whether it was the only admitted one.
        self._logprobs: list[float] = []
        self._forced: list[bool] = []
        self.is_stopped = False

    @property
    def is_complete(self) -> bool:
        """Whether the document is complete."""
        return self.machine.is_complete

    @property
    def machine(self) -> Machine:
        """The machine that decides which tokens may come next."""
        return self._machines[-1]

    @property
    def logprob(self) -> float:
        """The log-probability of the tokens so far."""
        return sum(self._logprobs)

    @property
    def num_forced(self) -> int:
        """The number of tokens so far that were the only admitted one."""
        return sum(self._forced)

    def take(self, token: int, logprob: float, *, is_forced: bool = False) -> None:
        """Consume a token that was chosen with this log-probability in nats, unless that exceeds the limits."""
        try:
            for machine in self._machines:
                machine.advance(token)
        except LimitError:
            self.is_stopped = True
            return
        self._echoes.add(token)
        self._side_features.append(self._next_side_features())
        self.tokens.append(token)
        self._logprobs.append(logprob)
        self._forced.append(is_forced)

    def take_forced(self, max_tokens: int) -> None:
        """Consume tokens while only one is admitted; they cost no call of the model."""
        while not self.is_complete and not self.is_stopped and len(self.tokens) < max_tokens:
            try:
                admitted = np.flatnonzero(self.machine.mask())
            except LimitError:
                self.is_stopped = True
                return
            if not len(admitted):
                raise GuardError("uniqueItems", self.machine.path)
            if len(admitted) != 1:
                return
            self.take(int(admitted[0]), 0.0, is_forced=True)

    def ending(self) -> list[int]:
        """Return the cheapest tokens that end the document.

        If finding them exceeds the limits, half of the tokens are removed, and again half: an empty document has an
        ending that was found when the schema was compiled. Raises LimitError if even that fails.
        """
        while True:
            try:
                return self.machine.completion()
            except LimitError:
                if not self.tokens:
                    raise
                self.is_stopped = True
                self._truncate(len(self.tokens) // 2)

    def _truncate(self, num_kept: int) -> None:
        """Keep the first `num_kept` tokens, in the tokens and in the machine that decides."""
        del self.tokens[num_kept:], self._logprobs[num_kept:], self._forced[num_kept:]
        self._machines[-1] = machine = Machine(self.machine.tables)
        for token in self.tokens:
            machine.advance(token)

    def unread(self) -> ModelInput:
        """Return what the model has to read before it can predict the next token."""
        is_new = not self._num_read
        # The position token comes first; the last token of a window is predicted, but never read.
        if len(self.tokens) - self._window_start > self._shape.context_size - 1:
            stride, context_size = self._shape.stride, self._shape.context_size
            least = -(-(len(self.tokens) - context_size + 1) // stride)
            self._window_start = max((len(self.tokens) - context_size // 2) // stride, least) * stride
            is_new = True
        if is_new:
            position = self._window_start // self._shape.stride
            tokens = [position, *self.tokens[self._window_start :]]
            side_features = self._side_features[self._window_start :]
        else:
            tokens = self.tokens[self._num_read - 1 :]
            side_features = self._side_features[self._num_read :]
        self._num_read = len(self.tokens) + 1
        return ModelInput(tokens, side_features, is_new)

    def _next_side_features(self) -> tuple[int, ...]:
        return *self._reader.rows(self._machines[0]), *self._echoes.echoes()
