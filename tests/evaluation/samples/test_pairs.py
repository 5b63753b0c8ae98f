"""Pairs of texts that fit are found automatically: those that depend on each other."""

from __future__ import annotations

import random
from typing import Any

from schemalm.evaluation.samples.pairs import Pair, PairSearch
from schemalm.evaluation.samples.paths import Paths

PATHS = Paths(["steps", "name", "uses", "shell"])


def document(number: int, tool: int) -> Any:
    shell = ("bash", "sh", "fish")[random.Random(number).randrange(3)]
    return {"steps": [{"name": f"Run {number % 20}", "uses": f"tool {tool % 20}", "shell": shell, "free": "x"}]}


def search(samples: list[Any], held_out: list[Any], train: list[Any]) -> list[Pair]:
    found = PairSearch([*map(PATHS.nodes, samples)], [*map(PATHS.nodes, held_out)], PATHS, seed=0)
    for value in train:
        found.add(PATHS.nodes(value))
    return [*found.result()]


def test_a_pair_fits_if_training_documents_have_it() -> None:
    train = [document(number, number) for number in range(200)]
    (pair,) = search([document(1, 2), document(3, 3)], train[:50], train)
    assert (pair.path, pair.keys) == ("steps[]", ("name", "uses"))
    assert (pair.fitting.samples, pair.fitting.held_out) == (0.5, 1)
    assert pair.at_random < 0.3


def test_values_that_are_not_known_do_not_count() -> None:
    train = [document(number, number) for number in range(200)]
    new = {"steps": [{"name": "Run 1", "uses": "tool 99"}]}
    (pair,) = search([new, document(4, 4)], train[:50], train)
    assert (pair.num_samples, pair.fitting.samples) == (1, 1)
    (pair,) = search([new], train[:50], train)
    assert pair.fitting.samples is None


def test_keys_that_do_not_depend_on_each_other_are_left_out() -> None:
    chosen = random.Random(1)
    train = [document(number, chosen.randrange(20)) for number in range(3_000)]
    assert search(train[:50], train[:50], train) == []
