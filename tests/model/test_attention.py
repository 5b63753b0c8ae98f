"""Documents in packed rows do not attend to each other: each is computed as if alone, in every implementation."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from schemalm.model import attention
from schemalm.model.attention import (
    PackedRows,
    attend_in_blocks,
    document_block_mask,
    document_lengths,
    document_mask,
    documents_of,
    flex_attend,
)
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.compilation import compile_model

CONTEXT_SIZE = 24
PLAIN = GPTConfiguration(
    vocab_size=50,
    context_size=CONTEXT_SIZE,
    num_layers=2,
    num_heads=4,
    num_key_value_heads=2,
    model_width=32,
    mlp_width=64,
)
TOLD = replace(PLAIN, num_states=9, num_echoes=4)
# Three rows; the second ends in padding.
LENGTHS = [[5, 1, 18], [7, 2, 4], [24]]


def positions_of(lengths: list[list[int]]) -> Tensor:
    rows = [[place for length in row for place in range(length)] for row in lengths]
    return torch.tensor([row + list(range(row.index(0) + row[-1] + 1, 99))[: CONTEXT_SIZE - len(row)] for row in rows])


def make_model(configuration: GPTConfiguration, dtype: torch.dtype = torch.float32) -> GPT:
    model = GPT(configuration, dtype=dtype)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    return model


def draw(configuration: GPTConfiguration) -> list[Tensor]:
    """Tokens, with states and echoes if the model takes them."""
    generator = torch.Generator().manual_seed(2)
    shapes = [(50, ()), (9, (2,)), (50, (4,))]
    drawn = [torch.randint(limit, (3, CONTEXT_SIZE, *shape), generator=generator) for limit, shape in shapes]
    return drawn if configuration.num_states else drawn[:1]


def alone(model: GPT, inputs: list[Tensor]) -> list[Tensor]:
    """The logits of each document in a row of its own."""
    found = []
    for row, lengths in enumerate(LENGTHS):
        begin = 0
        for length in lengths:
            found.append(model(*(array[row : row + 1, begin : begin + length] for array in inputs))[0])
            begin += length
    return found


def packed(model: GPT, inputs: list[Tensor]) -> list[Tensor]:
    logits_BTV = model(*inputs, positions_BT=positions_of(LENGTHS))
    return [
        part for row, lengths in zip(logits_BTV, LENGTHS, strict=True) for part in row[: sum(lengths)].split(lengths)
    ]


def gradients(model: GPT, logits: list[Tensor]) -> Tensor:
    for weight in model.parameters():
        weight.grad = None
    torch.stack([(document.tanh() * torch.arange(50)).sum() for document in logits]).sum().backward()
    return torch.cat([weight.grad.flatten() for weight in model.parameters()])


def difference(one: Tensor, other: Tensor) -> float:
    """The norm of the difference of two gradients, relative to the gradients."""
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize("recomputes", [False, True])
@pytest.mark.parametrize("configuration", [PLAIN, TOLD])
def test_documents_are_computed_as_if_alone_forward_and_back(configuration: GPTConfiguration, recomputes: bool) -> None:
    model, inputs = make_model(configuration), draw(configuration)
    model.recomputes = recomputes
    expected, found = alone(model, inputs), packed(model, inputs)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-5)
    assert difference(gradients(model, found), gradients(model, expected)) < 1e-5


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++ here")
@pytest.mark.filterwarnings("ignore")  # the compiler warns
@pytest.mark.parametrize(("dtype", "tolerance", "most"), [(torch.float32, 1e-5, 1e-5), (torch.bfloat16, 0.2, 0.03)])
def test_compiled_layers_compute_the_same_of_packed_rows(dtype: torch.dtype, tolerance: float, most: float) -> None:
    shallow = replace(PLAIN, num_layers=1)
    model, compiled, inputs = make_model(shallow), make_model(shallow), draw(shallow)
    compile_model(compiled, dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
        expected, found = packed(model, inputs), packed(compiled, inputs)
    torch.testing.assert_close(torch.cat(found), torch.cat(expected), rtol=0, atol=tolerance)
    assert difference(gradients(compiled, found), gradients(model, expected)) < most


def test_documents_of_narrow_types_are_computed_as_if_alone() -> None:
    model, inputs = make_model(PLAIN), draw(PLAIN)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected, found = alone(model, inputs), packed(model, inputs)
    torch.testing.assert_close(torch.cat(found), torch.cat(expected), rtol=0, atol=0.2)


def random_heads(num_heads: int) -> Tensor:
    generator = torch.Generator().manual_seed(num_heads)
    return torch.randn(3, num_heads, CONTEXT_SIZE, 8, generator=generator)


def test_padding_belongs_to_the_document_before_it() -> None:
    assert document_lengths(positions_of(LENGTHS)) == [[5, 1, 18], [7, 2, 15], [24]]


@pytest.mark.filterwarnings("ignore:flex_attention called without")
def test_masks_for_other_devices_are_equivalent() -> None:
    positions_BT, query, key, value = positions_of(LENGTHS), random_heads(4), random_heads(2), random_heads(2)
    layout = PackedRows(torch.ones(CONTEXT_SIZE, 4), torch.zeros(CONTEXT_SIZE, 4), positions_BT)
    expected = layout.attend(query, key, value, 0.0)
    mask = document_mask(positions_BT)
    masked = torch.nn.functional.scaled_dot_product_attention(query, key, value, mask, enable_gqa=True)
    flexible = flex_attend(query, key, value, document_block_mask(positions_BT))
    torch.testing.assert_close(masked, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(flexible, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("num_queries", [5, 24, 128])
@pytest.mark.parametrize("positions_BT", [None, positions_of(LENGTHS)])
def test_blocks_of_queries_are_attended_as_whole_rows(
    positions_BT: Tensor | None, num_queries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "BLOCK", num_queries)
    query, key = (torch.nn.functional.rms_norm(random_heads(number), (8,)) for number in (4, 2))
    value, documents_BT = random_heads(2) + 1, None if positions_BT is None else documents_of(positions_BT)
    mask = torch.ones(CONTEXT_SIZE, CONTEXT_SIZE, dtype=torch.bool).tril()
    mask = mask if positions_BT is None else document_mask(positions_BT)
    expected = torch.nn.functional.scaled_dot_product_attention(query, key, value, mask, enable_gqa=True)
    found = attend_in_blocks(query, key, value, documents_BT)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("positions_BT", [None, positions_of(LENGTHS)])
def test_dropout_applies_in_training_only_and_if_configured(positions_BT: Tensor | None) -> None:
    inputs = draw(TOLD)
    plain, dropping = make_model(TOLD), make_model(replace(TOLD, dropout=0.4))
    assert plain.state_dict().keys() == dropping.state_dict().keys()
    expected = plain(*inputs, positions_BT=positions_BT)
    assert torch.equal(dropping.eval()(*inputs, positions_BT=positions_BT), expected)
    dropping.train()
    torch.manual_seed(0)
    dropped = dropping(*inputs, positions_BT=positions_BT)
    assert not torch.allclose(dropped, expected, atol=1e-2)
    assert not torch.allclose(dropping(*inputs, positions_BT=positions_BT), dropped, atol=1e-2)
    torch.manual_seed(0)
    assert torch.equal(dropping(*inputs, positions_BT=positions_BT), dropped)


def test_dropout_applies_to_each_part_of_a_layer() -> None:
    model, inputs = make_model(replace(PLAIN, dropout=0.5, num_layers=1)), draw(PLAIN)
    with torch.no_grad():
        model.layers[0].down.weight.zero_()
        model.layers[0].attention.output.weight.zero_()
    # Only the embeddings are left.
    assert not torch.equal(model(*inputs), model(*inputs))
