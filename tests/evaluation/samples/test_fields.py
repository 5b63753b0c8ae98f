"""Fields are found automatically, and their distances are those of the definition."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.evaluation.samples.fields import Distance, Field, compare_fields
from schemalm.evaluation.samples.occurrences import NUM_PARTS, random_parts
from schemalm.evaluation.samples.paths import Paths
from schemalm.evaluation.samples.presence import compare_presence

NODES = Paths(["on", "name", "rare"]).nodes


def fields(samples: list[Any], held_out: list[Any]) -> dict[str, Field]:
    parts = random_parts(len(held_out), len(samples), seed=0)
    nodes = ([*map(NODES, some)] for some in (samples, held_out, samples[:1]))
    return {field.path: field for field in compare_fields(*nodes, parts)}


def documents(values: list[Any]) -> list[Any]:
    return [{"on": value} for value in values]


def test_a_field_has_few_frequent_values_in_enough_documents() -> None:
    held_out = [{"on": "push" if at % 3 else "pull", "name": f"a {at}", "x": "y"} for at in range(100)]
    held_out[0]["rare"] = 1
    assert [*fields(held_out, held_out)] == ["on"]


def test_a_frequent_free_key_is_a_value_of_a_field() -> None:
    held_out = [{"name": {"abc"[at % 3]: at}} for at in range(100)]
    found = fields([{"name": {"a": 1}}], held_out)
    assert [*found] == ["name.*(key)"]
    assert found["name.*(key)"].samples.coverage == pytest.approx(0.34)


def test_distances_are_those_of_the_definition() -> None:
    held_out = documents(40 * ["a"] + 40 * ["b"] + 20 * [1])
    field = fields(documents(["b", "b", "x", 1]), held_out)["on"]
    assert field.samples == Distance(pytest.approx((0.4 + 0.1 + 0.05 + 0.25) / 2), 0, pytest.approx(0.6))
    assert field.train == Distance(pytest.approx(0.6), 0, pytest.approx(0.4))
    assert (field.num_samples, field.num_held_out, field.num_documents) == (4, 100, 100)
    assert [(value.value, value.shares.samples, value.shares.held_out) for value in field.values] == [
        ('"a"', 0, 0.4),
        ('"b"', 0.5, 0.4),
        ("1", 0.25, 0.2),
    ]
    assert fields(documents(["a", "b"]), held_out)["on"].samples.mode_matches == 1


def test_rare_values_count_as_one() -> None:
    values = 10 * [*range(10)]
    held_out = documents([*values, *range(100, 150)])
    assert fields(documents([*values, *range(200, 250)]), held_out)["on"].samples.total_variation == pytest.approx(0)


def test_samples_without_a_value_are_as_far_as_can_be() -> None:
    assert fields([{}], documents(50 * ["a", "b"]))["on"].samples == Distance(1, 0, 0)


def test_documents_of_one_distribution_are_as_far_apart_as_parts_of_one() -> None:
    chosen = random.Random(0)
    drawn = documents([chosen.choice("aaabbbcdefgh") for _ in range(3_000)])
    field = fields(drawn[:1_000], drawn[1_000:])["on"]
    assert 0.005 < field.samples.total_variation < 2 * field.chance.total_variation < 0.1
    assert (field.samples.coverage, field.chance.coverage) == (pytest.approx(1), pytest.approx(1))


def test_presence_is_the_share_of_documents_that_have_a_path() -> None:
    held_out: list[Any] = [{"on": {"name": 1}} if at % 4 else {"x": [{"on": 1}]} for at in range(100)]
    samples = 50 * [{"rare": 1}, {"on": 1}]
    parts = random_parts(100, 100, seed=0)
    found = compare_presence(*([*map(NODES, some)] for some in (samples, held_out, [{"rare": 1}])), parts)
    shares = {one.path: (one.shares.samples, one.shares.held_out, one.shares.train) for one in found}
    assert shares == {"on": (0.5, 0.75, 0), "on.name": (0, 0.75, 0), "rare": (0.5, 0, 1), "*[].on": (0, 0.25, 0)}
    assert all(one.chance < 0.2 for one in found)
    assert found[0].difference == pytest.approx(0.25)


@given(st.integers(2, 60), st.integers(1, 60))
def test_parts_are_as_large_as_the_samples_but_at_most_half(num_documents: int, num_samples: int) -> None:
    parts = random_parts(num_documents, num_samples, seed=1)
    assert parts.shape == (NUM_PARTS, num_documents)
    assert set(parts.sum(axis=1).tolist()) == {min(num_samples, num_documents // 2)}
