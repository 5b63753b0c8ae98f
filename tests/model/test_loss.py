"""The fast loss equals the plain one, in value and gradients, and both refuse data that contradicts itself."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from schemalm.errors import DataError
from schemalm.machine.mask_tensors import unpack_masks
from schemalm.machine.masks import pack_masks
from schemalm.model import loss as loss_module
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.model.head_input import HeadInput
from schemalm.model.inputs import IGNORED_TARGET
from schemalm.model.loss import head_cross_entropy, head_logits, masked_cross_entropy

VOCAB_SIZE, WIDTH = 45, 16


@dataclass(frozen=True)
class Case:
    model: GPT
    hidden: HeadInput
    targets_BT: Tensor
    nonterminals_BT: Tensor
    masks_packed: Tensor
    masks: Tensor


@pytest.fixture(params=[0, 3, 6], ids=["wide masks", "wide and narrow masks", "narrow masks"])
def case(request: pytest.FixtureRequest) -> Case:
    """Random hidden vectors with targets that the masks admit, a third of them ignored."""
    torch.manual_seed(0)
    model = GPT(
        GPTConfiguration(
            vocab_size=VOCAB_SIZE,
            context_size=8,
            num_layers=1,
            num_heads=1,
            num_key_value_heads=1,
            model_width=WIDTH,
            mlp_width=8,
        )
    )
    masks = torch.rand(6, VOCAB_SIZE) < 0.4
    # Wide masks come first, and admit none of the two tokens of narrow ones.
    is_of_narrow_V = torch.arange(VOCAB_SIZE) % 22 == 7
    masks[:, is_of_narrow_V], masks[:, 8] = False, True
    masks[6 - request.param :] = is_of_narrow_V
    nonterminals_BT = torch.randint(6, (4, 8))
    targets_BT = torch.multinomial(masks[nonterminals_BT.flatten()].float(), 1).reshape(4, 8)
    targets_BT[torch.rand(4, 8) < 0.3] = IGNORED_TARGET
    return Case(
        model=model,
        # Two of the tokens with a boost are the same.
        hidden=HeadInput(
            torch.randn(4, 8, WIDTH, requires_grad=True),
            torch.randint(VOCAB_SIZE, (4, 8, 3))[..., [0, 1, 2, 0]],
            torch.randn(4, 8, 4, requires_grad=True),
        ),
        targets_BT=targets_BT,
        nonterminals_BT=nonterminals_BT,
        masks_packed=torch.from_numpy(pack_masks(masks.numpy())),
        masks=masks,
    )


def grammar(case: Case, masked: bool) -> tuple[Tensor, ...]:
    return (case.nonterminals_BT, case.masks_packed) if masked else ()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("num_rows", [1, 5, 1000])
def test_the_fast_loss_equals_the_plain_one(
    case: Case, masked: bool, num_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loss_module.CHUNK_LOGITS, "cpu", num_rows * VOCAB_SIZE)
    inputs = (case.hidden.vectors, case.hidden.boosts, case.model.head.weight)
    plain, num_plain = masked_cross_entropy(case.model.logits(case.hidden), case.targets_BT, *grammar(case, masked))
    fast, num_fast = head_cross_entropy(case.model, case.hidden, case.targets_BT, *grammar(case, masked))
    assert num_plain == num_fast == int((case.targets_BT != IGNORED_TARGET).sum())
    torch.testing.assert_close(fast, plain)
    for ours, theirs in zip(
        torch.autograd.grad(fast / num_fast, inputs), torch.autograd.grad(plain / num_plain, inputs), strict=True
    ):
        torch.testing.assert_close(ours, theirs)
    with torch.no_grad():
        without_gradients, _ = head_cross_entropy(case.model, case.hidden, case.targets_BT, *grammar(case, masked))
    assert torch.equal(without_gradients, fast.detach())


@pytest.mark.parametrize("num_rows", [1, 5, 1000])
def test_logits_come_in_chunks(case: Case, num_rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(loss_module.CHUNK_LOGITS, "cpu", num_rows * VOCAB_SIZE)
    hidden = case.hidden.flat()
    chunks = [*head_logits(case.model, hidden)]
    assert max(map(len, chunks)) == min(num_rows, 32)
    torch.testing.assert_close(torch.cat(chunks), case.model.logits(hidden).detach())


def test_the_masked_loss_is_among_admitted_tokens(case: Case) -> None:
    logits_BTV = case.model.logits(case.hidden).detach()
    total = 0.0
    for logits, target, nonterminal in zip(
        logits_BTV.flatten(0, 1).tolist(),
        case.targets_BT.flatten().tolist(),
        case.nonterminals_BT.flatten().tolist(),
        strict=True,
    ):
        if target != IGNORED_TARGET:
            admitted = [math.exp(logit) for logit, ok in zip(logits, case.masks[nonterminal], strict=True) if ok]
            total += math.log(sum(admitted)) - logits[target]
    loss, _ = masked_cross_entropy(logits_BTV, case.targets_BT, *grammar(case, True))
    assert float(loss) == pytest.approx(total, rel=1e-5)


def test_a_mask_of_one_token_costs_nothing(case: Case) -> None:
    masks = torch.zeros(1, VOCAB_SIZE, dtype=torch.bool)
    masks[0, 9] = True
    loss, _ = head_cross_entropy(
        case.model,
        case.hidden,
        torch.full((4, 8), 9),
        torch.zeros(4, 8, dtype=torch.int64),
        torch.from_numpy(pack_masks(masks.numpy())),
    )
    assert float(loss.detach()) == pytest.approx(0.0, abs=1e-4)


def test_extreme_logits_stay_finite(case: Case) -> None:
    hidden = replace(case.hidden, vectors=case.hidden.vectors * 1e6)
    loss, num_targets = head_cross_entropy(case.model, hidden, case.targets_BT, *grammar(case, True))
    loss.backward()
    assert 0 <= float(loss.detach()) <= num_targets * (30 + math.log(VOCAB_SIZE))
    assert case.hidden.vectors.grad is not None
    assert case.hidden.vectors.grad.isfinite().all()


@pytest.mark.parametrize("vocab_size", [1, 8, 45, 64])
def test_masks_unpack_to_what_was_packed(vocab_size: int) -> None:
    masks = np.random.default_rng(0).random((7, vocab_size)) < 0.5
    assert (unpack_masks(torch.from_numpy(pack_masks(masks)), vocab_size).numpy() == masks).all()


@pytest.mark.parametrize("fast", [False, True])
def test_a_target_that_its_mask_forbids_is_named(case: Case, fast: bool) -> None:
    targets_BT = case.targets_BT.clone()
    forbidden = int((~case.masks[case.nonterminals_BT[2, 3]]).nonzero()[0])
    targets_BT[2, 3] = forbidden
    message = f"nonterminal {int(case.nonterminals_BT[2, 3])} does not admit token {forbidden}"
    with pytest.raises(DataError, match=message):
        if fast:
            head_cross_entropy(case.model, case.hidden, targets_BT, *grammar(case, True))
        else:
            masked_cross_entropy(case.model.logits(case.hidden), targets_BT, *grammar(case, True))
