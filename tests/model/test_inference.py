"""Decoding gives the logits of the GPT, whatever the rows, their lengths and the pieces that they are read in."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.inference import InferenceModel, Linear, Segment

PLAIN = GPTConfiguration(
    vocab_size=50,
    context_size=24,
    num_layers=2,
    num_heads=4,
    num_key_value_heads=2,
    model_width=32,
    mlp_width=64,
)
TOLD = replace(PLAIN, num_states=9, num_echoes=4)
RECALLING = replace(TOLD, num_recalls=3, num_certainties=5)
CONFIGURATIONS = [
    PLAIN,
    TOLD,
    RECALLING,
    replace(TOLD, num_key_value_heads=4, tie_head=True, input_norm=False),
    replace(PLAIN, num_states=9),
]


def random_model(configuration: GPTConfiguration) -> GPT:
    """A model without zeros in its weights."""
    model = GPT(configuration)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    return model.eval().requires_grad_(False)


def random_input(num_rows: int, num_tokens: int, num_recalls: int = 0) -> tuple[Tensor, Tensor]:
    """Tokens [B, T], with the side features before the next ones [B, T, F]; some echoes and recalls are unknown."""
    generator = torch.Generator().manual_seed(2)

    def draw(limit: int, *shape: int) -> Tensor:
        return torch.randint(limit, (num_rows, num_tokens, *shape), generator=generator)

    tokens_BTR = draw(50, num_recalls) * draw(2, num_recalls)
    recalls_BTF = torch.stack([tokens_BTR, draw(5, num_recalls)], dim=-1).flatten(2)
    return draw(50), torch.cat([draw(9, 2), draw(50, 4) * draw(2, 4), recalls_BTF], dim=-1)


def logits_of(model: GPT, tokens_BT: Tensor, side_features_BTF: Tensor) -> Tensor:
    """The logits of whole rows."""
    states_BT2 = side_features_BTF[:, :, :2] if model.states is not None else None
    echoes_BTE = side_features_BTF[:, :, 2:6] if model.echo is not None else None
    recalls_BTR2 = side_features_BTF[:, :, 6:].unflatten(2, (-1, 2)) if model.recall is not None else None
    logits_BTV: Tensor = model(tokens_BT, states_BT2, echoes_BTE, recalls_BTR2)
    return logits_BTV


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@settings(max_examples=5)
@given(counts=st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=1, max_size=12))
def test_rows_that_are_read_in_pieces_have_the_logits_of_one_pass(
    configuration: GPTConfiguration, counts: list[list[int]]
) -> None:
    model = random_model(configuration)
    decoder = InferenceModel(model)
    tokens_BT, side_features_BTF = random_input(3, 24, configuration.num_recalls)
    expected_BTV, cache = logits_of(model, tokens_BT, side_features_BTF), decoder.make_cache(3)
    for pieces in counts:
        new = zip(range(3), cache.lengths, pieces, strict=True)
        spans = [(row, begin, min(begin + count, 24)) for row, begin, count in new if count and begin < 24]
        if not spans:
            continue
        tokens_N, side_features_NF, wanted_NV = (
            torch.cat([whole[row, begin:end] for row, begin, end in spans])
            for whole in (tokens_BT, side_features_BTF, expected_BTV)
        )
        segments = [Segment(row, end - begin) for row, begin, end in spans]
        found_NV = decoder.logits(decoder.hidden(tokens_N, side_features_NF, segments, cache))
        torch.testing.assert_close(found_NV, wanted_NV, rtol=0, atol=1e-5)


def test_a_shorter_length_makes_a_row_forget_its_last_tokens() -> None:
    model = random_model(TOLD)
    decoder = InferenceModel(model)
    tokens_BT, side_features_BTF = random_input(2, 12)
    cache = decoder.make_cache(1)
    decoder.hidden(tokens_BT[0], side_features_BTF[0], [Segment(0, 12)], cache)
    cache.lengths[0] = 5
    tokens_BT[0, 5:], side_features_BTF[0, 5:] = tokens_BT[1, 5:], side_features_BTF[1, 5:]
    found_NV = decoder.logits(decoder.hidden(tokens_BT[0, 5:], side_features_BTF[0, 5:], [Segment(0, 7)], cache))
    expected_BTV = logits_of(model, tokens_BT, side_features_BTF)
    torch.testing.assert_close(found_NV, expected_BTV[0, 5:], rtol=0, atol=1e-5)


def test_a_full_row_is_an_error_and_is_unchanged() -> None:
    decoder = InferenceModel(random_model(PLAIN))
    tokens_BT, side_features_BTF = random_input(1, 24)
    cache = decoder.make_cache(2)
    decoder.hidden(tokens_BT[0], side_features_BTF[0], [Segment(1, 24)], cache)
    with pytest.raises(ConfigurationError, match="a row of 25 tokens does not fit in the context of 24"):
        decoder.hidden(tokens_BT[0, :1], side_features_BTF[0, :1], [Segment(1, 1)], cache)
    assert cache.lengths == [0, 24]


def test_every_product_is_computed_by_the_prepared_weights() -> None:
    shapes: list[tuple[int, ...]] = []

    def halved(weight: Tensor) -> Linear:
        shapes.append(tuple(weight.shape))
        return lambda x: x @ (weight / 2).T

    model = random_model(PLAIN)
    decoder = InferenceModel(model, halved)
    tokens_BT, side_features_BTF = random_input(1, 9)
    hidden_ND = decoder.hidden(tokens_BT[0], side_features_BTF[0], [Segment(0, 9)], decoder.make_cache(1))
    found_NV = decoder.logits(hidden_ND)
    for name, weight in model.named_parameters():
        if name != "tokens.weight":
            weight.copy_(weight / 2)
    torch.testing.assert_close(found_NV, logits_of(model, tokens_BT, side_features_BTF)[0], rtol=0, atol=1e-5)
    assert shapes == [(64, 32), (32, 32), (64, 32), (32, 64)] * 2 + [(50, 32)]
