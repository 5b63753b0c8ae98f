"""The model with the names of a script."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from schemalm.errors import ConfigurationError
from schemalm.integrations.nanochat import GPT

SHAPE: dict[str, Any] = {"vocab_size": 50, "context_size": 8, "d_model": 16, "n_layers": 2, "n_heads": 2}


def test_it_returns_logits_for_every_position() -> None:
    logits_BTV = GPT(**SHAPE)(torch.zeros(3, 8, dtype=torch.int64))
    assert logits_BTV.shape == (3, 8, 50)
    assert logits_BTV.dtype == torch.float32
    assert logits_BTV.isfinite().all()


def test_equal_seeds_give_equal_weights() -> None:
    first, again, other = GPT(**SHAPE).state_dict(), GPT(**SHAPE).state_dict(), GPT(**SHAPE, seed=1).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["tokens.weight"], other["tokens.weight"])


def test_dropout_applies_in_training_only() -> None:
    x_BT = torch.arange(8)[None]
    dropping, plain = GPT(**SHAPE, dropout=0.5), GPT(**SHAPE)
    with torch.no_grad():
        for model in (dropping, plain):
            for name, weight in model.named_parameters():
                if name.endswith(("output.weight", "down.weight")):
                    weight.fill_(0.1)
    assert not torch.equal(dropping(x_BT), dropping(x_BT))
    assert torch.equal(dropping.eval()(x_BT), plain(x_BT))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d_model": 15}, r"d_model 15 must be a multiple of 2 \* n_heads = 4"),
        ({"n_layers": 0}, "n_layers must be a whole number above 0 and at most 1024, got 0"),
        ({"n_heads": 0}, "n_heads must be"),
        ({"vocab_size": 0}, "vocab_size must be"),
        ({"context_size": 2.5}, "context_size must be"),
        ({"dropout": 1.0}, "dropout must be a number from 0 to below 1"),
        ({"dropout": -0.1}, "dropout must be"),
    ],
)
def test_invalid_sizes_are_refused_by_their_parameter_names(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        GPT(**{**SHAPE, **change})


def test_data_of_another_vocabulary_or_context_is_refused_in_one_sentence() -> None:
    model = GPT(**SHAPE)
    with pytest.raises(ConfigurationError, match="x has the id 50, but the model's vocab_size is 50: give GPT"):
        model(torch.tensor([[1, 50]]))
    with pytest.raises(ConfigurationError, match="x has 9 ids in a row, more than the model's context_size 8"):
        model(torch.zeros(1, 9, dtype=torch.int64))


@pytest.mark.parametrize("x", [torch.zeros(3, dtype=torch.int64), torch.zeros(2, 3), torch.zeros(2, 3) > 0, [[1, 2]]])
def test_something_that_is_not_a_batch_of_ids_is_refused_in_one_sentence(x: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"x must be a tensor of token ids \[batch, time\], torch.int64, got"):
        GPT(**SHAPE)(x)


def test_targets_are_refused_with_the_way_to_compute_the_loss() -> None:
    x_BT = torch.zeros(2, 3, dtype=torch.int64)
    with pytest.raises(ConfigurationError, match=r"the loss is F\.cross_entropy"):
        GPT(**SHAPE)(x_BT, x_BT)
