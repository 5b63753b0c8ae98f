"""Memory is estimated in advance, close to what autograd keeps."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from schemalm.dataset.packing import PACKINGS
from schemalm.errors import TrainingError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training import memory
from schemalm.training.compilation import compile_model
from schemalm.training.configuration import DTYPES, TrainingConfiguration
from schemalm.training.memory import available_memory, check_memory, gibibytes, needed_memory, peak_memory

SHAPE = GPTConfiguration.named(
    "tiny", vocab_size=64, context_size=64, num_states=3, num_echoes=4, num_recalls=2, num_certainties=3
)
CONFIGURATION = TrainingConfiguration(num_steps=1, batch_size=4)
CPU = torch.device("cpu")


def saved_bytes(model: GPT, num_windows: int, dtype: torch.dtype, packing: str) -> int:
    """The bytes that autograd keeps of a forward pass through the layers, without parameters."""
    known = {weight.untyped_storage().data_ptr() for weight in (*model.parameters(), *model.buffers())}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known and not any(tensor.shape == weight.shape for weight in model.parameters()):
            kept[storage.data_ptr()] = tensor
        return tensor

    context_size = model.configuration.context_size
    shape = (num_windows, context_size)
    positions_BT = torch.arange(context_size // 2).repeat(num_windows, 2) if packing == "documents" else None
    widths = (), (2,), (SHAPE.num_echoes,), (SHAPE.num_recalls, 2)
    inputs = [torch.zeros(shape + width, dtype=torch.int64) for width in widths]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
            output = model.hidden(*inputs, positions_BT=positions_BT)
        assert output.vectors.requires_grad
        return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("recomputes", [False, True])
@pytest.mark.parametrize("packing", PACKINGS)
def test_activations_are_what_autograd_keeps(dtype: str, recomputes: bool, packing: str) -> None:
    model = GPT(SHAPE)
    model.recomputes = recomputes
    configuration = replace(CONFIGURATION, dtype=dtype, activation_checkpointing=recomputes, packing=packing)
    twice = replace(configuration, batch_size=8)
    counted = needed_memory(model, twice).activations - needed_memory(model, configuration).activations
    kept = saved_bytes(model, 8, DTYPES[dtype], packing) - saved_bytes(model, 4, DTYPES[dtype], packing)
    counted -= 4 * SHAPE.context_size * 2 * 4 * SHAPE.model_width  # the loss keeps the head's input and its gradient
    if recomputes:
        counted -= 4 * SHAPE.context_size * one_layer(dtype, packing)
    assert counted == pytest.approx(kept, rel=0.15)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++ here")
@pytest.mark.filterwarnings("ignore")  # the compiler warns
@pytest.mark.parametrize("packing", PACKINGS)
def test_activations_of_compiled_attention_in_blocks_are_counted(packing: str) -> None:
    model = GPT(replace(SHAPE, context_size=512))
    compiled = replace(CONFIGURATION, dtype="bfloat16", compile=True, packing=packing)
    plain, once, twice = (
        needed_memory(model, configuration).activations
        for configuration in (replace(compiled, compile=False), compiled, replace(compiled, batch_size=8))
    )
    assert plain < once
    compile_model(model, torch.bfloat16)
    kept = saved_bytes(model, 8, torch.bfloat16, packing) - saved_bytes(model, 4, torch.bfloat16, packing)
    assert twice - once == pytest.approx(kept, rel=0.15)


def one_layer(dtype: str, packing: str) -> int:
    """What one layer keeps of one token while it is recomputed."""
    deeper = replace(SHAPE, num_layers=SHAPE.num_layers + 1)
    configuration = replace(CONFIGURATION, dtype=dtype, batch_size=1, packing=packing)
    sizes = [needed_memory(GPT(shape), configuration).activations for shape in (deeper, SHAPE)]
    return (sizes[0] - sizes[1]) // SHAPE.context_size


def test_parts_of_memory_depend_on_what_is_kept() -> None:
    model = GPT(SHAPE)
    num_weights, num_hidden = model.num_parameters(), sum(weight.numel() for weight in model.layers.parameters())
    by_adamw = needed_memory(model, replace(CONFIGURATION, optimizer="adamw"))
    assert (by_adamw.weights, by_adamw.gradients, by_adamw.optimizer) == (4 * num_weights,) * 2 + (8 * num_weights,)
    assert needed_memory(model, CONFIGURATION).optimizer == 8 * num_weights - 4 * num_hidden
    sharded = replace(CONFIGURATION, shard_optimizer=True)
    assert needed_memory(model, sharded, num_processes=4).optimizer * 4 == needed_memory(model, CONFIGURATION).optimizer
    parts = (by_adamw.weights, by_adamw.gradients, by_adamw.optimizer, by_adamw.activations, by_adamw.working)
    assert by_adamw.total == sum(parts)


def test_micro_batches_and_processes_need_less() -> None:
    model = GPT(SHAPE)
    whole = needed_memory(model, CONFIGURATION).activations
    assert needed_memory(model, replace(CONFIGURATION, micro_batch_size=1)).activations < whole
    assert needed_memory(model, CONFIGURATION, num_processes=2).activations < whole


@pytest.mark.parametrize(
    ("settings", "available", "advice"),
    [
        ({}, 1 << 20, "a smaller model"),
        ({"batch_size": 4096}, 1 << 30, "a micro_batch_size under 4096"),
        ({"batch_size": 512, "micro_batch_size": 256}, 200 << 20, "a micro_batch_size under 256"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_with_the_setting_to_lower(
    settings: dict[str, int], available: int, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda device: available)
    with pytest.raises(TrainingError, match=advice):
        check_memory(GPT(SHAPE), replace(CONFIGURATION, **settings), CPU, 1)


def test_a_model_that_fits_is_not_refused_nor_if_memory_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    check_memory(GPT(SHAPE), CONFIGURATION, CPU, 1)
    monkeypatch.setattr(memory, "available_memory", lambda device: None)
    check_memory(GPT(SHAPE), replace(CONFIGURATION, batch_size=1 << 16), CPU, 1)


def test_the_memory_of_this_machine_is_known() -> None:
    assert peak_memory(CPU) > 1 << 20
    available = available_memory(CPU)
    assert available is None or available > 1 << 20
    assert gibibytes(3 << 29) == "1.50 GiB"
