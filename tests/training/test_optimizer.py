"""The optimizer decays matrices alone, and its state survives a round trip."""

from __future__ import annotations

import pytest
import torch

from schemalm.errors import CheckpointError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.optimizer import make_optimizer, optimizer_tensors, restore_optimizer

MODEL = GPTConfiguration.named("tiny", vocab_size=16, context_size=4, num_states=3)
CONFIGURATION = TrainingConfiguration(num_steps=1)


def stepped() -> tuple[GPT, torch.optim.Optimizer]:
    model = GPT(MODEL)
    model.initialize(0)
    optimizer = make_optimizer(model, CONFIGURATION)
    model(torch.tensor([[1, 2, 3]]), torch.ones(1, 3, 2, dtype=torch.int64)).square().sum().backward()
    optimizer.step()
    return model, optimizer


def test_every_parameter_is_trained_and_embeddings_do_not_decay() -> None:
    model = GPT(MODEL)
    decay = {
        id(parameter): group["weight_decay"]
        for group in make_optimizer(model, CONFIGURATION).param_groups
        for parameter in group["params"]
    }
    undecayed = ("tokens.weight", "states.weight", "states_out.weight", "echo")
    expected = {name: 0.0 if name in undecayed else 0.1 for name, _ in model.named_parameters()}
    assert {name: decay[id(parameter)] for name, parameter in model.named_parameters()} == expected


def test_saved_state_is_restored() -> None:
    model, optimizer = stepped()
    tensors = optimizer_tensors(model, optimizer)
    other = make_optimizer(model, CONFIGURATION)
    restore_optimizer(model, other, tensors)
    restored = optimizer_tensors(model, other)
    assert tensors.keys() == restored.keys()
    assert all(torch.equal(tensors[name], restored[name]) for name in tensors)


def test_state_of_another_model_is_refused() -> None:
    model, optimizer = stepped()
    tensors = optimizer_tensors(model, optimizer)
    del tensors["head.weight/exp_avg"]
    with pytest.raises(CheckpointError, match=r"head\.weight/exp_avg"):
        restore_optimizer(model, optimizer, tensors)
