"""The number format of products follows the device's instructions; longer runs are compiled where that works."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from schemalm.training import suitable_settings as module
from schemalm.training.suitable_settings import suitable_dtype, with_suitable_settings


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": "AMD EPYC"}, "bfloat16"),
        ({"avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"avx512_bf16": True, "amx_bf16": False, "cpu_name": "Intel Xeon"}, "float32"),
        ({"avx512_bf16": True, "amx_bf16": True, "cpu_name": "Intel Xeon"}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bfloat16"),
        ({"avx512_f": True, "avx512_bf16": False}, "float32"),
        ({}, "float32"),
    ],
)
def test_a_processor_gets_bfloat16_if_it_has_fast_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, Any], expected: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert suitable_dtype("cpu") == expected


def test_where_torch_cannot_tell_products_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert suitable_dtype("cpu") == "float32"


@pytest.mark.parametrize(("is_supported", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_a_gpu_gets_bfloat16_if_it_does_not_emulate_it(
    monkeypatch: pytest.MonkeyPatch, is_supported: bool, expected: str
) -> None:
    def supports(*, including_emulation: bool) -> bool:
        return is_supported and not including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supports)
    assert suitable_dtype("cuda") == suitable_dtype("cuda:1") == expected


@pytest.mark.parametrize(
    ("error", "num_steps", "expected"), [(None, 1000, True), (None, 20, False), ("no compiler", 1000, False)]
)
def test_runs_of_many_steps_are_compiled_where_that_works(
    monkeypatch: pytest.MonkeyPatch, error: str | None, num_steps: int, expected: bool
) -> None:
    monkeypatch.setattr(module, "compilation_error", lambda device: error)
    assert with_suitable_settings({"num_steps": num_steps})["compile"] is expected


@pytest.mark.parametrize("settings", [{"num_steps": 1}, {"num_steps": 1000, "compile": False}])
def test_nothing_is_tried_for_a_few_steps_or_if_somebody_decides(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    monkeypatch.setattr(module, "compilation_error", lambda device: pytest.fail("was tried"))
    assert not with_suitable_settings(settings)["compile"]


def test_what_is_given_stays() -> None:
    given = {"num_steps": 1000, "dtype": "float32", "compile": True, "seed": 3}
    assert with_suitable_settings(given) == given
