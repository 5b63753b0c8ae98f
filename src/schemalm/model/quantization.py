"""Number formats of generation: how `InferenceModel` multiplies by the weights.

In goes the name of a format; out come `Linears`, which prepare one weight matrix [out, in] and multiply float32 rows
[N, in] by it. Results are float32 in every format, and so is everything besides products: attention, norms, embeddings
and the cache. The given weights are not changed.

* `float32`: the weights as they are.
* `bfloat16`: weights and inputs rounded to 8 bits of precision. For GPUs, and CPUs with bfloat16 products.
* `int8`: for CPUs. Each row of the weights and each row of the inputs has its own scale, its largest absolute value, so
  that it becomes whole numbers from -127 to 127 (dynamic quantization). Sums of their products are exact. So the result
  of a row of inputs depends on that row alone, bit by bit, whatever rows stand beside it.

Rounding to whole numbers turns the last bits of a float into steps: where attention rounds differently for another
batch size, an `int8` document may differ from that of a batch of one.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from schemalm.errors import ConfigurationError
from schemalm.model.inference import Linear, Linears, plain_linears

# The largest whole number of int8, the same in both directions.
_LARGEST = 127
# The scale of a row of zeros: no division by zero.
_LEAST_SCALE = torch.finfo(torch.float32).tiny


def linears_of(dtype: str, device: torch.device | str = "cpu") -> Linears:
    """Return what prepares weights for a number format: "float32", "bfloat16" or "int8".

    Raises `ConfigurationError` for another name, and for int8 on another device than a CPU.
    """
    if dtype not in FORMATS:
        raise ConfigurationError(f"there is no number format {dtype!r}; choose one of {', '.join(FORMATS)}")
    device_type = torch.device(device).type
    if dtype == "int8" and device_type != "cpu":
        raise ConfigurationError(f"int8 is for CPUs, not for {device_type}; use bfloat16 there")
    return FORMATS[dtype]


def bfloat16_linears(weight: Tensor) -> Linear:
    """Multiply in bfloat16; sums are float32 inside the product, and rounded once at its end."""
    rounded = weight.to(torch.bfloat16)

    def multiply(x_NI: Tensor) -> Tensor:
        return torch.nn.functional.linear(x_NI.to(torch.bfloat16), rounded).float()

    return multiply


def int8_linears(weight: Tensor) -> Linear:
    """Multiply in whole numbers: weights rounded once with a scale for each output, inputs with one for each row.

    The weights need two inputs or more: torch's product of whole numbers is wrong for one.
    """
    scales_O1 = _scales(weight)
    whole_IO, scales_O = _whole(weight, scales_O1).T, scales_O1[:, 0]

    def multiply(x_NI: Tensor) -> Tensor:
        scales_N1 = _scales(x_NI)
        sums_NO = torch._int_mm(_whole(x_NI, scales_N1), whole_IO)
        return sums_NO.mul(scales_O).mul_(scales_N1)

    return multiply


def _scales(rows: Tensor) -> Tensor:
    return rows.abs().amax(dim=-1, keepdim=True).div_(_LARGEST).clamp_min_(_LEAST_SCALE)


def _whole(rows: Tensor, scales: Tensor) -> Tensor:
    return rows.div(scales).round_().to(torch.int8)


FORMATS: Mapping[str, Linears] = {
    "float32": plain_linears,
    "bfloat16": bfloat16_linears,
    "int8": int8_linears,
}
