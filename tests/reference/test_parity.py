"""All engines compute the same results, and parity detects an engine that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from schemalm.reference import parity
from schemalm.reference.array import layers
from schemalm.reference.parity import LIMITS, all_cases, compare

CASES = {name: (name, configuration, corpus) for name, configuration, corpus in all_cases(0)}
CHARACTERS = [name for name in CASES if "typed" not in name]


def test_the_cases_are_both_models_both_switches_and_both_kinds_of_tokens() -> None:
    for tokens in ("characters", "typed tokens"):
        chosen = [configuration for name, configuration, _ in CASES.values() if tokens in name]
        assert [configuration.model for configuration in chosen] == ["bigram", *["mini-gpt"] * 4]
        assert len({(configuration.tie_head, configuration.input_norm) for configuration in chosen[1:]}) == 4
        assert all(configuration.steps == 20 for configuration in chosen)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHARACTERS)
def test_engines_agree_in_characters(name: str) -> None:
    case, configuration, corpus = CASES[name]
    steps = 20 if name in (CHARACTERS[0], CHARACTERS[-1]) else 5  # the command uses 20 for each
    findings = list(compare(case, replace(configuration, steps=steps), corpus))
    assert {engine for _, engine, _, _ in findings} == set(LIMITS)
    assert {quantity for _, _, quantity, _ in findings} == {"logits", "loss", "gradients", "losses", "text"}
    assert [finding for finding in findings if not finding[3] <= LIMITS[finding[1]]] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bigram, typed tokens", "mini-gpt, typed tokens, tied, input norm"])
def test_engines_agree_in_typed_tokens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parity, "NUM_NEW_TOKENS", 2)
    case, configuration, corpus = CASES[name]
    findings = list(compare(case, replace(configuration, steps=3), corpus))
    assert [finding for finding in findings if not finding[3] <= LIMITS[finding[1]]] == []


def test_sampled_texts_are_not_all_empty() -> None:
    lengths = [
        np.sum(parity.measure(configuration, corpus)["text"] >= 0) for _, configuration, corpus in CASES.values()
    ]
    assert sum(length == parity.NUM_NEW_TOKENS for length in lengths) > len(lengths) / 2


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [1.001, 1.0 + 1e-6])
def test_a_wrong_derivative_is_found(wrong: float, monkeypatch: pytest.MonkeyPatch) -> None:
    right: Callable[..., tuple[np.ndarray, layers.Backward]] = layers.squared_relu

    def mistaken(x: np.ndarray) -> tuple[np.ndarray, layers.Backward]:
        y, backward = right(x)
        return y, lambda dy: wrong * backward(dy)

    monkeypatch.setattr(layers, "squared_relu", mistaken)
    name, configuration, corpus = CASES["mini-gpt, characters, untied, input norm"]
    findings = list(compare(name, replace(configuration, steps=2), corpus))
    apart = {(engine, quantity) for _, engine, quantity, difference in findings if difference > LIMITS[engine]}
    assert {("scalar float64", "gradients"), ("torch float64", "gradients")} <= apart
    assert not any(quantity == "logits" for _, quantity in apart)
