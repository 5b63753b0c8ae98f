"""Documents are drawn from the model's distribution, with drafts and without."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from schemalm.compilation import compile_schema
from schemalm.dataset.echo import ORDERS
from schemalm.generation import Run, score
from schemalm.generation.engine import Engine, Request
from schemalm.generation.sampling import Sampling
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.tokenizer import Tokenizer

# Each of the two items is a choice among three tokens, and the second has an echo.
SCHEMA: dict[str, Any] = {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "maxItems": 2}
NUM_DRAWS = 100_000


@pytest.fixture(scope="module")
def tiny() -> Run:
    """A model with random weights that are large enough for uneven choices."""
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    model = GPT(
        GPTConfiguration(
            vocab_size=tokenizer.vocab_size,
            context_size=12,
            num_layers=1,
            num_heads=1,
            num_key_value_heads=1,
            model_width=4,
            mlp_width=4,
            num_echoes=len(ORDERS),
        )
    )
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    return Run(Path(), model.requires_grad_(False), tokenizer, {"data": {"stride": 4}}, 0, torch.device("cpu"))


@pytest.mark.slow
@pytest.mark.parametrize("drafts", [False, True])
def test_documents_have_the_probabilities_that_they_score(
    tiny: Run, drafts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("schemalm.generation.drafts.ROW_COST", 0.0)  # drafts whatever their chance
    engine = Engine(tiny, 500, drafts=drafts)
    counts: Counter[tuple[int, ...]] = Counter()
    num_accepted = 0
    choose_all = engine._choose_all

    def counted(*arguments: Any) -> int:
        nonlocal num_accepted
        num_accepted += (accepted := choose_all(*arguments))
        return accepted

    engine._choose_all = counted  # type: ignore[method-assign]
    for piece in engine.write(Request(number, 7, 20, sampling=Sampling(1.0)) for number in range(NUM_DRAWS)):
        if piece.generated is not None:
            counts[tuple(piece.generated.tokens)] += 1
    assert (num_accepted > NUM_DRAWS / 20) == drafts
    expected = {
        tokens: NUM_DRAWS * math.exp(sum(logprobs))
        for tokens, logprobs in zip(counts, score(tiny, counts), strict=True)
    }
    assert len(expected) == 9
    assert sum(expected.values()) == pytest.approx(NUM_DRAWS, rel=1e-4)
    statistic = sum((counts[tokens] - mean) ** 2 / mean for tokens, mean in expected.items())
    assert statistic < 26.1  # of 8 degrees of freedom: exceeded by chance once in a thousand seeds
