"""Training on a GPU computes what a CPU computes, in both layouts of rows, compiled, and resumed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from schemalm.dataset.echo import ORDERS
from schemalm.model.configuration import GPTConfiguration
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import read_metrics

from .conftest import NUM_STATES, VOCAB_SIZE, write_data
from .test_loop import Interrupter, KilledError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
    pytest.mark.filterwarnings("ignore"),  # the compiler warns
]
# Heads of 16, the least that FlexAttention compiles.
CONTEXT_SIZE = 128
MODEL = GPTConfiguration(
    vocab_size=VOCAB_SIZE,
    context_size=CONTEXT_SIZE,
    num_layers=2,
    num_heads=2,
    num_key_value_heads=2,
    model_width=32,
    mlp_width=64,
    num_states=NUM_STATES,
    num_echoes=len(ORDERS),
)
ON_CPU = TrainingConfiguration(
    num_steps=12, model=MODEL, batch_size=4, warmup_steps=2, log_every=1, evaluate_every=12, checkpoint_every=6
)
# Muon orthogonalizes in bfloat16, so the last digit of a gradient may change the first digits of an update.
TOLERANCE = {"float32": 5e-3, "bfloat16": 3e-2}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("gpu") / "data", num_documents=60, context_size=CONTEXT_SIZE)


def losses(data: Path, run: Path, configuration: TrainingConfiguration) -> list[float]:
    train(data, run, configuration)
    return [line["loss"] for line in read_metrics(run) if line["kind"] == "train"]


@pytest.mark.parametrize("packing", ["windows", "documents"])
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_losses_are_those_of_a_cpu(data: Path, tmp_path: Path, packing: str, compiled: bool, dtype: str) -> None:
    on_cpu = replace(ON_CPU, packing=packing)
    on_gpu = replace(on_cpu, device="cuda", compile=compiled, dtype=dtype)
    expected = losses(data, tmp_path / "cpu", on_cpu)
    assert losses(data, tmp_path / "gpu", on_gpu) == pytest.approx(expected, abs=TOLERANCE[dtype])


def test_an_interrupted_run_continues_as_if_it_had_not_been(data: Path, tmp_path: Path) -> None:
    configuration = replace(ON_CPU, device="cuda")
    whole = losses(data, tmp_path / "whole", configuration)
    with pytest.raises(KilledError):
        train(data, tmp_path / "resumed", configuration, report=Interrupter(8))
    train(data, tmp_path / "resumed", configuration, resume="auto")
    resumed = {line["step"]: line["loss"] for line in read_metrics(tmp_path / "resumed") if line["kind"] == "train"}
    assert [resumed[step] for step in range(1, 13)] == pytest.approx(whole, abs=1e-3)
