"""A step's gradients do not depend on how it is computed, and a lack of memory names the setting to lower."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from schemalm.dataset.loader import Loader, Rows
from schemalm.dataset.packing import PACKINGS
from schemalm.dataset.store import Split
from schemalm.dataset.windows import training_windows
from schemalm.errors import TrainingError
from schemalm.model.gpt import GPT
from schemalm.training import step as step_module
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.processes import Processes
from schemalm.training.step import GradientAccumulator, StepResult

from .models import SMALL_MODEL

MODEL = replace(SMALL_MODEL, num_layers=2)
CONFIGURATION = TrainingConfiguration(num_steps=1, model=MODEL, batch_size=6, gradient_clip=0.5)

MakeStepper = Callable[..., tuple[GPT, Callable[[], StepResult]]]


def load(data: Path, configuration: TrainingConfiguration) -> list[Rows]:
    """The first batch."""
    return next(
        Loader(
            training_windows(Split(data, "train")),
            configuration.batch_size,
            packing=configuration.packing,
            micro_batch_size=configuration.micro_batch_size,
        )
    )


@pytest.fixture
def make_stepper(data: Path) -> MakeStepper:
    """Return a new model and what computes its gradients; both are the same for each packing."""

    def make(*, step: int = 1, dropout: float = 0.0, **settings: object) -> tuple[GPT, Callable[[], StepResult]]:
        model = GPT(replace(MODEL, dropout=dropout))
        model.initialize(0)
        # Outputs that start at zero would block the gradients of the layers.
        for weight in model.layers.parameters():
            torch.nn.init.normal_(weight, std=0.1, generator=torch.Generator().manual_seed(1))
        configuration = replace(CONFIGURATION, **settings)
        accumulator = GradientAccumulator(model, None, configuration, Processes(torch.device("cpu")))
        return model, lambda: accumulator.gradients(load(data, configuration), step)

    return make


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("micro_batch_size", [1, 4, 99])
def test_micro_batches_add_up_to_the_gradient_of_the_whole(
    make_stepper: MakeStepper, micro_batch_size: int, packing: str
) -> None:
    whole, gradients = make_stepper(packing=packing)
    expected = gradients()
    model, gradients = make_stepper(packing=packing, micro_batch_size=micro_batch_size)
    result = gradients()
    assert result.num_targets == expected.num_targets
    assert result.loss_sum == pytest.approx(expected.loss_sum, rel=1e-6)
    assert result.gradient_norm == pytest.approx(expected.gradient_norm, rel=1e-5)
    for one, other in zip(model.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-6)


def test_the_norm_is_that_before_clipping(make_stepper: MakeStepper) -> None:
    model, gradients = make_stepper(gradient_clip=1e-3)
    result = gradients()
    clipped = torch.cat([weight.grad.flatten() for weight in model.parameters()]).norm()
    assert float(clipped) == pytest.approx(1e-3, rel=1e-2)
    assert result.gradient_norm > 2e-3


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory: 1 byte")],
)
def test_a_lack_of_memory_names_the_setting_to_lower(
    make_stepper: MakeStepper, error: RuntimeError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise error

    _, gradients = make_stepper()
    monkeypatch.setattr(step_module, "batch_loss", fail)
    with pytest.raises(TrainingError, match=r"for 6 rows at once: set micro_batch_size to 3 or less, or activation"):
        gradients()


def test_other_errors_are_not_mistaken_for_a_lack_of_memory(
    make_stepper: MakeStepper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("shapes differ")

    _, gradients = make_stepper()
    monkeypatch.setattr(step_module, "batch_loss", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        gradients()


def gradient_of(make_stepper: MakeStepper, **settings: object) -> torch.Tensor:
    model, gradients = make_stepper(**settings)
    gradients()
    return torch.cat([weight.grad.flatten() for weight in model.parameters()])


@pytest.mark.parametrize("settings", [{}, {"packing": "documents"}, {"micro_batch_size": 2}])
def test_dropout_depends_only_on_seed_and_step(make_stepper: MakeStepper, settings: dict[str, Any]) -> None:
    first = gradient_of(make_stepper, dropout=0.3, **settings)
    torch.rand(7)
    assert torch.equal(gradient_of(make_stepper, dropout=0.3, **settings), first)
    for other in ({"step": 2}, {"seed": 1}, {"dropout": 0.0}):
        assert not torch.allclose(gradient_of(make_stepper, **{"dropout": 0.3, **settings, **other}), first)


def test_dropout_does_not_change_the_global_generator(make_stepper: MakeStepper) -> None:
    _, gradients = make_stepper(dropout=0.3)
    state = torch.get_rng_state()
    gradients()
    assert torch.equal(torch.get_rng_state(), state)


def test_recomputed_layers_drop_the_same(make_stepper: MakeStepper) -> None:
    expected = gradient_of(make_stepper, dropout=0.3)
    model, gradients = make_stepper(dropout=0.3)
    model.recomputes = True
    gradients()
    found = torch.cat([weight.grad.flatten() for weight in model.parameters()])
    assert torch.allclose(found, expected, atol=1e-6)
