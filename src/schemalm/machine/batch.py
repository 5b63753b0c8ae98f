"""Masks of many machines at once, as one tensor on any device.

A table on the device contains the packed rows that machines use. Each step gathers one row per machine and unpacks it
there. Only new rows, and the few tokens that free keys and guards forbid, are copied to the device. Training under the
mask unpacks the same rows with the same `unpack_masks`.

Tensor names: B machines, V vocabulary, R rows, P bytes of a packed row: ceil(V / 8).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from schemalm.machine.machine import Machine
from schemalm.machine.mask_tensors import unpack_masks
from schemalm.machine.masks import num_mask_bytes
from schemalm.machine.tables import Tables

# The row that admits no token, for complete documents.
NOTHING = -1
FIRST_CAPACITY = 64


class BatchMasks:
    """The masks of machines that share their tables, on a device.

    The table on the device has the same limit as the tables. The least recently used row is replaced, unless one batch
    needs more rows at once.
    """

    def __init__(self, tables: Tables, device: torch.device | str = "cpu") -> None:
        self._tables = tables
        self._vocab_size = len(tables.vocabulary)
        self._slots: OrderedDict[int, int] = OrderedDict({NOTHING: 0})
        self._table_RP = torch.zeros(FIRST_CAPACITY, num_mask_bytes(self._vocab_size), dtype=torch.uint8, device=device)

    @property
    def num_rows(self) -> int:
        """The number of rows on the device."""
        return len(self._slots)

    def masks(self, machines: Sequence[Machine]) -> Tensor:
        """Returns the tokens that may come next: bool [B, V] on the device. Row by row it equals `Machine.mask`."""
        rows = [machine.stack[-1].row if machine.stack else NOTHING for machine in machines]
        slots_B = torch.tensor(self._slots_of(rows), device=self._table_RP.device)
        masks_BV = unpack_masks(self._table_RP.index_select(0, slots_B), self._vocab_size)
        forbidden = [(index, token) for index, machine in enumerate(machines) for token in machine.forbidden_tokens()]
        named = [index for index, machine in enumerate(machines) if machine.has_named_mask]
        if named:
            rows_NV = torch.from_numpy(np.stack([machines[index].mask() for index in named]))
            masks_BV[torch.tensor(named, device=masks_BV.device)] = rows_NV.to(masks_BV.device)
        if forbidden:
            forbidden_N2 = torch.tensor(forbidden, device=masks_BV.device)
            masks_BV[forbidden_N2[:, 0], forbidden_N2[:, 1]] = False
        return masks_BV

    def _slots_of(self, rows: list[int]) -> list[int]:
        """Returns the index of each row in the device's table, after adding the rows that were missing."""
        new = dict.fromkeys(row for row in rows if row not in self._slots)
        for row in dict.fromkeys(rows):
            if row not in new:
                self._slots.move_to_end(row)
        if new:
            self._take_in(list(new), num_needed=len(set(rows)))
        return [self._slots[row] for row in rows]

    @torch.inference_mode()
    def _take_in(self, new: list[int], num_needed: int) -> None:
        """Copies rows to the device. At the limit they replace the least recently used rows."""
        limit = max(self._tables.num_packed, num_needed)
        for row in new:
            slot = len(self._slots)
            if slot >= limit:
                slot = self._slots.popitem(last=False)[1]
            self._slots[row] = slot
        while len(self._slots) > len(self._table_RP):
            self._table_RP = torch.cat([self._table_RP, torch.zeros_like(self._table_RP)])
        slots = torch.tensor([self._slots[row] for row in new], device=self._table_RP.device)
        packed = np.stack([self._row(row) for row in new])
        self._table_RP[slots] = torch.from_numpy(packed).to(self._table_RP.device)

    def _row(self, row: int) -> NDArray[np.uint8]:
        if row == NOTHING:
            return np.zeros(self._table_RP.shape[1], dtype=np.uint8)
        return self._tables.packed(row)


def advance(machines: Sequence[Machine], tokens_B: Tensor) -> None:
    """Makes every machine consume its token. Raises ValueError if a mask forbids one."""
    for machine, token in zip(machines, tokens_B.tolist(), strict=True):
        machine.advance(token)
