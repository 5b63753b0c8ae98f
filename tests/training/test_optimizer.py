"""Every parameter has its optimizer, only matrices decay, and the state survives a round trip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import distributed
from torch._subclasses.fake_tensor import FakeTensorMode

from schemalm.errors import CheckpointError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.configuration import OPTIMIZERS, TrainingConfiguration
from schemalm.training.optimizer import Optimizers
from schemalm.training.processes import Processes

MODEL = GPTConfiguration.named("tiny", vocab_size=16, context_size=4, num_states=3, num_echoes=2)
ALONE = Processes(torch.device("cpu"))
UNDECAYED = ("tokens.weight", "states.weight", "states_out.weight", "echo")


def configured(optimizer: str) -> TrainingConfiguration:
    return TrainingConfiguration(num_steps=10, optimizer=optimizer, warmup_steps=0)


def stepped(optimizer: str, shape: GPTConfiguration = MODEL) -> tuple[GPT, Optimizers]:
    model = GPT(shape)
    model.initialize(0)
    optimizers = Optimizers(model, configured(optimizer), ALONE)
    states, echoes = (torch.ones(1, 3, width, dtype=torch.int64) for width in (2, 2))
    model(torch.tensor([[1, 2, 3]]), states, echoes).square().sum().backward()
    optimizers.step(1)
    return model, optimizers


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_step_changes_every_parameter_and_clears_the_gradients(optimizer: str) -> None:
    before = GPT(MODEL)
    before.initialize(0)
    model, _ = stepped(optimizer)
    for (name, old), new in zip(before.named_parameters(), model.parameters(), strict=True):
        if not name.startswith("layers"):  # outputs that start at zero block the gradient of the layers
            assert not torch.equal(old, new), name
        assert new.grad is None


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_matrices_decay_and_embeddings_do_not(optimizer: str) -> None:
    model = GPT(MODEL)
    model.initialize(0)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    optimizers = Optimizers(model, replace(configured(optimizer), weight_decay=1.0), ALONE)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizers.step(1)
    for name, parameter in model.named_parameters():
        shrinks = bool(before[name].any()) and name not in UNDECAYED
        assert bool((parameter.norm() < before[name].norm()).item()) == shrinks, name


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_saved_state_is_restored(optimizer: str) -> None:
    model, optimizers = stepped(optimizer)
    tensors = optimizers.tensors()
    other = Optimizers(model, configured(optimizer), ALONE)
    other.restore(tensors)
    restored = other.tensors()
    assert tensors.keys() == restored.keys()
    assert all(torch.equal(tensors[name], restored[name]) for name in tensors)


@pytest.fixture
def group() -> Iterator[None]:
    """A group of processes with only this one."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.slow
@pytest.mark.parametrize("shard_optimizer", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_restored_state_is_on_the_device_of_its_parameter(group: None, optimizer: str, shard_optimizer: bool) -> None:
    tensors = stepped(optimizer)[1].tensors()
    configuration = replace(configured(optimizer), shard_optimizer=shard_optimizer)
    with torch.device("meta"):
        model = GPT(MODEL)
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:  # tensors of a device that the machine may not have
        model.to_empty(device="cuda")
        optimizers = Optimizers(model, configuration, Processes(torch.device("cuda"), size=2))
        optimizers.restore({name: mode.from_tensor(tensor) for name, tensor in tensors.items()})
    local = [getattr(part, "optim", part) for part, *_ in optimizers._parts]
    states = [state for part in local for state in part.state.values()]
    found = {(quantity, tensor.device.type) for state in states for quantity, tensor in state.items()}
    assert len(states) == len(list(model.parameters()))
    assert {device for _, device in found} == {"cuda"}
    assert "step" in {quantity for quantity, _ in found}


def test_only_hidden_matrices_use_muon() -> None:
    names = stepped("muon")[1].tensors().keys()
    by_muon = {name.removesuffix("/momentum_buffer") for name in names if name.endswith("/momentum_buffer")}
    assert by_muon == {name for name, _ in GPT(MODEL).named_parameters() if name.startswith("layers")}


def test_a_tied_head_is_optimized_like_the_embedding() -> None:
    assert "head.weight/exp_avg" not in stepped("muon", replace(MODEL, tie_head=True))[1].tensors()


def test_state_of_another_model_or_optimizer_is_refused() -> None:
    _, optimizers = stepped("muon")
    tensors = optimizers.tensors()
    del tensors["head.weight/exp_avg"]
    with pytest.raises(CheckpointError, match=r"head\.weight/exp_avg"):
        optimizers.restore(tensors)
    with pytest.raises(CheckpointError, match="another model"):
        optimizers.restore(stepped("adamw")[1].tensors())
