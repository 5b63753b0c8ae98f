"""Every contender is scored on the same bytes by the same rule."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from quality.configuration import CONTEXT_SIZE
from quality.nanochat_training import IGNORED, score
from quality.scoring import scored_windows
from schemalm.baselines import ByteBPETokenizer
from schemalm.dataset.embedded import embedded_workflows
from schemalm.dataset.loader import Rows
from schemalm.dataset.prepare import prepare
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.store import Split
from schemalm.documents import canonical_json
from schemalm.model.inputs import IGNORED_TARGET
from schemalm.training.scoring import score_rows

LENGTHS = [1, 2, 255, 256, 257, 511, 512, 513, 767, 768, 769, 1024, 1025, 5000]


@pytest.mark.parametrize("num_tokens", LENGTHS)
def test_each_token_is_scored_once_with_half_a_context_before_it(num_tokens: int) -> None:
    scored = []
    for begin, first, end in scored_windows(num_tokens, CONTEXT_SIZE):
        assert end - begin <= CONTEXT_SIZE
        assert first - begin >= CONTEXT_SIZE // 2 or begin == 0
        scored += range(first, end)
    assert scored == [*range(num_tokens)]


def places_and_tokens(targets_BT: Tensor, ignored: int) -> Tensor:
    """A loss that tells where in its window each target is and which token it is, so only equal windows agree."""
    places_BT = torch.arange(1, targets_BT.shape[1] + 1).expand_as(targets_BT)
    is_scored_BT = targets_BT != ignored
    return torch.where(is_scored_BT, (places_BT * 7919 + targets_BT * 104729) % 100003, 0).double()


class StandIn:
    """A model with that loss, called like nanochat's."""

    def __call__(self, _inputs_BT: Tensor, targets_BT: Tensor, *, loss_reduction: str) -> Tensor:
        assert loss_reduction == "none"
        return places_and_tokens(targets_BT, IGNORED)


@pytest.mark.slow
def test_nanochat_is_scored_on_the_bytes_and_in_the_windows_of_schemalm_train(tmp_path: Path) -> None:
    workflows = embedded_workflows(40)
    assert max(len(canonical_json(workflow.value)) for workflow in workflows) > 4 * CONTEXT_SIZE
    values = [workflow.value for workflow in workflows]
    tokenizer = ByteBPETokenizer.train(values, 512)
    documents = [
        SourceDocument(value, "train" if number < 10 else "val", str(number)) for number, value in enumerate(values)
    ]
    size = {"context_size": CONTEXT_SIZE, "stride": CONTEXT_SIZE}
    prepare(documents, tokenizer, tmp_path / "data", held_out={"val"}, **size)

    def loss_of(rows: Rows) -> Tensor:
        return places_and_tokens(rows.targets_BT, IGNORED_TARGET).sum()

    split = Split(tmp_path / "data", "val")
    ours = score_rows(loss_of, split, np.arange(split.num_documents), 8, "windows", torch.device("cpu"))
    theirs = score(StandIn(), tokenizer, [canonical_json(value).decode() for value in values[10:]])
    assert theirs["num_bytes"] == ours.num_bytes == sum(len(canonical_json(value)) for value in values[10:])
    assert theirs["num_tokens"] == ours.num_tokens
    assert theirs["bits_per_byte"] == pytest.approx(ours.bits_per_byte, rel=1e-12)


def test_a_uniform_model_needs_the_bits_of_its_vocabulary() -> None:
    values = [workflow.value for workflow in embedded_workflows(5)]
    tokenizer = ByteBPETokenizer.train(values, 300)

    def uniform(_inputs_BT: Tensor, targets_BT: Tensor, *, loss_reduction: str) -> Tensor:
        assert loss_reduction == "none"
        return (targets_BT != IGNORED) * math.log(300)

    texts = [canonical_json(value).decode() for value in values]
    found = score(uniform, tokenizer, texts)
    num_tokens = sum(len(tokenizer.encode(value)) for value in values)
    num_bytes = sum(len(text.encode()) for text in texts)
    assert found["bits_per_byte"] == pytest.approx(num_tokens * math.log2(300) / num_bytes)


def test_a_window_is_read_from_the_token_before_it_on() -> None:
    values = [
        max((workflow.value for workflow in embedded_workflows(40)), key=lambda value: len(canonical_json(value)))
    ]
    tokenizer = ByteBPETokenizer.train(values, 300)
    tokens = [tokenizer.bos_id, *tokenizer.encode(values[0])]
    assert len(tokens) > 2 * CONTEXT_SIZE

    def check(inputs_BT: Tensor, targets_BT: Tensor, *, loss_reduction: str) -> Tensor:
        for inputs_T, targets_T in zip(inputs_BT.tolist(), targets_BT.tolist(), strict=True):
            for place, target in enumerate(targets_T):
                if target != IGNORED:
                    begin = next(
                        begin
                        for begin in range(0, len(tokens), CONTEXT_SIZE // 2)
                        if tokens[begin:][: place + 1] == inputs_T[: place + 1]
                    )
                    assert tokens[begin + place + 1] == target
        return torch.zeros_like(targets_BT)

    assert score(check, tokenizer, [canonical_json(values[0]).decode()])["num_tokens"] == len(tokens) - 1
