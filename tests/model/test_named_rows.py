"""The sum of scaled rows equals its definition, and so do its gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from schemalm.model.inputs import NEVER
from schemalm.model.named_rows import named_tokens, sum_of_rows, table_of_scales

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
    named = named_tokens(ECHOES if echoes else None, RECALLS if recalls else None, NUM_CERTAINTIES)
    table = table_of_scales(scales_ED if echoes else None, scales_RCD if recalls else None)
    torch.testing.assert_close(sum_of_rows(weight, table, named), expected)


def test_gradients_are_those_of_finite_differences(weight: Tensor, scales: tuple[Tensor, Tensor]) -> None:
    named = named_tokens(ECHOES, RECALLS, NUM_CERTAINTIES)
    given = [part.requires_grad_() for part in (weight, *scales)]

    def summed(weight: Tensor, scales_ED: Tensor, scales_RCD: Tensor) -> Tensor:
        return sum_of_rows(weight, table_of_scales(scales_ED, scales_RCD), named)

    assert torch.autograd.gradcheck(summed, given)


def test_nothing_of_a_position_is_kept_but_its_tokens_and_places(weight: Tensor, scales: tuple[Tensor, Tensor]) -> None:
    kept: list[Tensor] = []
    named = named_tokens(ECHOES, RECALLS, NUM_CERTAINTIES)
    table = table_of_scales(*scales)
    with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda nothing: nothing):
        sum_of_rows(weight.requires_grad_(), table, named)
    assert {tensor.shape for tensor in kept} == {tensor.shape for tensor in (weight, table, *named)}
