"""The GPT is causal and deterministic, and refuses input that does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.head_input import HeadInput
from schemalm.model.inputs import NEVER

PLAIN = GPTConfiguration(
    vocab_size=50,
    context_size=24,
    num_layers=2,
    num_heads=4,
    num_key_value_heads=2,
    model_width=32,
    mlp_width=64,
)
TOLD = replace(PLAIN, num_states=9, num_echoes=4, num_recalls=3, num_certainties=5)


def random_model(configuration: GPTConfiguration) -> GPT:
    """A model without zeros in its weights."""
    model = GPT(configuration)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    return model.eval().requires_grad_(False)


def random_input(num_rows: int, num_tokens: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Tokens, with the grammar states, echoes and recalls before the next ones."""
    generator = torch.Generator().manual_seed(2)

    def draw(limit: int, *shape: int) -> Tensor:
        return torch.randint(limit, (num_rows, num_tokens, *shape), generator=generator)

    return draw(50), draw(9, 2), draw(50, 4), torch.stack([draw(50, 3), draw(5, 3)], dim=-1)


def test_logits_are_float32_and_capped() -> None:
    tokens_BT, states_BT2, echoes_BTE, recalls_BTR2 = random_input(3, 24)
    logits_BTV = random_model(TOLD)(tokens_BT, states_BT2, echoes_BTE, recalls_BTR2)
    assert logits_BTV.shape == (3, 24, 50)
    assert logits_BTV.dtype == torch.float32
    assert logits_BTV.abs().max() <= 15


def test_no_position_attends_to_a_later_one() -> None:
    model = random_model(TOLD)
    tokens_BT, states_BT2, echoes_BTE, recalls_BTR2 = random_input(2, 20)
    before = model(tokens_BT, states_BT2, echoes_BTE, recalls_BTR2)
    for whole in (tokens_BT, states_BT2, echoes_BTE, recalls_BTR2):
        whole[:, 11:] = 0
    after = model(tokens_BT, states_BT2, echoes_BTE, recalls_BTR2)
    torch.testing.assert_close(before[:, :11], after[:, :11], rtol=0, atol=1e-5)
    assert not torch.allclose(before[:, 11:], after[:, 11:], atol=1e-2)


def test_a_model_with_zero_side_features_is_the_plain_one() -> None:
    told, plain = random_model(TOLD), GPT(PLAIN)
    weights = dict(told.state_dict())
    for name in [name for name in weights if name not in plain.state_dict()]:
        weights.pop(name).zero_()
    plain.load_state_dict(weights)
    tokens_BT, states_BT2, echoes_BTE, recalls_BTR2 = random_input(2, 20)
    assert torch.equal(told(tokens_BT, states_BT2, echoes_BTE, recalls_BTR2), plain(tokens_BT))


def test_each_of_the_two_states_matters() -> None:
    model = random_model(TOLD)
    tokens_BT, states_BT2, echoes_BTE, recalls_BTR2 = random_input(1, 6)
    logits = model(tokens_BT, states_BT2, echoes_BTE, recalls_BTR2)
    for which in range(2):
        changed = states_BT2.clone()
        changed[:, :, which] = (changed[:, :, which] + 1) % 9
        assert not torch.allclose(model(tokens_BT, changed, echoes_BTE, recalls_BTR2), logits, atol=1e-2)


def test_a_recall_matters_by_its_token_and_certainty_and_not_at_all_if_it_is_unknown() -> None:
    model = random_model(TOLD)
    tokens_BT, states_BT2, echoes_BTE, recalls_BTR2 = random_input(1, 6)
    recalls_BTR2[0, :, 0, 0] = 7

    def logits_with(place: tuple[int, int], value: int) -> Tensor:
        changed = recalls_BTR2.clone()
        changed[:, :, place[0], place[1]] = value
        logits: Tensor = model(tokens_BT, states_BT2, echoes_BTE, changed)
        return logits

    for place in ((0, 0), (0, 1)):
        assert not torch.allclose(logits_with(place, 3), logits_with(place, 4), atol=1e-2)
    recalls_BTR2[0, :, 0, 0] = NEVER
    assert torch.equal(logits_with((0, 1), 3), logits_with((0, 1), 4))


def test_the_same_seed_gives_the_same_weights_whatever_the_global_state() -> None:
    first, second = GPT(TOLD), GPT(TOLD)
    first.initialize(3)
    torch.rand(5)
    second.initialize(3)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    second.initialize(4)
    assert not torch.equal(first.tokens.weight, second.tokens.weight)


def test_a_fresh_model_is_almost_uniform() -> None:
    model = GPT(TOLD)
    model.initialize(0)
    assert model(*random_input(2, 20)).abs().max() < 0.1


def test_input_that_does_not_fit_is_refused() -> None:
    tokens_BT, states_BT2, echoes_BTE, recalls_BTR2 = random_input(1, 8)
    with pytest.raises(ConfigurationError, match="takes no grammar state"):
        random_model(PLAIN)(tokens_BT, states_BT2)
    with pytest.raises(ConfigurationError, match="takes no echoes"):
        random_model(PLAIN)(tokens_BT, echoes_BTE=echoes_BTE)
    with pytest.raises(ConfigurationError, match="takes no recalls"):
        random_model(PLAIN)(tokens_BT, recalls_BTR2=recalls_BTR2)
    with pytest.raises(ConfigurationError, match="needs the grammar state"):
        random_model(TOLD)(tokens_BT, echoes_BTE=echoes_BTE)
    with pytest.raises(ConfigurationError, match="needs the echoes"):
        random_model(TOLD)(tokens_BT, states_BT2)
    with pytest.raises(ConfigurationError, match="needs the recalls"):
        random_model(TOLD)(tokens_BT, states_BT2, echoes_BTE)
    with pytest.raises(ConfigurationError, match="25 tokens do not fit"):
        random_model(PLAIN)(torch.zeros(1, 25, dtype=torch.int64))


def test_parameters_and_operations_are_counted_as_by_hand() -> None:
    model = GPT(TOLD)
    matrices = 2 * (32 * 32 + 2 * 32 * 16 + 32 * 32 + 2 * 32 * 64) + 32 * 50
    boosts = 4 + 3 * 5
    assert model.num_parameters() == matrices + (50 + 2 * 9 + 2 * 4 + 2 * 3 * 5) * 32 + boosts
    assert model.flops_per_token() == 6 * matrices + 12 * 2 * 32 * 24


def test_a_tied_head_is_the_token_embedding() -> None:
    tied, untied = random_model(replace(PLAIN, tie_head=True)), random_model(PLAIN)
    assert tied.head_weight is tied.tokens.weight
    assert "head.weight" not in tied.state_dict()
    assert untied.num_parameters() - tied.num_parameters() == 50 * 32
    untied.load_state_dict({**tied.state_dict(), "head.weight": tied.tokens.weight})
    tokens_BT, *_ = random_input(2, 24)
    assert torch.equal(tied(tokens_BT), untied(tokens_BT))


def test_without_the_input_norm_the_scale_of_embeddings_matters() -> None:
    tokens_BT, *_ = random_input(2, 24)
    for input_norm in (True, False):
        model = random_model(replace(PLAIN, input_norm=input_norm))
        before_BTV = model(tokens_BT)
        model.tokens.weight *= 2
        assert torch.allclose(model(tokens_BT), before_BTV, atol=1e-4) == input_norm


def test_a_model_in_float64_computes_everything_in_float64() -> None:
    model = GPT(PLAIN, dtype=torch.float64)
    model.load_state_dict(random_model(PLAIN).state_dict())
    tokens_BT, *_ = random_input(2, 24)
    logits_BTV = model(tokens_BT)
    assert logits_BTV.dtype == torch.float64
    assert {buffer.dtype for buffer in model.buffers()} == {torch.float64}
    torch.testing.assert_close(logits_BTV.float(), random_model(PLAIN)(tokens_BT), rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrower_logits_are_made_float32(dtype: torch.dtype) -> None:
    model = random_model(PLAIN).to(dtype)
    assert model.logits(HeadInput.plain(torch.zeros(1, 32, dtype=dtype))).dtype == torch.float32
