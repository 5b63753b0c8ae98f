"""Number formats: products near those of float32, of weights that stay as they are."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.inference import InferenceModel, Segment
from schemalm.model.quantization import FORMATS, int8_linears, linears_of

SIZES = st.integers(min_value=1, max_value=40)
WIDTHS = st.integers(min_value=2, max_value=40)  # a model's widths are even
# The largest error of one product of numbers, relative to the largest: half a step for each number, and for the sum.
BOUNDS = {"float32": 1e-6, "bfloat16": 3 / 2**8, "int8": 1 / 127}


def drawn(seed: int, *shape: int) -> torch.Tensor:
    """Numbers whose rows have sizes far apart."""
    generator = torch.Generator().manual_seed(seed)
    scales = 10.0 ** torch.randint(-6, 4, (shape[0], 1), generator=generator)
    return torch.randn(*shape, generator=generator) * scales


@pytest.mark.parametrize("dtype", FORMATS)
@given(num_rows=SIZES, num_in=WIDTHS, num_out=SIZES, seed=st.integers(0, 1 << 20))
def test_products_are_near_those_of_float32(dtype: str, num_rows: int, num_in: int, num_out: int, seed: int) -> None:
    x_NI, weight_OI = drawn(seed, num_rows, num_in), drawn(seed + 1, num_out, num_in)
    product_NO = linears_of(dtype)(weight_OI)(x_NI)
    largest_NO = x_NI.abs().amax(1)[:, None] * weight_OI.abs().amax(1)
    error_NO = (product_NO - F.linear(x_NI.double(), weight_OI.double())).abs()
    assert product_NO.dtype == torch.float32
    assert bool((error_NO <= num_in * largest_NO * BOUNDS[dtype] * 1.01).all())


@given(num_rows=SIZES, num_in=WIDTHS, num_out=SIZES, seed=st.integers(0, 1 << 20))
def test_an_int8_row_does_not_depend_on_the_rows_beside_it(num_rows: int, num_in: int, num_out: int, seed: int) -> None:
    x_NI = drawn(seed, num_rows, num_in)
    multiply = int8_linears(drawn(seed + 1, num_out, num_in))
    alone_NO = torch.cat([multiply(row_I[None]) for row_I in x_NI])
    assert torch.equal(multiply(x_NI), alone_NO)


def test_int8_sums_of_the_largest_numbers_are_exact() -> None:
    ones = torch.ones(3, 4096)
    assert torch.equal(int8_linears(-ones)(ones), torch.full((3, 3), -4096.0))


def test_rows_of_zeros_give_zeros() -> None:
    weight = torch.tensor([[0.0, 0.0], [1.0, -2.0]])
    assert int8_linears(weight)(torch.tensor([[0.0, 0.0], [127.0, 0.0]])).tolist() == [[0, 0], [0, 128]]


@pytest.mark.parametrize("dtype", FORMATS)
def test_preparing_leaves_the_weights_as_they_are(dtype: str) -> None:
    weight = drawn(0, 5, 7)
    before = weight.clone()
    linears_of(dtype)(weight)(drawn(1, 2, 7))
    assert torch.equal(weight, before)


@pytest.mark.parametrize(("dtype", "least"), [("bfloat16", 0.9999), ("int8", 0.999)])
def test_a_model_gives_nearly_the_same_logits(dtype: str, least: float) -> None:
    configuration = GPTConfiguration.named("tiny", vocab_size=500, context_size=64)
    model = GPT(configuration)
    model.initialize(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)) * 0.05)
    exact, rounded = (logits_of(InferenceModel(model, linears_of(name))) for name in ("float32", dtype))
    assert float(F.cosine_similarity(exact.flatten(), rounded.flatten(), dim=0)) > least


def logits_of(model: InferenceModel) -> torch.Tensor:
    """Logits after 20 tokens of one row."""
    tokens_N = torch.arange(20)
    features_NF = torch.zeros(20, 2, dtype=torch.int64)
    return model.logits(model.hidden(tokens_N, features_NF, [Segment(0, 20)], model.make_cache(1)))


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="'int4'; choose one of float32, bfloat16, int8"):
        linears_of("int4")


def test_int8_is_refused_on_a_gpu() -> None:
    with pytest.raises(ConfigurationError, match="int8 is for CPUs, not for cuda; use bfloat16 there"):
        linears_of("int8", "cuda")
