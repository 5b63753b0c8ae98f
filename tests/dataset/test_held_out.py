"""Held-out sources: the same as from a choice over all sources in memory."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from schemalm.dataset.held_out import Sources, draw_of


def obvious(sizes: Counter[str], share: float, seed: int) -> set[str]:
    """Sources by ascending draws until they contain the share, except those larger than twice the share."""
    wanted = share * sizes.total()
    chosen: set[str] = set()
    held = 0
    drawn = sorted(sizes, key=lambda source: draw_of(source, seed))
    for source in drawn:
        if held >= wanted or len(chosen) == len(sizes) - 1:
            break
        if held + sizes[source] <= 2 * wanted:
            chosen.add(source)
            held += sizes[source]
    return chosen or {min(drawn, key=lambda source: sizes[source])}


def held_out(folder: Path, sizes: Counter[str], share: float, seed: int, rows_at_once: int = 1 << 20) -> set[str]:
    documents = random.Random(seed).sample(list(sizes.elements()), sizes.total())
    sources = Sources(folder, len(documents), rows_at_once=rows_at_once)
    for start in range(0, len(documents), 50):
        sources.add(np.array([draw_of(source, seed) for source in documents[start : start + 50]], np.uint64))
    found = sources.hold_out(share)
    assert found is not None
    largest = sources.largest(3)
    assert list(largest.values()) == [count for _, count in sizes.most_common(3)]
    names = list(sizes)
    return {name for name, held in zip(names, found.contains(draws(names, seed)), strict=True) if held}


def draws(names: list[str], seed: int) -> np.ndarray:
    return np.array([draw_of(name, seed) for name in names], np.uint64)


@pytest.mark.parametrize("seed", range(25))
def test_sources_are_drawn_until_they_contain_the_share(tmp_path: Path, seed: int) -> None:
    chooser = random.Random(seed)
    sizes = Counter({f"s{number}": chooser.choice([1, 2, 5, 30, 200]) for number in range(chooser.randrange(2, 40))})
    share = chooser.choice([0.01, 0.1, 0.2, 0.5, 0.9])
    expected = obvious(sizes, share, seed)
    assert held_out(tmp_path / "a", sizes, share, seed) == expected
    assert held_out(tmp_path / "b", sizes, share, seed, rows_at_once=16) == expected
    assert 0 < len(expected) < len(sizes)


def test_a_giant_source_stays_in_training(tmp_path: Path) -> None:
    sizes = Counter({"giant": 900, **{f"s{number}": 10 for number in range(10)}})
    for seed in range(10):
        assert "giant" not in held_out(tmp_path / str(seed), sizes, 0.1, seed)


def test_one_source_cannot_be_split(tmp_path: Path) -> None:
    sources = Sources(tmp_path / "sources", 5)
    sources.add(np.full(5, draw_of("only", 0), np.uint64))
    assert sources.hold_out(0.2) is None
