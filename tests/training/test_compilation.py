"""Compiled layers and losses equal uncompiled ones; if nothing can be compiled, the error says so."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from torch import _dynamo as dynamo

from schemalm.errors import ConfigurationError
from schemalm.machine.masks import pack_masks
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.head_input import HeadInput
from schemalm.model.loss import head_cross_entropy
from schemalm.training.compilation import compilation_error, compile_model

SHAPE = GPTConfiguration(
    vocab_size=32,
    context_size=8,
    num_layers=2,
    num_heads=1,
    num_key_value_heads=1,
    model_width=16,
    mlp_width=32,
)


def make_model(shape: GPTConfiguration = SHAPE) -> GPT:
    model = GPT(shape)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2, generator=torch.Generator().manual_seed(0))
    return model


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++ here")
@pytest.mark.filterwarnings("ignore")  # the compiler warns
def test_compiled_layers_compute_the_same() -> None:
    tokens = torch.arange(8)[None]
    plain, compiled = make_model(), make_model()
    compile_model(compiled, torch.float32)
    assert torch.allclose(plain(tokens), compiled(tokens), atol=1e-5)
    for model in (plain, compiled):
        model(tokens).square().mean().backward()
    gradients = [torch.cat([weight.grad.flatten() for weight in model.parameters()]) for model in (plain, compiled)]
    assert torch.allclose(*gradients, atol=1e-5)
    assert compiled.state_dict().keys() == plain.state_dict().keys()


# Kernels transpose tiles of at most 32 x 32 numbers, so smaller heads and rows would not show what g++ makes of these.
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++ here")
@pytest.mark.filterwarnings("ignore")  # the compiler warns
@pytest.mark.parametrize("num_tokens", [64, 320])
def test_compiled_gradients_of_heads_of_usual_width_are_those_of_plain_layers_in_bfloat16(num_tokens: int) -> None:
    shape = replace(SHAPE, context_size=num_tokens, num_layers=1, model_width=64)
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randint(SHAPE.vocab_size, (2, num_tokens), generator=generator)
    wanted = torch.randn(2, num_tokens, SHAPE.vocab_size, generator=generator)
    plain, compiled = make_model(shape), make_model(shape)
    compile_model(compiled, torch.bfloat16)
    for model in (plain, compiled):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(tokens)
        (logits.float() * wanted).sum().backward()
    for name, weight in plain.named_parameters():
        found, expected = compiled.get_parameter(name).grad, weight.grad
        assert found is not None and expected is not None
        assert float((found - expected).norm() / expected.norm()) < 0.1, name  # rounding makes up to 0.04


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++ here")
@pytest.mark.filterwarnings("ignore")  # the compiler warns
@pytest.mark.parametrize("masked", [False, True])
def test_the_compiled_loss_equals_the_plain_one(masked: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    model, hidden_BTD = make_model(), torch.randn(2, 8, 16, generator=generator)
    named_BTJ, boosts_BTJ = torch.randint(32, (2, 8, 3), generator=generator), torch.randn(2, 8, 3, generator=generator)
    masks = torch.arange(32) >= torch.tensor([[0], [8]])
    targets_BT, nonterminals_BT = torch.arange(8, 24).view(2, 8), torch.arange(16).view(2, 8) % 2
    grammar = (nonterminals_BT, torch.from_numpy(pack_masks(masks.numpy()))) if masked else ()
    found = []
    for is_compiled in (False, True):
        model.is_compiled = is_compiled
        inputs = hidden_BTD.clone().requires_grad_(), boosts_BTJ.clone().requires_grad_(), model.head_weight
        hidden = HeadInput(inputs[0], named_BTJ, inputs[1])
        loss, _ = head_cross_entropy(model, hidden, targets_BT, *grammar)
        with torch.no_grad():
            alone, _ = head_cross_entropy(model, hidden, targets_BT, *grammar)
        found.append([loss.detach(), alone, *torch.autograd.grad(loss, inputs)])
    for plain, compiled in zip(*found, strict=True):
        torch.testing.assert_close(compiled, plain)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++ here")
@pytest.mark.filterwarnings("ignore")  # the compiler warns
def test_any_number_of_models_is_compiled_in_one_process() -> None:
    with dynamo.config.patch(recompile_limit=1, fail_on_recompile_limit_hit=True):
        for context_size in (8, 6, 4):
            model = make_model()
            compile_model(model, torch.float32)
            model(torch.arange(context_size)[None])


def test_if_nothing_can_be_compiled_the_error_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(function: object, *, options: object) -> object:
        def compiled(tensor: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no C++ compiler\nin a long story")

        return compiled

    monkeypatch.setattr(torch, "compile", fail)
    compilation_error.cache_clear()
    with pytest.raises(ConfigurationError, match=r"\(RuntimeError: no C\+\+ compiler\): install .* train without"):
        compile_model(make_model(), torch.float32)
    compilation_error.cache_clear()
