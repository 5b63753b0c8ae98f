"""The log-probability of each token of given documents, as generation would choose them.

In go tokens; out come log-probabilities under the schema's mask, at temperature 1, in the windows of generation. They
are those of `Generated.logprobs`, up to rounding: forced tokens have 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from schemalm.errors import DecodeError
from schemalm.generation.in_progress import DocumentInProgress, ModelInput, WindowShape
from schemalm.generation.run import Run
from schemalm.generation.sampling import Floats, log_probability
from schemalm.model.inference import Segment


class _Choice(NamedTuple):
    """A token where others are admitted as well: its number, and how many tokens the window has before it."""

    number: int
    token: int
    num_before: int
    admitted: NDArray[np.intp]


def score(run: Run, documents: Iterable[Sequence[int]]) -> list[list[float]]:
    """Return the log-probability of each token of some documents, in nats.

    documents: the tokens of each, such as `run.tokenizer.encode` returns; any beginning of a document will do. Raises
    DecodeError for a token that the schema does not admit there, and LimitError if that takes too much work to find.
    """
    return [_score(run, tokens) for tokens in documents]


def _score(run: Run, tokens: Sequence[int]) -> list[float]:
    shape = WindowShape(run.decoder.configuration.context_size, run.configuration["data"]["stride"])
    document = DocumentInProgress([run.tokenizer.machine()], run.side_features, shape, max_tokens=len(tokens))
    logprobs = [0.0] * len(tokens)
    window, choices = ModelInput([], []), list[_Choice]()
    for index, token in enumerate(tokens):
        admitted_A = _admitted(document, token, index)
        if len(admitted_A) > 1:
            if document.begin_window():
                _read(run, window, choices, logprobs)
                window, choices = ModelInput([], []), []
            unread = document.unread()
            window.tokens.extend(unread.tokens)
            window.side_features.extend(unread.side_features)
            document.num_read = len(window.tokens)
            choices.append(_Choice(index, token, document.num_read, admitted_A))
        document.append(token, 0.0)
    _read(run, window, choices, logprobs)
    return logprobs


def _admitted(document: DocumentInProgress, token: int, index: int) -> NDArray[np.intp]:
    mask = document.machine.mask()
    if not 0 <= token < len(mask) or not mask[token]:
        raise DecodeError("the schema does not admit it here", position=index)
    return np.flatnonzero(mask)


@torch.inference_mode()
def _read(run: Run, window: ModelInput, choices: list[_Choice], logprobs: list[float]) -> None:
    """Read a window in one pass, and write the log-probabilities of its choices."""
    if not choices:
        return
    model = run.decoder
    tokens_T = torch.tensor(window.tokens, device=model.device)
    side_features_TF = torch.tensor(window.side_features, device=model.device)
    hidden_TD = model.hidden(tokens_T, side_features_TF, [Segment(0, len(window.tokens))], model.make_cache(1))
    rows = torch.tensor([choice.num_before - 1 for choice in choices], device=model.device)
    logits_CV: Floats = model.logits(hidden_TD[rows]).float().cpu().numpy()
    for logits_V, choice in zip(logits_CV, choices, strict=True):
        position = int(np.searchsorted(choice.admitted, choice.token))
        logprobs[choice.number] = log_probability(logits_V.take(choice.admitted), position)
