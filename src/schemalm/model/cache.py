"""The key-value cache: the keys and values of tokens already read, for rows of different lengths.

Each row of a batch has its own length, so rows may receive different numbers of tokens in one step. Storage is
allocated once. An extra entry at the end receives what padding writes; nothing reads it.

Tensor names: B batch, T new tokens, S cached entries, H key-value heads, K head width.
"""

from __future__ import annotations

import torch
from torch import Tensor

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration


class KeyValueCache:
    """Keys and values of up to `capacity` tokens for each of `batch_size` rows, and the length of each row."""

    def __init__(
        self,
        configuration: GPTConfiguration,
        batch_size: int,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.capacity = configuration.context_size
        shape = (
            configuration.num_layers,
            batch_size,
            configuration.num_key_value_heads,
            self.capacity + 1,
            configuration.head_width,
        )
        try:
            self._keys_LBHSK = torch.zeros(shape, device=device, dtype=dtype)
            self._values_LBHSK = torch.zeros(shape, device=device, dtype=dtype)
        except RuntimeError:
            raise ConfigurationError(
                f"not enough memory for a key-value cache of {batch_size} documents with a context of "
                f"{self.capacity:,} tokens: generate fewer at once"
            ) from None
        self._rows_B1 = torch.arange(batch_size, device=device)[:, None]
        self.lengths_B = torch.zeros(batch_size, dtype=torch.int64, device=device)

    def entries(self, num_new_B: Tensor, num_columns: int) -> tuple[Tensor, Tensor, int]:
        """Return positions and storage entries for `num_new_B` new tokens per row, right-padded to `num_columns`.

        Returns the positions [B, T], the storage entries [B, T] (the extra entry for padding), and the number of
        entries that attention must read. Raises `ConfigurationError` if a row would exceed the cache.
        """
        column_T = torch.arange(num_columns, device=self.lengths_B.device)
        position_BT = (self.lengths_B[:, None] + column_T).clamp(max=self.capacity - 1)
        entry_BT = torch.where(column_T < num_new_B[:, None], position_BT, self.capacity)
        num_entries = int((self.lengths_B + num_new_B).max())
        if num_entries > self.capacity:
            raise ConfigurationError(
                f"a row of {num_entries} tokens does not fit in the context of {self.capacity}: read a shorter "
                "window into a new cache, and take its rows with replace_rows"
            )
        return position_BT, entry_BT, max(num_entries, 1)

    def store(
        self, layer: int, keys_BHTK: Tensor, values_BHTK: Tensor, entry_BT: Tensor, num_entries: int
    ) -> tuple[Tensor, Tensor]:
        """Store a layer's new keys and values, and return views of the first `num_entries` of all [B, H, S, K]."""
        for store_LBHSK, new_BHTK in ((self._keys_LBHSK, keys_BHTK), (self._values_LBHSK, values_BHTK)):
            store_LBHSK[layer][self._rows_B1, :, entry_BT] = new_BHTK.transpose(1, 2).to(store_LBHSK.dtype)
        return self._keys_LBHSK[layer, :, :, :num_entries], self._values_LBHSK[layer, :, :, :num_entries]

    def replace_rows(self, rows: list[int], other: KeyValueCache) -> None:
        """Replace `rows` by the rows of another cache with the same configuration."""
        self._keys_LBHSK[:, rows] = other._keys_LBHSK
        self._values_LBHSK[:, rows] = other._values_LBHSK
        self.lengths_B[rows] = other.lengths_B
