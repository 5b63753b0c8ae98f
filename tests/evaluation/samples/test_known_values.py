"""Values that training documents have, with and without their versions."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.evaluation.samples.known_values import KnownValues, KnownValueSearch
from schemalm.evaluation.samples.paths import Paths
from schemalm.tokenizer import Tokenizer

KINDS = [f"kind {number}" for number in range(30)]
SCHEMA = {"properties": {"uses": {"type": "string"}, "kind": {"enum": KINDS}, "text": {"type": "string"}}}
TOKENIZER = Tokenizer.from_grammar(compile_schema(SCHEMA))
NODES = Paths.of(TOKENIZER).nodes


def search(samples: list[Any], held_out: list[Any], train: list[Any]) -> list[KnownValues]:
    found = KnownValueSearch([*map(NODES, samples)], [*map(NODES, held_out)], TOKENIZER)
    for value in train:
        found.add(NODES(value))
    return [*found.result()]


def test_values_are_compared_whole_and_without_their_version() -> None:
    train = [{"uses": f"tool {number}@v1"} for number in range(80)]
    held_out = [{"uses": f"tool {number}@v1"} for number in range(40, 100)]
    samples = [{"uses": f"tool {number}@v2"} for number in range(10)] + [{"uses": "tool 3@v1"}, {"uses": "saw@v1"}]
    (known,) = search(samples, held_out, train)
    assert (known.path, known.num_samples, known.num_held_out) == ("uses", 12, 60)
    assert (known.whole.samples, known.whole.held_out) == (pytest.approx(1 / 12), pytest.approx(40 / 60))
    assert known.without_version is not None
    assert known.without_version.samples == pytest.approx(11 / 12)
    assert known.unknown[0] == "saw@v1"
    assert known.to_dict()["whole"]["held_out"] == pytest.approx(2 / 3)


def test_texts_without_versions_are_compared_whole_alone() -> None:
    documents = [{"uses": f"tool {number % 20}"} for number in range(60)]
    (known,) = search([{"uses": "@v1"}], documents, documents)
    assert known.without_version is None
    assert (known.whole.samples, known.whole.held_out) == (0, 1)


def test_constants_and_texts_that_are_mostly_new_are_left_out() -> None:
    documents = [{"kind": KINDS[number % 30], "text": f"text {number}"} for number in range(60)]
    assert search(documents, documents, documents[:20]) == []
