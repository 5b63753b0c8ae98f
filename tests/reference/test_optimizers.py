"""Update rules equal torch's, for numbers and for arrays; rates follow their schedules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.optimizers import adamw, learning_rate, sgd

CONFIGURATION = ReferenceConfiguration(steps=10, learning_rate=0.5, weight_decay=0.1)


@pytest.mark.parametrize("rule", [sgd, adamw])
def test_a_rule_updates_a_number_an_array_and_a_torch_weight_equally(rule) -> None:
    generator = np.random.default_rng(0)
    array = generator.standard_normal(4)
    number = float(array[2])
    weight = torch.nn.Parameter(torch.tensor(array))
    optimizer: torch.optim.Optimizer = torch.optim.SGD([weight], lr=0.1)
    if rule is adamw:
        betas = (CONFIGURATION.beta1, CONFIGURATION.beta2)
        optimizer = torch.optim.AdamW([weight], lr=0.1, betas=betas, weight_decay=0.1)
    array_moments = number_moments = (0.0, 0.0)
    for step in range(1, 6):
        gradient = generator.standard_normal(4)
        array, array_moments = rule(array, gradient, array_moments, 0.1, step, CONFIGURATION)
        number, number_moments = rule(number, float(gradient[2]), number_moments, 0.1, step, CONFIGURATION)
        weight.grad = torch.tensor(gradient)
        optimizer.step()
    assert number == pytest.approx(array[2], abs=1e-14)
    np.testing.assert_allclose(array, weight.detach().numpy(), atol=1e-12)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", [0.5] * 10),
        ("linear", [0.5] * 6 + [0.4, 0.3, 0.2, 0.1]),
        ("cosine", [0.5, 0.488, 0.452, 0.397, 0.327, 0.25, 0.173, 0.103, 0.048, 0.012]),
    ],
)
def test_rates(schedule: str, rates: list[float]) -> None:
    configuration = replace(CONFIGURATION, schedule=schedule)
    assert [learning_rate(step, configuration) for step in range(1, 11)] == pytest.approx(rates, abs=1e-3)


def test_a_warm_down_over_all_steps_or_none() -> None:
    falling = replace(CONFIGURATION, warmdown_share=1.0)
    assert [learning_rate(step, falling) for step in (1, 10)] == pytest.approx([0.5, 0.05])
    assert learning_rate(10, replace(CONFIGURATION, warmdown_share=0.0)) == 0.5
