"""A step's gradients do not depend on how it is computed, and a lack of memory says what to lower."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from schemalm.dataset.store import Split
from schemalm.dataset.windows import training_windows
from schemalm.errors import TrainingError
from schemalm.model.gpt import GPT
from schemalm.training import step as step_module
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.processes import Processes
from schemalm.training.step import Stepper

from .models import SMALL_MODEL

MODEL = replace(SMALL_MODEL, num_layers=2)
CONFIGURATION = TrainingConfiguration(num_steps=1, model=MODEL, batch_size=6, gradient_clip=0.5)
INDICES = np.arange(6)

MakeStepper = Callable[..., tuple[GPT, Stepper]]


@pytest.fixture
def make_stepper(data: Path) -> MakeStepper:
    """A fresh model, the same each time, and what computes its gradients."""

    def make(**settings: object) -> tuple[GPT, Stepper]:
        split = Split(data, "train")
        model = GPT(MODEL)
        model.initialize(0)
        # Outputs that start at zero would keep gradients from the layers.
        for weight in model.layers.parameters():
            torch.nn.init.normal_(weight, std=0.1, generator=torch.Generator().manual_seed(1))
        configuration = replace(CONFIGURATION, **settings)
        return model, Stepper(model, training_windows(split), None, configuration, Processes(torch.device("cpu")))

    return make


@pytest.mark.parametrize("settings", [{"micro_batch_size": 1}, {"micro_batch_size": 4}, {"micro_batch_size": 99}])
def test_micro_batches_add_up_to_the_gradient_of_the_whole(make_stepper: MakeStepper, settings: dict[str, int]) -> None:
    whole, stepper = make_stepper()
    expected = stepper.gradients(INDICES)
    model, stepper = make_stepper(**settings)
    result = stepper.gradients(INDICES)
    assert result.num_targets == expected.num_targets
    assert result.loss_sum == pytest.approx(expected.loss_sum, rel=1e-6)
    assert result.gradient_norm == pytest.approx(expected.gradient_norm, rel=1e-5)
    for one, other in zip(model.parameters(), whole.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-6)


def test_the_norm_is_that_before_clipping(make_stepper: MakeStepper) -> None:
    model, stepper = make_stepper(gradient_clip=1e-3)
    result = stepper.gradients(INDICES)
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

    _, stepper = make_stepper()
    monkeypatch.setattr(step_module, "batch_loss", fail)
    with pytest.raises(TrainingError, match=r"for 6 windows at once: set micro_batch_size to 3 or less, or activation"):
        stepper.gradients(INDICES)


def test_other_faults_are_not_taken_for_a_lack_of_memory(
    make_stepper: MakeStepper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("shapes differ")

    _, stepper = make_stepper()
    monkeypatch.setattr(step_module, "batch_loss", fail)
    with pytest.raises(RuntimeError, match="shapes differ"):
        stepper.gradients(INDICES)


def test_the_documents_of_a_batch_are_known(make_stepper: MakeStepper) -> None:
    _, stepper = make_stepper()
    documents = stepper.documents(INDICES)
    assert len(documents) == len(INDICES)
    assert documents == sorted(documents)
