"""Muon in blocks equals torch's Muon on each block alone, and keeps the size of its updates."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.muon import NUM_ITERATIONS, Muon, groups_of, orthogonalize

MODEL = replace(GPTConfiguration.named("tiny", vocab_size=16, context_size=4), num_layers=2)
BLOCK = MODEL.head_width
RATE, DECAY = 0.02, 0.1


def with_gradients(shape: GPTConfiguration, scale: float = 1.0) -> GPT:
    model = GPT(shape)
    model.initialize(0)
    generator = torch.Generator().manual_seed(1)
    for parameter in model.layers.parameters():
        parameter.grad = scale * torch.randn(parameter.shape, generator=generator)
    return model


def step(model: GPT) -> None:
    Muon(groups_of(model), RATE, DECAY, model.configuration.head_width).step()


def blocks_apart(matrix: Tensor, axis: int, block_size: int) -> list[Tensor]:
    """Return each block as a parameter of its own."""
    found = []
    for part, gradient in zip(
        matrix.detach().split(block_size, axis), matrix.grad.split(block_size, axis), strict=True
    ):
        block = torch.nn.Parameter(part.clone())
        block.grad = gradient.clone()
        found.append(block)
    return found


@pytest.mark.parametrize("mlp_width", [MODEL.mlp_width, 100])
def test_each_block_is_updated_as_by_torch_alone(mlp_width: int) -> None:
    model = with_gradients(replace(MODEL, mlp_width=mlp_width))
    apart = [
        (matrix, group["axis"], blocks_apart(matrix, group["axis"], BLOCK))
        for group in groups_of(model)
        for matrix in group["params"]
    ]
    for matrix, axis, blocks in apart:
        # torch scales by the shape of what it gets: sqrt(max(1, rows / columns)).
        rows, columns = blocks[0].shape
        scale = math.sqrt(len(matrix) / matrix.shape[axis]) / math.sqrt(max(1, rows / columns))
        for block in blocks:
            lone = math.sqrt(max(1, rows / columns) / max(1, block.shape[0] / block.shape[1]))
            rate = RATE * scale * lone
            torch.optim.Muon([block], lr=rate, weight_decay=DECAY * RATE / rate, ns_steps=NUM_ITERATIONS).step()
    step(model)
    for matrix, axis, blocks in apart:
        torch.testing.assert_close(matrix.detach(), torch.cat([block.detach() for block in blocks], axis))


def test_updates_have_the_size_of_torchs_whatever_the_gradients() -> None:
    for scale in (1e-6, 1.0, 1e3):
        model = with_gradients(MODEL, scale)
        before = {name: weight.detach().clone() for name, weight in model.layers.named_parameters()}
        step(model)
        for name, weight in model.layers.named_parameters():
            change = (weight - before[name] * (1 - RATE * DECAY)).square().mean().sqrt().item()
            assert change * math.sqrt(weight.shape[1]) == pytest.approx(RATE, rel=0.3), name


def test_all_matrices_of_the_layers_are_in_one_group() -> None:
    model = GPT(MODEL)
    grouped = [id(matrix) for group in groups_of(model) for matrix in group["params"]]
    assert sorted(grouped) == sorted(map(id, model.layers.parameters()))


def test_singular_values_become_about_one() -> None:
    blocks_NBD = torch.randn(3, 64, 192, generator=torch.Generator().manual_seed(0))
    values_NB = torch.linalg.svdvals(orthogonalize(blocks_NBD.bfloat16()).float())
    assert values_NB.min() > 0.3 and values_NB.max() < 1.3


def test_blocks_of_zeros_stay_zeros() -> None:
    assert not orthogonalize(torch.zeros(2, 4, 8, dtype=torch.bfloat16)).any()


def test_memory_is_bounded_without_another_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, in_parts = with_gradients(MODEL), with_gradients(MODEL)
    step(whole)
    monkeypatch.setattr("schemalm.training.muon._MAX_BATCH", 1)
    step(in_parts)
    for one, other in zip(whole.parameters(), in_parts.parameters(), strict=True):
        assert torch.equal(one, other)
