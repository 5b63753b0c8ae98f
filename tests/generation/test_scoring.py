"""The score of a document is what generation says of it."""

from __future__ import annotations

import math

import pytest

from schemalm.errors import DecodeError
from schemalm.generation import Run, generate, score
from schemalm.generation.scoring import chances

from .conftest import documents


@pytest.mark.parametrize("max_tokens", [15, 200])
def test_scores_are_the_log_probabilities_of_generation(run: Run, max_tokens: int) -> None:
    written = generate(run, num_samples=5, temperature=1.0, max_tokens=max_tokens, seed=1)
    for document, scores in zip(written, score(run, [document.tokens for document in written]), strict=True):
        assert len(scores) == len(document.tokens)
        pairs = zip(document.logprobs, scores, strict=False)
        # Steering forces tokens where the schema leaves a choice.
        compared = [(drawn, scored) for drawn, scored in pairs if drawn or document.finish != "steered"]
        assert [scored for _, scored in compared] == pytest.approx([drawn for drawn, _ in compared], abs=1e-4)
        assert sum(document.logprobs) == document.logprob
        assert document.logprobs.count(0.0) >= document.num_forced


def test_forced_tokens_score_nothing(run: Run) -> None:
    tokens = run.tokenizer.encode(documents()[3].value)
    machine, is_forced = run.tokenizer.machine(), []
    for token in tokens:
        is_forced.append(bool(machine.mask().sum() == 1))
        machine.advance(token)
    (scores,) = score(run, [tokens])
    assert [value == 0 for value in scores] == is_forced
    assert any(is_forced)
    assert all(value <= 0 for value in scores)


def test_the_beginning_of_a_document_scores_the_same(run: Run) -> None:
    tokens = run.tokenizer.encode(documents()[5].value)
    whole, beginning = score(run, [tokens, tokens[:18]])
    assert beginning == pytest.approx(whole[:18], abs=1e-4)
    assert score(run, [[]]) == [[]]


def test_a_token_that_the_schema_does_not_admit_is_named(run: Run) -> None:
    tokens = run.tokenizer.encode(documents()[5].value)
    with pytest.raises(DecodeError, match="token 4: the schema does not admit it here"):
        score(run, [[*tokens[:4], -1]])
    with pytest.raises(DecodeError, match=f"token {len(tokens)}: "):
        score(run, [[*tokens, tokens[-1]]])


def test_chances_are_those_of_the_score_beside_the_likeliest_others(run: Run) -> None:
    tokens = run.tokenizer.encode(documents()[3].value)
    found, (scores,) = chances(run, tokens, 3), score(run, [tokens])
    assert [math.log(each.probability) for each in found] == pytest.approx(scores, abs=1e-4)
    machine = run.tokenizer.machine()
    for token, each in zip(tokens, found, strict=True):
        num_admitted = int(machine.mask().sum())
        assert len(each.likeliest) == (0 if num_admitted == 1 else min(num_admitted, 3))
        shares = [share for _, share in each.likeliest]
        assert shares == sorted(shares, reverse=True)
        assert all(machine.mask()[other] for other, _ in each.likeliest)
        assert not shares or each.probability <= shares[0]
        assert dict(each.likeliest).get(token, each.probability) == each.probability
        machine.advance(token)
