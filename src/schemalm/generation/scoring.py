"""The probability of each token of given documents, as generation would choose them, and of the others there.

In go tokens; out come probabilities or log-probabilities under the schema's mask, at temperature 1, in the windows of
generation. They are those of `Generated.logprobs`, up to rounding: forced tokens have the log-probability 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from schemalm.errors import DecodeError
from schemalm.generation.in_progress import DocumentInProgress, ModelInput, WindowShape
from schemalm.generation.run import Run
from schemalm.generation.sampling import Floats, log_probability
from schemalm.model.inference import Segment


class Chances(NamedTuple):
    """What the model says at a token: its probability, and the likeliest tokens there, each with its own.

    A forced token has the probability 1 and no others.
    """

    probability: float
    likeliest: list[tuple[int, float]]


class _Choice(NamedTuple):
    """A token where others are admitted as well: its number, and how many tokens the window has before it."""

    number: int
    token: int
    num_before: int
    admitted: NDArray[np.intp]

    @property
    def position(self) -> int:
        """Its place among the admitted tokens."""
        return int(np.searchsorted(self.admitted, self.token))


def score(run: Run, documents: Iterable[Sequence[int]]) -> list[list[float]]:
    """Return the log-probability of each token of some documents, in nats.

    documents: the tokens of each, such as `run.tokenizer.encode` returns; any beginning of a document will do. Raises
    DecodeError for a token that the schema does not admit there, and LimitError if that takes too much work to find.
    """
    return [_score(run, tokens) for tokens in documents]


def chances(run: Run, tokens: Sequence[int], num_likeliest: int) -> list[Chances]:
    """Return what the model says at each token of a document, with at most `num_likeliest` tokens.

    Raises as `score` does.
    """
    found = [Chances(1.0, [])] * len(tokens)
    for choice, logits_A in _choices(run, tokens):
        weights_A = np.exp(logits_A - logits_A.max(), dtype=np.float64)
        probabilities_A = weights_A / weights_A.sum()
        likeliest = np.argsort(-probabilities_A, kind="stable")[:num_likeliest]
        ranked = [(int(choice.admitted[at]), float(probabilities_A[at])) for at in likeliest]
        found[choice.number] = Chances(float(probabilities_A[choice.position]), ranked)
    return found


def _score(run: Run, tokens: Sequence[int]) -> list[float]:
    logprobs = [0.0] * len(tokens)
    for choice, logits_A in _choices(run, tokens):
        logprobs[choice.number] = log_probability(logits_A, choice.position)
    return logprobs


def _choices(run: Run, tokens: Sequence[int]) -> Iterator[tuple[_Choice, Floats]]:
    """Yield each choice with the logits of the tokens that are admitted there."""
    shape = WindowShape(run.decoder.configuration.context_size, run.configuration["data"]["stride"])
    document = DocumentInProgress([run.tokenizer.machine()], run.side_features, shape, max_tokens=len(tokens))
    window, choices = ModelInput([], []), list[_Choice]()
    for index, token in enumerate(tokens):
        admitted_A = _admitted(document, token, index)
        if len(admitted_A) > 1:
            if document.begin_window():
                yield from _read(run, window, choices)
                window, choices = ModelInput([], []), []
            unread = document.unread()
            window.tokens.extend(unread.tokens)
            window.side_features.extend(unread.side_features)
            document.num_read = len(window.tokens)
            choices.append(_Choice(index, token, document.num_read, admitted_A))
        document.append(token, 0.0)
    yield from _read(run, window, choices)


def _admitted(document: DocumentInProgress, token: int, index: int) -> NDArray[np.intp]:
    mask = document.machine.mask()
    if not 0 <= token < len(mask) or not mask[token]:
        raise DecodeError("the schema does not admit it here", position=index)
    return np.flatnonzero(mask)


def _read(run: Run, window: ModelInput, choices: list[_Choice]) -> Iterator[tuple[_Choice, Floats]]:
    """Read a window in one pass; yield its choices, each with its logits."""
    if choices:
        for logits_V, choice in zip(_logits(run, window, choices), choices, strict=True):
            yield choice, logits_V.take(choice.admitted)


@torch.inference_mode()
def _logits(run: Run, window: ModelInput, choices: list[_Choice]) -> Floats:
    """Return the logits of each choice of a window [C, V]."""
    model = run.decoder
    tokens_T = torch.tensor(window.tokens, device=model.device)
    side_features_TF = torch.tensor(window.side_features, device=model.device)
    hidden = model.hidden(tokens_T, side_features_TF, [Segment(0, len(window.tokens))], model.make_cache(1))
    rows = torch.tensor([choice.num_before - 1 for choice in choices], device=model.device)
    logits_CV: Floats = model.logits(hidden.at(rows)).float().cpu().numpy()
    return logits_CV
