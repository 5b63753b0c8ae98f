"""Impossible configurations are refused by field."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import SIZES, GPTConfiguration

TINY = GPTConfiguration.named("tiny", vocab_size=8192, context_size=512)


@pytest.mark.parametrize("name", SIZES)
def test_named_sizes_have_heads_of_64(name: str) -> None:
    assert GPTConfiguration.named(name, vocab_size=100, context_size=8).head_width == 64


def test_an_unknown_size_is_named_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="'huge'; choose one of tiny, small, medium, large"):
        GPTConfiguration.named("huge", vocab_size=100, context_size=8)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vocab_size", 0),
        ("vocab_size", 2.5),
        ("num_layers", True),
        ("num_states", -1),
        ("rope_theta", float("nan")),
        ("norm_epsilon", 0.0),
        ("logit_soft_cap", 61.0),
        ("model_width", 193),
        ("num_key_value_heads", 2),
        ("head_std", -0.1),
        ("tie_head", 1),
        ("input_norm", None),
        ("dropout", 1),
        ("dropout", 1.0),
        ("dropout", -0.1),
        ("dropout", True),
        ("dropout", float("nan")),
    ],
)
def test_a_field_out_of_range_is_named(field: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=field):
        replace(TINY, **{field: value})
