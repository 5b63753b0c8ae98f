"""Compiled layers compute the same as uncompiled ones; if nothing can be compiled, the error says so."""

from __future__ import annotations

import shutil

import pytest
import torch

from schemalm.errors import ConfigurationError
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.compilation import compile_layers

SHAPE = GPTConfiguration(
    vocab_size=32,
    context_size=8,
    num_layers=2,
    num_heads=1,
    num_key_value_heads=1,
    model_width=16,
    mlp_width=32,
)


def make_model() -> GPT:
    model = GPT(SHAPE)
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2, generator=torch.Generator().manual_seed(0))
    return model


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler, and there is no g++ here")
@pytest.mark.filterwarnings("ignore")  # the compiler warns
def test_compiled_layers_compute_the_same() -> None:
    tokens = torch.arange(8)[None]
    plain, compiled = make_model(), make_model()
    compile_layers(compiled)
    assert torch.allclose(plain(tokens), compiled(tokens), atol=1e-5)
    for model in (plain, compiled):
        model(tokens).square().mean().backward()
    gradients = [torch.cat([weight.grad.flatten() for weight in model.parameters()]) for model in (plain, compiled)]
    assert torch.allclose(*gradients, atol=1e-5)
    assert compiled.state_dict().keys() == plain.state_dict().keys()


def test_if_nothing_can_be_compiled_the_error_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(function: object) -> object:
        def compiled(tensor: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("no C++ compiler\nin a long story")

        return compiled

    monkeypatch.setattr(torch, "compile", fail)
    with pytest.raises(ConfigurationError, match=r"\(RuntimeError: no C\+\+ compiler\): install .* train without"):
        compile_layers(make_model())
