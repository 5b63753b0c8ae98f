"""The sum of scaled rows equals its definition, and so do its gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from schemalm.model.inputs import NEVER
from schemalm.model.named_rows import NamedRows

NUM_ECHOES, NUM_RECALLS, NUM_CERTAINTIES, WIDTH, VOCAB_SIZE = 2, 3, 4, 5, 7
ECHOES = torch.tensor([[3, NEVER], [1, 1], [6, 3]])
RECALLS = torch.tensor([[[3, 0], [NEVER, 3], [2, 1]], [[1, 3], [5, 3], [NEVER, 0]], [[3, 2], [3, 2], [3, 1]]])


@pytest.fixture
def weight() -> Tensor:
    return torch.randn(VOCAB_SIZE, WIDTH, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def scales() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(NUM_ECHOES, WIDTH, dtype=torch.float64, generator=generator),
        torch.randn(NUM_RECALLS, NUM_CERTAINTIES, WIDTH, dtype=torch.float64, generator=generator),
    )


def sides(scales: Tensor) -> Tensor:
    """The scales at the input and others at the head."""
    return torch.stack((scales, -scales))


@pytest.mark.parametrize(("echoes", "recalls"), [(True, True), (True, False), (False, True)])
def test_each_known_token_adds_its_row_scaled_by_echo_or_certainty(
    weight: Tensor, scales: tuple[Tensor, Tensor], echoes: bool, recalls: bool
) -> None:
    scales_ED, scales_RCD = scales
    expected = torch.zeros(len(ECHOES), WIDTH, dtype=torch.float64)
    for position in range(len(ECHOES)):
        for index, token in enumerate(ECHOES[position].tolist() if echoes else ()):
            if token != NEVER:
                expected[position] += weight[token] * scales_ED[index]
        for index, (token, certainty) in enumerate(RECALLS[position].tolist() if recalls else ()):
            if token != NEVER:
                expected[position] += weight[token] * scales_RCD[index, certainty]
    rows = NamedRows(
        ECHOES if echoes else None,
        RECALLS if recalls else None,
        sides(scales_ED) if echoes else None,
        sides(scales_RCD) if recalls else None,
        gain=1.0,
    )
    for side in (0, 1):
        torch.testing.assert_close(rows.added(torch.zeros_like(expected), weight, side), (1 - 2 * side) * expected)


def test_a_model_without_scales_adds_nothing(weight: Tensor) -> None:
    x = torch.ones(len(ECHOES), WIDTH)
    assert NamedRows(ECHOES, RECALLS, None, None, gain=1.0).added(x, weight, 0) is x


def test_gradients_are_those_of_finite_differences(weight: Tensor, scales: tuple[Tensor, Tensor]) -> None:
    given = [part.requires_grad_() for part in (weight, *scales)]
    x = torch.zeros(len(ECHOES), WIDTH, dtype=torch.float64)

    def summed(weight: Tensor, scales_ED: Tensor, scales_RCD: Tensor) -> Tensor:
        rows = NamedRows(ECHOES, RECALLS, sides(scales_ED), sides(scales_RCD), gain=3.0)
        return rows.added(rows.added(x, weight, 0), weight[1:].repeat(2, 1), 1)

    assert torch.autograd.gradcheck(summed, given)


def test_nothing_of_a_position_is_kept_but_its_tokens_and_places(weight: Tensor, scales: tuple[Tensor, Tensor]) -> None:
    kept: list[Tensor] = []
    rows = NamedRows(ECHOES, RECALLS, *map(sides, scales), gain=1.0)
    x = torch.zeros(len(ECHOES), WIDTH, dtype=torch.float64)
    with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda nothing: nothing):
        rows.added(x, weight.requires_grad_(), 0)
    num_named = NUM_ECHOES + NUM_RECALLS
    num_places = NUM_ECHOES + NUM_RECALLS * NUM_CERTAINTIES + 1
    assert {tuple(tensor.shape) for tensor in kept} == {
        tuple(weight.shape),
        (num_places, WIDTH),
        (num_named, len(ECHOES)),
    }
