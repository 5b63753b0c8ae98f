"""The measured speed of matrix products is plausible."""

from __future__ import annotations

import torch

from schemalm.training.peak import matmul_peak


def test_the_peak_is_plausible() -> None:
    assert 1e8 < matmul_peak(torch.device("cpu"), torch.float32) < 1e16
