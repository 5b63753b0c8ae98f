"""Plots: the same numbers give the same bytes, few numbers give a plot too, and nothing is fetched."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.plots import draw_lengths, draw_losses, draw_similarity, inline

LINES: list[dict[str, Any]] = [
    {"kind": "train", "step": 10, "loss": 3.0},
    {"kind": "train", "step": 20, "loss": 2.0},
    {"kind": "validation", "step": 20, "loss": 2.5},
]
NUMBERS = Distribution.of((3, 40, 500))


def test_losses_are_drawn_the_same_each_time() -> None:
    first = draw_losses(LINES)
    assert first == draw_losses(LINES)
    assert first is not None
    assert "validation" in first
    ElementTree.fromstring(first)


@pytest.mark.parametrize("lines", [LINES[:1], LINES[2:], LINES[:2]])
def test_short_runs_are_drawn(lines: list[dict[str, Any]]) -> None:
    assert draw_losses(lines) is not None


def test_nothing_logged_is_no_plot() -> None:
    assert draw_losses([]) is None


@pytest.mark.parametrize("samples", [NUMBERS, Distribution.of((7,)), Distribution.of((0, 0)), Distribution.of(())])
def test_any_lengths_are_drawn(samples: Distribution) -> None:
    ElementTree.fromstring(draw_lengths((samples, NUMBERS), (NUMBERS, samples), ("tokens", "lines")))
    ElementTree.fromstring(draw_lengths((samples,), (samples,), ("tokens",)))


def test_similarity_is_drawn_from_end_to_end() -> None:
    ElementTree.fromstring(draw_similarity(Distribution.of((0, 0.5, 1)), Distribution.of(())))


def test_a_plot_in_a_page_has_names_of_its_own_and_the_page_s_colours() -> None:
    svg = inline(draw_similarity(NUMBERS, NUMBERS), "similarity", "a label")
    ElementTree.fromstring(svg)
    assert 'aria-label="a label"' in svg
    assert "<style" not in svg
    assert "<metadata" not in svg
    assert not re.search(r"#[0-9a-f]{6}", svg.replace("#000000", ""))
    identifiers = re.findall(r'\bid="([^"]*)"', svg)
    assert identifiers
    assert all(name.startswith("similarity-") for name in identifiers)
    used = set(re.findall(r'(?:url\(#|href="#)([^")]*)', svg))
    assert used <= set(identifiers)
