"""The key-value cache: the keys and values of tokens already read, for rows of different lengths.

Each row of a batch has its own length, so rows may read different numbers of tokens in one step, and forget their last
tokens again: a shorter length is enough, because later tokens overwrite what lies behind it. Storage is allocated once.

Tensor names: B batch, N new tokens, S entries, H key-value heads, K head width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration


class KeyValueCache:
    """Keys and values of up to `capacity` tokens for each of `batch_size` rows.

    lengths: the number of tokens of each row. rows: by layer and row, the keys and the values, each [1, H, S, K].
    """

    def __init__(
        self,
        configuration: GPTConfiguration,
        batch_size: int,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.capacity = configuration.context_size
        self.lengths = [0] * batch_size
        self._num_heads = configuration.num_key_value_heads
        shape = (batch_size, 2, self._num_heads, self.capacity, configuration.head_width)
        try:
            self._layers = [torch.empty(shape, device=device, dtype=dtype) for _ in range(configuration.num_layers)]
        except RuntimeError:
            raise ConfigurationError(
                f"not enough memory for a key-value cache of {batch_size} documents with a context of "
                f"{self.capacity:,} tokens: generate fewer at once"
            ) from None
        # Entries as rows of one matrix, for writing, and by row of the batch, for reading.
        self._entries_EK = [layer.flatten(0, 3) for layer in self._layers]
        self.rows = [[(row[:1], row[1:]) for row in layer.unbind(0)] for layer in self._layers]

    def entries(self, rows_N: Tensor, positions_N: Tensor) -> Tensor:
        """Return the places in storage of new tokens, given the row and the position of each [N * 2 * H]."""
        head_J = torch.arange(2 * self._num_heads, device=rows_N.device)
        entry_NJ = (rows_N[:, None] * len(head_J) + head_J) * self.capacity + positions_N[:, None]
        return entry_NJ.flatten()

    def store(self, layer: int, entries: Tensor, keys_values_NJK: Tensor) -> None:
        """Store a layer's new keys and values [N, 2 * H, K] at their `entries`."""
        stored_EK = self._entries_EK[layer]
        stored_EK.index_copy_(0, entries, keys_values_NJK.flatten(0, 1).to(stored_EK.dtype))
