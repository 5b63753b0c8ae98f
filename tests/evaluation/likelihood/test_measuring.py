"""The likelihood is the validation loss of training over the split, and so are its parts; other data is refused."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from schemalm.baselines import CharacterTokenizer
from schemalm.dataset.echo import ORDERS
from schemalm.dataset.loader import read_rows
from schemalm.dataset.packing import PACKINGS
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.recall import NUM_CERTAINTIES, RECALL_ORDERS
from schemalm.dataset.store import Split, load_masks, read_metadata
from schemalm.dataset.windows import scoring_windows
from schemalm.errors import CheckpointError, DataError
from schemalm.evaluation.likelihood import decoding_likelihood, validation_likelihood
from schemalm.evaluation.likelihood.token_kinds import KINDS, TokenKinds
from schemalm.machine.masks import unpack_mask
from schemalm.model import loss as loss_module
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.inference import InferenceModel
from schemalm.model.inputs import IGNORED_TARGET
from schemalm.model.quantization import FORMATS, linears_of
from schemalm.tokenizer import Tokenizer
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.loop import train
from schemalm.training.metrics import read_metrics
from schemalm.training.run import load_checkpoint

from .slow_choices import SlowChoice, slow_choices


@dataclass
class SlowLikelihood:
    """Sums over the tokens of all validation documents, one window and one token at a time."""

    with_mask: float = 0.0
    without_mask: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    num_tokens: Counter[str] = field(default_factory=Counter)
    choices: list[SlowChoice] = field(default_factory=list)


@torch.no_grad()
def slow_likelihood(model: GPT, data: Path, tokenizer: Tokenizer) -> SlowLikelihood:
    metadata = read_metadata(data)
    split, masks = Split(data, "val", metadata), load_masks(data, metadata)
    assert masks is not None
    found = SlowLikelihood()
    for document in range(split.num_documents):
        tokens = split.document(document)[0].tolist()
        kinds = iter(TokenKinds(tokenizer).of(tokens, tokenizer.decode(tokens)).tolist())
        windows = scoring_windows(
            split, metadata.context_size, metadata.stride, metadata.pad_id, documents=np.array([document])
        )
        for window in range(len(windows)):
            rows = read_rows(windows, [np.array([window])], "windows")
            logits = model(rows.inputs_BT, rows.states_BT2, rows.echoes_BTE, rows.recalls_BTR2)[0].double().numpy()
            assert rows.nonterminals_BT is not None
            places = zip(logits, rows.targets_BT[0].tolist(), rows.nonterminals_BT[0].tolist(), strict=True)
            for weights, target, nonterminal in ((np.exp(each), *rest) for each, *rest in places):
                if target == IGNORED_TARGET:
                    continue
                admitted = weights * unpack_mask(masks[nonterminal], len(weights))
                loss, kind = -math.log(admitted[target] / admitted.sum()), KINDS[next(kinds)]
                found.with_mask += loss
                found.without_mask -= math.log(weights[target] / weights.sum())
                found.kinds[kind] += loss
                found.num_tokens[kind] += 1
                found.choices += slow_choices(tokenizer.vocabulary, admitted.tolist(), target)
        assert next(kinds, None) is None
    return found


def with_random_weights(run: Path) -> tuple[GPT, dict[str, Any]]:
    """The run's model with weights that prefer something, computed in float32."""
    model, configuration = load_checkpoint(run)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
    configuration["training"] |= {"dtype": "float32"}
    return model, configuration


@pytest.mark.slow
@pytest.mark.parametrize("packing", PACKINGS)
def test_all_parts_equal_those_of_a_slow_computation(
    run_folder: Path, data: Path, tokenizer: Tokenizer, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loss_module.CHUNK_LOGITS, "cpu", 11 * tokenizer.vocab_size)
    model, configuration = with_random_weights(run_folder)
    configuration["training"] |= {"packing": packing}
    likelihood = validation_likelihood(model, data, configuration)
    expected = slow_likelihood(model, data, tokenizer)
    assert likelihood.with_mask is not None
    assert likelihood.without_mask is not None
    assert likelihood.with_mask.loss_sum == pytest.approx(expected.with_mask, rel=1e-5)
    assert likelihood.without_mask.loss_sum == pytest.approx(expected.without_mask, rel=1e-5)
    assert {kind.kind: kind.score.loss_sum for kind in likelihood.kinds} == pytest.approx(
        expected.kinds, rel=1e-4, abs=1e-6
    )
    assert {kind.kind: kind.score.num_tokens for kind in likelihood.kinds} == expected.num_tokens
    assert len(expected.num_tokens) > 2
    assert {choice.kind for choice in likelihood.choices} == {choice.kind for choice in expected.choices}
    for score in likelihood.choices:
        choices = [choice for choice in expected.choices if choice.kind == score.kind]
        assert score.num_choices == len(choices)
        assert score.top_1 == pytest.approx(np.mean([choice.best[0] == choice.found for choice in choices]))
        assert score.top_3 == pytest.approx(np.mean([choice.found in choice.best[:3] for choice in choices]))


@pytest.mark.parametrize("mask_loss", [True, False])
def test_the_kinds_add_up_exactly(run_folder: Path, data: Path, *, mask_loss: bool) -> None:
    model, configuration = with_random_weights(run_folder)
    configuration["training"] |= {"mask_loss": mask_loss}
    likelihood = validation_likelihood(model, data, configuration)
    scores = [kind.score for kind in likelihood.kinds]
    assert sum(score.loss_sum for score in scores) == likelihood.score.loss_sum
    assert sum(score.num_tokens for score in scores) == likelihood.score.num_tokens
    assert {score.num_bytes for score in scores} == {likelihood.score.num_bytes}
    assert sum(kind.share for kind in likelihood.kinds) == pytest.approx(1)


def test_figures_are_json(run_folder: Path, data: Path, tokenizer: Tokenizer) -> None:
    model, configuration = load_checkpoint(run_folder)
    likelihood = validation_likelihood(model, data, configuration, tokenizer=tokenizer)
    assert likelihood == validation_likelihood(model, data, configuration)
    figures = likelihood.to_dict()
    assert json.loads(json.dumps(figures)) == figures
    assert figures["with_mask"]["loss"] == figures["loss"] < figures["without_mask"]["loss"]
    assert [kind["kind"] for kind in figures["kinds"]] == ["structure", "constants", "strings", "numbers"]
    assert [choice["kind"] for choice in figures["choices"]] == ["keys", "constants"]


def test_a_text_model_is_scored_without_a_mask(tmp_path: Path) -> None:
    documents = [SourceDocument({"a": number}, f"source {number}", f"document {number}") for number in range(9)]
    tokenizer = CharacterTokenizer.train([document.value for document in documents])
    prepare(documents, tokenizer, tmp_path / "data", context_size=8, stride=2)
    model = GPTConfiguration(
        vocab_size=tokenizer.vocab_size,
        context_size=8,
        num_layers=1,
        num_heads=1,
        num_key_value_heads=1,
        model_width=16,
        mlp_width=16,
        num_echoes=len(ORDERS),
        num_recalls=len(RECALL_ORDERS),
        num_certainties=NUM_CERTAINTIES,
    )
    settings: dict[str, Any] = {"num_steps": 1, "batch_size": 2, "warmup_steps": 0}
    train(tmp_path / "data", tmp_path / "run", TrainingConfiguration(model=model, **settings))
    trained, configuration = load_checkpoint(tmp_path / "run")
    likelihood = validation_likelihood(trained, tmp_path / "data", configuration)
    last = [line for line in read_metrics(tmp_path / "run") if line["kind"] == "validation"][-1]
    assert likelihood.score.loss == pytest.approx(last["loss"], rel=1e-6)
    assert likelihood.score == likelihood.without_mask
    assert likelihood.with_mask is None
    assert not likelihood.under_mask
    assert likelihood.kinds == likelihood.choices == ()
    assert likelihood.to_dict()["with_mask"] is None


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
    assert likelihood.score == likelihood.without_mask
    assert likelihood.choices
    masked = {**configuration, "training": {**configuration["training"], "mask_loss": True}}
    under_mask = validation_likelihood(model, data, masked)
    assert under_mask.score.loss < likelihood.score.loss
    assert under_mask.score == likelihood.with_mask == under_mask.with_mask
    assert under_mask.choices == likelihood.choices


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
