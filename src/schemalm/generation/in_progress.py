"""One document being written: the machine, the tokens so far, and what the model still has to read.

The model reads windows as in training: a position token, then content. Where a window is full, the next one begins at
a multiple of the stride that leaves half of the context.
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
    """How windows are cut: the context in content tokens, and the unit of position tokens."""

    context_size: int
    stride: int


@dataclass(frozen=True)
class ModelInput:
    """What a model reads next: tokens, what is known before the token after each, and whether a window begins.

    side_features: the two rows of the grammar state and the echoes.
    """

    tokens: list[int]
    side_features: list[tuple[int, ...]]
    is_new_window: bool = False


NO_INPUT = ModelInput([], [])


class DocumentInProgress:
    """A document under way, the `number`-th of its call.

    machines: the first describes the document to the model; the last decides, and knows the prompt where there is one.
    is_stopped: whether the next step takes more work than the limits admit, so that the document goes no further.
    """

    def __init__(self, number: int, machines: list[Machine], reader: GrammarStateReader, shape: WindowShape) -> None:
        self.number = number
        self._machines = machines
        self._reader = reader
        self._shape = shape
        self.tokens: list[int] = []
        self._echoes = EchoMemory()
        # Before each token, and before the one to come.
        self._side_features = [self._next_side_features()]
        self._window_start = 0
        self._num_read = 0
        # Of each token, and whether it left no choice.
        self._logprobs: list[float] = []
        self._forced: list[bool] = []
        self.is_stopped = False

    @property
    def is_complete(self) -> bool:
        """Whether the document is whole."""
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
        """How many of the tokens so far left no choice."""
        return sum(self._forced)

    def take(self, token: int, logprob: float, *, is_forced: bool = False) -> None:
        """Consumes a token that was chosen with this log-probability, unless it takes too much work."""
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
        """Consumes tokens as long as there is no choice: they cost no call of the model."""
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
        """The cheapest tokens that end the document.

        Where finding them takes too much work, half of the tokens are taken back, and so on: the beginning of a
        document has an end that was found when its schema was compiled. Raises LimitError where not even that serves.
        """
        while True:
            try:
                return self.machine.completion()
            except LimitError:
                if not self.tokens:
                    raise
                self.is_stopped = True
                self._take_back(len(self.tokens) // 2)

    def _take_back(self, num_kept: int) -> None:
        """Forgets all but the first tokens, as far as the document's end is concerned."""
        del self.tokens[num_kept:], self._logprobs[num_kept:], self._forced[num_kept:]
        self._machines[-1] = machine = Machine(self.machine.tables)
        for token in self.tokens:
            machine.advance(token)

    def unread(self) -> ModelInput:
        """What the model has to read before it can say what comes next."""
        is_new = not self._num_read
        # The position token takes the first place; the last token of a window is only ever predicted.
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
