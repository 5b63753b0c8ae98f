"""The likelihood is the validation loss of training over the split; other data is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from schemalm.dataset.store import Split
from schemalm.errors import CheckpointError, DataError
from schemalm.evaluation.likelihood import decoding_likelihood, validation_likelihood
from schemalm.model.inference import InferenceModel
from schemalm.model.quantization import FORMATS, linears_of
from schemalm.training.metrics import read_metrics
from schemalm.training.run import load_checkpoint


def test_it_equals_the_validation_loss_of_training(run_folder: Path, data: Path) -> None:
    model, configuration = load_checkpoint(run_folder)
    likelihood = validation_likelihood(model, data, configuration)
    last = [line for line in read_metrics(run_folder) if line["kind"] == "validation"][-1]
    assert likelihood.score.loss == pytest.approx(last["loss"], rel=1e-6)
    assert likelihood.score.bits_per_byte == pytest.approx(last["bits_per_byte"], rel=1e-6)
    assert likelihood.under_mask


def test_every_token_and_byte_counts_once(run_folder: Path, data: Path) -> None:
    model, configuration = load_checkpoint(run_folder)
    split = Split(data, "val")
    figures = validation_likelihood(model, data, configuration).to_dict()
    assert figures["num_documents"] == split.num_documents
    assert figures["num_tokens"] == split.offsets[-1]
    assert figures["num_bytes"] == split.num_bytes.sum()
    assert figures["perplexity"] == pytest.approx(math.exp(figures["loss"]))
    bits = figures["loss"] * figures["num_tokens"] / math.log(2)
    assert figures["bits_per_byte"] == pytest.approx(bits / figures["num_bytes"])


def test_a_limit_takes_fewer_documents(run_folder: Path, data: Path) -> None:
    model, configuration = load_checkpoint(run_folder)
    assert validation_likelihood(model, data, configuration, num_documents=3).num_documents == 3


def test_a_run_trained_without_the_mask_is_scored_without(train_run: Callable[..., Path], data: Path) -> None:
    model, configuration = load_checkpoint(train_run(mask_loss=False))
    likelihood = validation_likelihood(model, data, configuration)
    assert not likelihood.under_mask
    masked = {**configuration, "training": {**configuration["training"], "mask_loss": True}}
    assert validation_likelihood(model, data, masked).score.loss < likelihood.score.loss


def test_other_data_is_refused(run_folder: Path, data: Path, tmp_path: Path) -> None:
    model, configuration = load_checkpoint(run_folder)
    with pytest.raises(DataError, match="not the data"):
        validation_likelihood(model, data, {**configuration, "data_sha256": "0"})
    with pytest.raises(DataError, match="not a prepared data set"):
        validation_likelihood(model, tmp_path / "nowhere", configuration)


def test_a_damaged_configuration_is_refused(run_folder: Path, data: Path) -> None:
    model, configuration = load_checkpoint(run_folder)
    with pytest.raises(CheckpointError, match="mask_loss"):
        validation_likelihood(model, data, {**configuration, "training": {}})


@pytest.mark.parametrize("mask_loss", [True, False])
def test_scoring_as_the_model_generates_gives_the_same(run_folder: Path, data: Path, *, mask_loss: bool) -> None:
    model, configuration = load_checkpoint(run_folder)
    configuration["training"] |= {"mask_loss": mask_loss, "dtype": "float32"}
    expected = validation_likelihood(model, data, configuration)
    found = decoding_likelihood(InferenceModel(model), data, configuration)
    assert found.score.loss == pytest.approx(expected.score.loss, rel=1e-5)
    assert found.score.num_tokens == expected.score.num_tokens
    assert found.under_mask == mask_loss


def test_narrow_number_formats_cost_few_bits(run_folder: Path, data: Path) -> None:
    model, configuration = load_checkpoint(run_folder)
    losses = [
        decoding_likelihood(InferenceModel(model, linears_of(dtype)), data, configuration, 5).score.loss
        for dtype in FORMATS
    ]
    assert losses == pytest.approx([losses[0]] * len(FORMATS), rel=0.01)
    assert len({*losses}) == len(FORMATS)
