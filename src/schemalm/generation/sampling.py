"""Choose tokens from logits, so that rounding does not decide.

The noise of a choice is drawn apart from the logits: one exponential time for each admitted token, in token order, from
the sample's own generator. The choice is the largest of `logit + temperature * -log(time)` (Gumbel, 1954; the first to
finish in a race of exponentials), which is a draw from the softmax of `logit / temperature`. Equal noise and equal
logits give equal choices.

Logits of one token differ in their last bits between batches, because products of other shapes add in another order.
Suppose that no two computations of a logit differ by more than half of `MARGIN`. Then differences of two logits move by
less than `MARGIN`, and a token that leads by more stays in the lead. `choose` says whether the choice is so `is_clear`:
then every computation of the logits makes it. Where it is not, the caller computes the logits once more in a way that
depends on the sample alone. So the tokens depend on the sample alone.

Top-k, top-p and min-p keep the tokens from some logit on. Where rounding may move that edge, the race is run by all
tokens that may be kept, and it is clear only if its winner is kept for certain.

Temperature 0 takes the likeliest token. Otherwise, as in `transformers`: the temperature applies first, then top-k
keeps the k likeliest tokens, then top-p keeps the smallest set of these with at least that total probability (Holtzman
et al., "The curious case of neural text degeneration", 2020), then min-p keeps the tokens with at least that share of
the likeliest one's probability (Nguyen et al., "Turning up the heat", 2024). All apply to admitted tokens.

Tensor names: A admitted tokens, in token order; V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.bounds import check_number
from schemalm.errors import CheckpointError

Floats = NDArray[np.float32]
# Times need 64 bits: in 32, numpy draws exactly zero once in six million, which would win for any token.
Times = NDArray[np.float64]
# The largest seed.
MAX_SEED = 2**64 - 1
# Twice what two computations of a logit may differ by. In float32 they have been seen to differ by 7e-6 at most.
MARGIN = 1e-3


@dataclass(frozen=True)
class Sampling:
    """Sampling settings: temperature 0 takes the likeliest token; None disables top-p, top-k or min-p.

    Raises `ConfigurationError` for values out of range.
    """

    temperature: float = 0.8
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None

    def __post_init__(self) -> None:
        check_number("temperature", self.temperature, 0, 100)
        if self.top_p is not None:
            check_number("top_p", self.top_p, 0, 1, is_above=True)
        if self.top_k is not None:
            check_number("top_k", self.top_k, 1, is_whole=True)
        if self.min_p is not None:
            check_number("min_p", self.min_p, 0, 1)


def check_request(num_samples: int, max_tokens: int, seed: int, max_seconds: float | None = None) -> None:
    """Raise `ConfigurationError` if a setting of a generation is out of range; `Sampling` checks the others."""
    if max_seconds is not None:
        check_number("max_seconds", max_seconds, 0, is_above=True)
    check_number("num_samples", num_samples, 1, is_whole=True)
    check_number("max_tokens", max_tokens, 1, is_whole=True)
    check_number("seed", seed, 0, MAX_SEED, is_whole=True)


class Noise:
    """The random times of one sample: the same for equal `seed` and `number`, whatever else is generated."""

    def __init__(self, seed: int, number: int) -> None:
        self._generator = np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, number])))

    def times(self, num_admitted: int) -> Times:
        """Draw the times of the next choice, exponentially distributed [A]."""
        return self._generator.standard_exponential(num_admitted)


class Choice(NamedTuple):
    """A chosen token, its log-probability in nats, and whether every computation of the logits makes the choice.

    The log-probability is under the mask, at temperature 1, before top-k, top-p and min-p.
    """

    token: int
    logprob: float
    is_clear: bool


def choose(
    logits_V: Floats,
    admitted_A: NDArray[np.intp],
    times_A: Times | None,
    sampling: Sampling,
    margin: float,
    preferred_A: NDArray[np.bool_] | None = None,
) -> Choice:
    """Choose one of the admitted tokens, given the times of this choice, or the likeliest if there are none.

    margin: what a choice needs to be clear, such as `MARGIN`. preferred_A: which tokens may be chosen; all if None.

    Raises `CheckpointError` if logits are not numbers, which damaged weights or configurations cause.
    """
    logits_A = logits_V.take(admitted_A)
    raced_A = logits_A if preferred_A is None else np.where(preferred_A, logits_A, np.float32(-np.inf))
    scores_A: NDArray[np.floating] = raced_A
    edge = None
    if times_A is not None:
        scores_A = raced_A - sampling.temperature * np.log(times_A)
        edge = _edge(raced_A, sampling, margin)
    if edge is not None:
        scores_A = np.where(raced_A >= edge.possible - margin, scores_A, -np.inf)
    winner = int(scores_A.argmax())
    lead = _lead(scores_A, winner)
    is_clear = lead > margin and (edge is None or raced_A[winner] > edge.certain + margin)
    if edge is not None and not is_clear:
        winner = int(np.where(raced_A >= edge.kept, scores_A, -np.inf).argmax())
    return Choice(int(admitted_A[winner]), log_probability(logits_A, winner), is_clear)


def log_probability(logits_A: Floats, index: int) -> float:
    """Return the log-probability of one of some tokens, in nats; raises `CheckpointError` if a logit is no number."""
    most = logits_A.max()
    logprob = float(logits_A[index] - most - np.log(np.exp(logits_A - most).sum()))
    if math.isnan(logprob):
        raise CheckpointError("the model's logits are not finite: its weights or its configuration are damaged")
    return logprob


def _lead(scores_A: NDArray[np.floating], winner: int) -> float:
    """Return how far the winner is ahead of all others."""
    others = (scores_A[:winner], scores_A[winner + 1 :])
    second = max((float(part.max()) for part in others if part.size), default=-math.inf)
    return float(scores_A[winner]) - second


class _Edge(NamedTuple):
    """Where tokens end to be kept: those of at least the logit `kept` are.

    Rounding aside, those of at least `possible` may be kept in another computation, and those above `certain` are.
    """

    kept: float
    possible: float
    certain: float


def _edge(logits_A: Floats, sampling: Sampling, margin: float) -> _Edge | None:
    """Return the edge of the kept tokens; None if all are kept."""
    edges = []
    if sampling.top_k is not None or sampling.top_p is not None:
        edges += _edges_of_sets(np.sort(logits_A)[::-1], sampling, margin)
    if sampling.min_p:
        likeliest = int(logits_A.argmax())
        most = float(logits_A[likeliest])
        least = most + sampling.temperature * math.log(sampling.min_p)
        # The likeliest token is always kept.
        edges.append(_Edge(least, least, min(least, most - _lead(logits_A, likeliest))))
    return _Edge(*map(max, zip(*edges, strict=True))) if edges else None


def _edges_of_sets(falling_A: Floats, sampling: Sampling, margin: float) -> list[_Edge]:
    """Return the edges of top-k and top-p, given the logits in falling order."""
    edges = []
    num_kept = len(falling_A)
    if sampling.top_k is not None:
        num_kept = min(sampling.top_k, num_kept)
        edges.append(_edge_after(falling_A, num_kept, num_kept, num_kept))
    if sampling.top_p is not None:
        weights_K = np.exp((falling_A[:num_kept] - falling_A[0]) / np.float32(sampling.temperature), dtype=np.float64)
        total_K = weights_K.cumsum()
        before_K = (total_K - weights_K) / total_K[-1]
        # If logits move by half a margin, totals of probabilities move by less than this.
        slack = margin / sampling.temperature
        kept, possible, certain = (
            max(1, int(np.searchsorted(before_K, sampling.top_p + change))) for change in (0.0, slack, -slack)
        )
        edges.append(_edge_after(falling_A, kept, possible, certain))
    return edges


def _edge_after(falling_A: Floats, kept: int, possible: int, certain: int) -> _Edge:
    """Return the edge after so many of the likeliest tokens."""
    most_dropped = float(falling_A[certain]) if certain < len(falling_A) else -math.inf
    return _Edge(float(falling_A[kept - 1]), float(falling_A[possible - 1]), most_dropped)
