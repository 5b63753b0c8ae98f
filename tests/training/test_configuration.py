"""Settings that are out of range or contradict the data are refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from schemalm.dataset.echo import ORDERS
from schemalm.dataset.store import read_metadata
from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration
from schemalm.training.configuration import TrainingConfiguration


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_steps", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("warmup_steps", -1),
        ("min_learning_rate_fraction", 1.5),
        ("beta2", -0.1),
        ("checkpoint_every", 0),
        ("keep_checkpoints", 0),
        ("dtype", "float16"),
        ("device", "tpu9"),
        ("model", "gigantic"),
    ],
)
def test_a_field_out_of_range_is_named(field: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match="size" if field == "model" else field):
        TrainingConfiguration(**{"num_steps": 10, field: value})


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_accelerator_is_reported() -> None:
    with pytest.raises(ConfigurationError, match="no CUDA device"):
        TrainingConfiguration(num_steps=1, device="cuda")


def test_a_named_size_takes_its_vocabulary_and_context_from_the_data(data: Path) -> None:
    metadata = read_metadata(data)
    model = TrainingConfiguration(num_steps=1, model="tiny").model_configuration(metadata)
    assert (model.vocab_size, model.context_size, model.num_states, model.num_layers) == (64, 16, 10, 4)
    blind = TrainingConfiguration(num_steps=1, model="tiny", grammar_state=False).model_configuration(metadata)
    assert blind.num_states == 0


def test_a_model_that_does_not_fit_the_data_is_refused(data: Path) -> None:
    model = GPTConfiguration.named("tiny", vocab_size=64, context_size=16, num_states=10, num_echoes=len(ORDERS))
    metadata = read_metadata(data)
    for field in ("vocab_size", "context_size", "num_states"):
        wrong = TrainingConfiguration(num_steps=1, model=replace(model, **{field: 32}))
        with pytest.raises(ConfigurationError, match=f"{field} is 32, but the data requires"):
            wrong.model_configuration(metadata)
