"""Plots: the same numbers give the same bytes, few numbers are enough, and nothing is fetched."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.plots import (
    FIRST,
    SECOND,
    draw_by_step,
    draw_calibration,
    draw_curves,
    draw_lengths,
    draw_losses,
    draw_similarity,
    inline,
)

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


@pytest.mark.slow
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


def test_a_field_is_drawn_by_step_if_it_was_logged() -> None:
    lines = [{**line, "rate": 0.1} for line in LINES]
    drawn = draw_by_step(lines, "train", "rate", "the rate")
    assert drawn == draw_by_step(lines, "train", "rate", "the rate")
    assert drawn is not None
    assert "the rate" in drawn
    assert draw_by_step(LINES, "train", "rate", "the rate") is None


def test_curves_are_named_and_keep_their_colours() -> None:
    points = [(0.0, 1.0), (5_000_000.0, 2.0)]
    both = draw_curves({"first": points, "second": points}, "tokens", "loss")
    alone = draw_curves({"first": [], "second": points}, "tokens", "loss")
    assert both is not None
    assert alone is not None
    assert " M<" in both
    assert FIRST in both
    assert FIRST not in alone
    assert SECOND in alone
    assert "first" not in alone
    assert draw_curves({"first": [], "second": []}, "tokens", "loss") is None


def test_calibration_is_drawn_for_each_kind_of_choice() -> None:
    drawn = draw_calibration(
        {"keys": [(0.5, 0.4, 10), (0.95, 1.0, 1000)], "$x$ constants": [(0.3, 0.0, 1)], "none": []}
    )
    assert drawn is not None
    texts = [text.strip() for text in ElementTree.fromstring(drawn).itertext()]
    assert {"keys", "$x$ constants", "share that is right"} <= {*texts}
    assert draw_calibration({}) is None
