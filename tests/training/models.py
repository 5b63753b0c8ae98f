"""The model that the training tests share."""

from __future__ import annotations

from schemalm.dataset.echo import ORDERS
from schemalm.model.configuration import GPTConfiguration

# For the synthetic data of `conftest.py`.
SMALL_MODEL = GPTConfiguration(
    vocab_size=64,
    context_size=16,
    num_layers=1,
    num_heads=2,
    num_key_value_heads=2,
    model_width=16,
    mlp_width=32,
    num_states=10,
    num_echoes=len(ORDERS),
)
