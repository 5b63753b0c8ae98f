"""Invalid settings are refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.errors import ConfigurationError
from schemalm.reference.configuration import ReferenceConfiguration


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("engine", "jax"),
        ("model", "trigram"),
        ("schedule", "step"),
        ("dtype", "float16"),
        ("n_layer", 0),
        ("steps", -1),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("init_std", float("inf")),
        ("beta2", 1.5),
        ("seed", -1),
        ("n_embd", 12),
    ],
)
def test_a_field_out_of_range_is_named(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=field):
        ReferenceConfiguration(**{field: value})


def test_the_model_is_schemalms_model_without_extensions() -> None:
    model = ReferenceConfiguration(n_layer=3, tie_head=True, input_norm=False).model_configuration(vocab_size=9)
    assert (model.num_layers, model.model_width, model.mlp_width, model.head_width) == (3, 16, 64, 4)
    assert (model.num_states, model.num_echoes, model.tie_head, model.input_norm) == (0, 0, True, False)
