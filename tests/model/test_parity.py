"""For the same weights, the GPT computes the same as `NanoChatForCausalLM` of `transformers`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.transformers_names import from_transformers, to_transformers, transformers_settings

transformers = pytest.importorskip("transformers", reason="the extra `compare` is not installed")

SHAPES = [
    GPTConfiguration(
        vocab_size=vocab_size,
        context_size=context_size,
        num_layers=num_layers,
        num_heads=num_heads,
        num_key_value_heads=num_key_value_heads,
        model_width=model_width,
        mlp_width=mlp_width,
        rope_theta=rope_theta,
        norm_epsilon=norm_epsilon,
        logit_soft_cap=logit_soft_cap,
    )
    for (
        vocab_size, context_size, num_layers, num_heads, num_key_value_heads,
        model_width, mlp_width, rope_theta, norm_epsilon, logit_soft_cap,
    ) in [
        (64, 16, 1, 1, 1, 8, 32, 10_000.0, 1e-6, 15.0),
        (97, 33, 2, 4, 4, 32, 128, 10_000.0, 1e-6, 15.0),
        (50, 24, 3, 4, 2, 48, 100, 100_000.0, 1e-5, 5.0),
        (128, 64, 2, 6, 1, 24, 96, 500.0, 1e-3, 30.0),
        (70, 16, 1, 2, 2, 16, 64, 10_000, 1, 15),
    ]
]  # fmt: skip


def random_pair(configuration: GPTConfiguration) -> tuple[GPT, Any]:
    """Our model and theirs with the same random weights, all far from zero."""
    torch.manual_seed(configuration.vocab_size)
    model = GPT(configuration).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.normal_(std=0.3)
    theirs = transformers.NanoChatForCausalLM(
        transformers.NanoChatConfig(**transformers_settings(configuration))
    ).eval()
    theirs.load_state_dict(to_transformers(model.state_dict(), configuration), strict=True)
    return model, theirs


@pytest.mark.parametrize("configuration", SHAPES)
@pytest.mark.parametrize("num_tokens", [1, 7, None])
def test_logits_equal_those_of_transformers(configuration: GPTConfiguration, num_tokens: int | None) -> None:
    model, theirs = random_pair(configuration)
    tokens_BT = torch.randint(configuration.vocab_size, (3, num_tokens or configuration.context_size))
    with torch.no_grad():
        ours_BTV, theirs_BTV = model(tokens_BT), theirs(tokens_BT).logits
    assert ours_BTV.std() > 0.3  # so that the comparison means something
    torch.testing.assert_close(ours_BTV, theirs_BTV, rtol=0, atol=1e-4)


def test_a_tied_model_is_theirs_with_tied_embeddings() -> None:
    configuration = replace(SHAPES[1], tie_head=True)
    model, theirs = random_pair(configuration)
    assert theirs.get_output_embeddings().weight is theirs.get_input_embeddings().weight
    tokens_BT = torch.randint(configuration.vocab_size, (3, 9))
    with torch.no_grad():
        torch.testing.assert_close(model(tokens_BT), theirs(tokens_BT).logits, rtol=0, atol=1e-4)
    back = from_transformers(theirs.state_dict(), configuration)
    assert back.keys() == model.state_dict().keys()


def test_a_model_without_the_input_norm_is_refused() -> None:
    configuration = replace(SHAPES[1], input_norm=False)
    with pytest.raises(ConfigurationError, match="input norm"):
        transformers_settings(configuration)
    with pytest.raises(ConfigurationError, match="input norm"):
        to_transformers(GPT(configuration).state_dict(), configuration)


def test_names_translate_back() -> None:
    model, theirs = random_pair(SHAPES[2])
    back = from_transformers(theirs.state_dict(), SHAPES[2])
    assert back.keys() == model.state_dict().keys()
    assert all(torch.equal(back[name], weight) for name, weight in model.state_dict().items())


def test_a_model_with_grammar_state_is_fed_through_input_embeddings() -> None:
    plain = SHAPES[1]
    configuration = GPTConfiguration(**{**vars(plain), "num_states": 11})
    _, theirs = random_pair(plain)
    model = GPT(configuration)
    states = torch.randn(11, plain.model_width)
    model.load_state_dict(
        {
            **from_transformers(theirs.state_dict(), plain),
            "states.weight": states,
            "states_out.weight": torch.zeros_like(states),
        }
    )
    tokens_BT, states_BT2 = torch.randint(97, (2, 9)), torch.randint(11, (2, 9, 2))
    embedded_BTD = theirs.get_input_embeddings()(tokens_BT) + states[states_BT2].sum(dim=2)
    with torch.no_grad():
        torch.testing.assert_close(
            model(tokens_BT, states_BT2), theirs(inputs_embeds=embedded_BTD).logits, rtol=0, atol=1e-4
        )
