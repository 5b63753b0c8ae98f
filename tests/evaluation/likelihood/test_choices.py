"""Choices count as they are defined, and their calibration is that of a known distribution."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from schemalm.evaluation.likelihood.choices import Bin, ChoiceCounter, ChoiceScore
from schemalm.grammar.symbols import CONST, FALSE_SYMBOL, KEY, TRUE_SYMBOL
from schemalm.tokenizer import Tokenizer

from .documents import documents, tokenizer
from .slow_choices import SlowChoice, slow_choices


def counted(weights: np.ndarray, targets: list[int], ours: Tokenizer | None = None) -> dict[str, ChoiceScore]:
    """The scores of the targets by kind, counted in two chunks."""
    counter = ChoiceCounter((ours or tokenizer()).vocabulary)
    for chunk in (slice(len(targets) // 3), slice(len(targets) // 3, None)):
        counter.add(torch.tensor(weights[chunk], dtype=torch.float32), torch.tensor(targets[chunk], dtype=torch.int64))
    return {score.kind: score for score in counter.scores()}


def steps(ours: Tokenizer, tokens: list[int]) -> Iterator[tuple[int, np.ndarray]]:
    """The tokens of a document, each with its mask."""
    machine = ours.machine()
    for token in tokens:
        yield token, machine.mask().copy()
        machine.advance(token)


@pytest.mark.slow
@given(documents(), st.integers(0, 2**32), st.sampled_from(["word", "value"]))
def test_choices_equal_those_of_a_look_at_every_token(value: dict, seed: int, scope: str) -> None:
    ours = tokenizer(scope)
    found = [*steps(ours, ours.encode(value))]
    masks = np.stack([mask for _, mask in found])
    targets = [token for token, _ in found]
    weights = np.exp(np.random.default_rng(seed).normal(size=masks.shape)).astype(np.float32) * masks
    expected = [
        choice
        for row, target in zip(weights, targets, strict=True)
        for choice in slow_choices(ours.vocabulary, row.tolist(), target)
    ]
    scores = counted(weights, targets, ours)
    assert {*scores} == {choice.kind for choice in expected}
    for kind, score in scores.items():
        assert_equal(score, [choice for choice in expected if choice.kind == kind])


def assert_equal(score: ChoiceScore, choices: list[SlowChoice]) -> None:
    assert score.num_choices == len(choices)
    assert score.top_1 == pytest.approx(np.mean([choice.best[0] == choice.found for choice in choices]))
    assert score.top_3 == pytest.approx(np.mean([choice.found in choice.best[:3] for choice in choices]))
    error = 0.0
    for each in score.bins:
        inside = [choice for choice in choices if each.low < choice.probabilities[choice.best[0]] <= each.high]
        probability = np.mean([choice.probabilities[choice.best[0]] for choice in inside])
        accuracy = np.mean([choice.best[0] == choice.found for choice in inside])
        assert (each.num_choices, each.probability, each.accuracy) == pytest.approx(
            (len(inside), probability, accuracy), rel=1e-5
        )
        error += len(inside) / len(choices) * abs(probability - accuracy)
    assert score.calibration_error == pytest.approx(error, abs=1e-6)


@cache
def boolean_tokens() -> list[int]:
    """The tokens of true and false alone."""
    ours = tokenizer()
    ids = ours.grammar.symbols.ids
    return [ours.vocabulary.symbol_token(ids[symbol]) for symbol in (TRUE_SYMBOL, FALSE_SYMBOL)]


def with_weights(weights: dict[int, float], num_rows: int = 1) -> np.ndarray:
    row = np.zeros(tokenizer().vocab_size)
    row[[*weights]] = [*weights.values()]
    return np.tile(row, (num_rows, 1))


def test_a_model_that_says_what_is_true_is_calibrated() -> None:
    true, false = boolean_tokens()
    chosen = np.random.default_rng(0).random(20_000) < 0.73
    found = counted(with_weights({true: 0.73, false: 0.27}, 20_000), np.where(chosen, true, false).tolist())["booleans"]
    (only,) = found.bins
    assert (only.low, only.high, only.num_choices) == (0.7, 0.8, 20_000)
    assert only.probability == pytest.approx(0.73)
    assert found.top_1 == only.accuracy == pytest.approx(0.73, abs=0.01)
    assert found.calibration_error < 0.01
    assert found.top_3 == 1


def test_a_model_that_is_too_sure_is_not_calibrated() -> None:
    true, false = boolean_tokens()
    found = counted(with_weights({true: 99.0, false: 1.0}, 100), [true, false] * 50)["booleans"]
    assert found.top_1 == 0.5
    assert found.calibration_error == pytest.approx(0.49)


def test_the_probability_of_a_key_is_that_of_all_tokens_that_begin_with_it() -> None:
    ours = tokenizer()
    ids = ours.grammar.symbols.ids
    begin = {
        name: [token for token, spelled in enumerate(ours.vocabulary.symbols) if spelled[:1] == (ids[KEY(name)],)]
        for name in ("on", "run")
    }
    assert len(begin["on"]) > 2
    weights = {token: 1.0 for tokens in begin.values() for token in tokens}
    share = len(begin["on"]) / len(weights)
    assert share > 0.5
    (only,) = counted(with_weights(weights), [begin["on"][0]])["keys"].bins
    assert only.probability == pytest.approx(share)
    assert only.accuracy == 1


def test_a_constant_inside_a_token_is_a_choice_among_the_tokens_that_begin_alike() -> None:
    ours = tokenizer()
    ids = ours.grammar.symbols.ids
    key = ids[KEY("on")]
    merged = {text: ours.vocabulary.symbols.index((key, ids[CONST(text)])) for text in ("push", "release")}
    weights = {merged["push"]: 3.0, merged["release"]: 1.0, ours.vocabulary.symbol_token(key): 50.0}
    (only,) = counted(with_weights(weights), [merged["release"]])["constants"].bins
    assert only.probability == pytest.approx(0.75)
    assert only.accuracy == 0


def test_what_has_one_alternative_is_no_choice() -> None:
    true, _ = boolean_tokens()
    ours = tokenizer()
    key, text = ours.encode({"run": "a"})[:2]
    assert counted(with_weights({true: 1.0, key: 1.0, text: 1.0}, 3), [true, key, text]) == {}


def test_a_score_is_plain_values() -> None:
    score = ChoiceScore("keys", 3, (Bin(0.5, 0.6, 2, 1, 1.1), Bin(0.9, 1.0, 2, 2, 1.9)))
    assert score.to_dict() == {
        "kind": "keys",
        "num_choices": 4,
        "top_1": 0.75,
        "top_3": 0.75,
        "calibration_error": pytest.approx((0.1 + 0.1) / 4),
        "bins": [
            {"low": 0.5, "high": 0.6, "num_choices": 2, "probability": pytest.approx(0.55), "accuracy": 0.5},
            {"low": 0.9, "high": 1.0, "num_choices": 2, "probability": 0.95, "accuracy": 1.0},
        ],
    }
