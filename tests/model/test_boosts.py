"""Boosts raise the logits of echoed and recalled tokens alone, those of recalls by certainty."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from schemalm.model.boosts import Boosts
from schemalm.model.head_input import HeadInput
from schemalm.model.inputs import NEVER

VOCAB_SIZE, WIDTH, GAIN = 20, 6, 3.0
VECTORS = torch.zeros(1, WIDTH)
ECHOES, RECALLS = torch.tensor([[7, NEVER]]), torch.tensor([[[7, 1], [9, 0]]])


@pytest.fixture
def boosts() -> Boosts:
    return Boosts(2, 2, 3, GAIN).requires_grad_(False)


def raised(boosts: Boosts, echoes: Tensor | None = ECHOES, recalls: Tensor | None = RECALLS) -> dict[int, float]:
    """The tokens whose logits are raised, and by how much."""
    raised_V = boosts(VECTORS, echoes, recalls).raised(torch.zeros(1, VOCAB_SIZE))[0]
    return {token: float(raised_V[token]) for token in raised_V.nonzero().flatten().tolist()}


def test_nothing_is_boosted_at_the_beginning(boosts: Boosts) -> None:
    assert raised(boosts) == {}


def test_each_echo_has_its_boost_and_an_unknown_one_raises_nothing(boosts: Boosts) -> None:
    assert boosts.echo is not None
    boosts.echo.copy_(torch.tensor([1.0, 5.0]))
    assert raised(boosts) == {7: GAIN}


def test_a_recall_has_the_boost_of_its_certainty(boosts: Boosts) -> None:
    assert boosts.recall is not None
    boosts.recall.copy_(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    assert raised(boosts) == {7: 2 * GAIN, 9: 4 * GAIN}


def test_boosts_of_the_same_token_add_up(boosts: Boosts) -> None:
    assert boosts.echo is not None
    assert boosts.recall is not None
    boosts.echo.fill_(1.0)
    boosts.recall.fill_(3.0)
    assert raised(boosts) == {7: (1 + 3) * GAIN, 9: 3 * GAIN}


@pytest.mark.parametrize(("num_echoes", "num_recalls"), [(2, 0), (0, 2)])
def test_a_model_may_have_echoes_or_recalls_alone(num_echoes: int, num_recalls: int) -> None:
    alone = Boosts(num_echoes, num_recalls, 3 if num_recalls else 0, GAIN).requires_grad_(False)
    for parameter in alone.parameters():
        parameter.fill_(1.0)
    expected = {7: GAIN} if num_echoes else {7: GAIN, 9: GAIN}
    assert raised(alone, ECHOES, RECALLS) == expected


def test_a_plain_head_input_raises_nothing_in_any_form() -> None:
    hidden = HeadInput.plain(torch.randn(2, 3, WIDTH))
    logits = torch.randn(2, 3, VOCAB_SIZE)
    assert torch.equal(hidden.raised(logits), logits)
    assert torch.equal(hidden.flat().at(slice(4, None)).raised(logits.flatten(0, 1)[4:]), logits[1, 1:])
