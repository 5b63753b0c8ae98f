"""Estimates the memory that training needs, and measures the memory that is available."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from schemalm.errors import TrainingError
from schemalm.model.attention import BLOCK, blocks_are_fastest
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.loss import CHUNK_LOGITS
from schemalm.process_memory import peak_resident_bytes
from schemalm.training.configuration import DTYPES, TrainingConfiguration

_FLOAT32, _BFLOAT16, _INT64 = 4, 2, 8
# The loss keeps this many copies of a chunk of logits at once.
_LOGIT_COPIES = 4


@dataclass(frozen=True)
class Memory:
    """The most bytes that one process needs, by use."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    working: int

    @property
    def total(self) -> int:
        """The sum of all."""
        return self.weights + self.gradients + self.optimizer + self.activations + self.working


def needed_memory(
    model: GPT, configuration: TrainingConfiguration, device_type: str = "cpu", num_processes: int = 1
) -> Memory:
    """Return the memory that training `model` needs; the model may be on the device "meta".

    The optimizer keeps two numbers for each weight of AdamW and one for each of Muon. Activations are what the layers
    keep for the backward pass of the windows computed at once. Working memory is temporary: the logits of the loss,
    weights cast for products, gradients of activations, and memory that the allocator does not return. For the latter,
    half of the activations is added, as measured on a CPU.
    """
    shapes = model.configuration
    num_weights = model.num_parameters()
    num_hidden = sum(weight.numel() for weight in model.layers.parameters())
    num_by_muon = num_hidden if configuration.optimizer == "muon" else 0
    num_states = 2 * (num_weights - num_by_muon) + num_by_muon
    share = -(-configuration.batch_size // num_processes)
    num_windows = min(share, configuration.micro_batch_size or share)
    activations = num_windows * shapes.context_size * _bytes_per_token(shapes, configuration, device_type)
    is_mixed = configuration.dtype == "bfloat16"
    return Memory(
        weights=_FLOAT32 * num_weights,
        # With several processes, the buckets of the gradient exchange are a second copy.
        gradients=_FLOAT32 * num_weights * (1 if num_processes == 1 else 2),
        optimizer=_FLOAT32 * num_states // (num_processes if configuration.shard_optimizer else 1),
        activations=activations,
        working=_LOGIT_COPIES * _FLOAT32 * max(CHUNK_LOGITS[device_type], shapes.vocab_size)
        + (_BFLOAT16 * num_hidden if is_mixed else 0)
        + activations // 2,
    )


def _bytes_per_token(shapes: GPTConfiguration, configuration: TrainingConfiguration, device_type: str) -> int:
    """Return what the forward pass keeps of one token; a test compares it with what autograd saves."""
    width, inner, num_tokens = shapes.model_width, shapes.mlp_width, shapes.context_size
    if configuration.dtype == "bfloat16":
        number, layer = _BFLOAT16, (4 * _FLOAT32 + 9 * _BFLOAT16) * width + 2 * _BFLOAT16 * inner
    else:
        number, layer = _FLOAT32, _FLOAT32 * (11 * width + 2 * inner)
    if configuration.packing == "documents":
        layer += number * width  # the concatenated attention outputs of the documents
    if configuration.compile and blocks_are_fastest(
        device_type, DTYPES[configuration.dtype], num_tokens, shapes.dropout
    ):
        # The weights of attention, as they are and transposed, for half of the keys on average, in whole blocks.
        layer += 2 * number * shapes.num_heads * (num_tokens + min(BLOCK, num_tokens)) // 2
    # Outside the layers: the embedding, the last norm, the head's input with its gradient, and two numbers for each
    # echo and recall (`named_rows.py`).
    ends = _FLOAT32 * width * 4 + 2 * _INT64 * (shapes.num_echoes + shapes.num_recalls)
    if configuration.activation_checkpointing:
        return ends + layer + shapes.num_layers * _FLOAT32 * width
    return ends + layer * shapes.num_layers


def available_memory(device: torch.device) -> int | None:
    """Return the free bytes on a device, or None if the system does not report them."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:")), None)


def check_memory(model: GPT, configuration: TrainingConfiguration, device: torch.device, num_processes: int) -> None:
    """Raise `TrainingError` if training needs more memory than is available; the message names the setting to lower."""
    needed = needed_memory(model, configuration, device.type, num_processes)
    available = available_memory(device)
    if available is None or needed.total <= available:
        return
    advice = "a smaller model"
    if needed.total - needed.activations - needed.working < available:
        size = configuration.micro_batch_size or configuration.batch_size
        advice = f"a micro_batch_size under {size}" if size > 1 else "activation_checkpointing"
    raise TrainingError(
        f"training needs about {gibibytes(needed.total)}, {gibibytes(needed.activations)} of it for activations, but "
        f"only {gibibytes(available)} are free on {device}: use {advice}"
    )


def peak_memory(device: torch.device) -> int:
    """Return the most bytes that this process has used, on a GPU those of its tensors; 0 if unknown."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return peak_resident_bytes()


def gibibytes(num_bytes: int) -> str:
    """Return a number of bytes for people."""
    return f"{num_bytes / (1 << 30):.2f} GiB"
