"""Lines of documents and sizes of containers, which are found automatically."""

from __future__ import annotations

from typing import Any

from schemalm.documents import canonical_json
from schemalm.evaluation.distribution import Distribution
from schemalm.evaluation.samples.lengths import Length, compare_containers, num_lines, to_text
from schemalm.evaluation.samples.paths import Paths


def test_values_too_deep_for_yaml_are_shown_as_json() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    assert to_text({"a": 1}) == "a: 1\n"
    assert to_text(value) == canonical_json(value).decode() + "\n"
    assert (num_lines({"a": 1, "b": 2}), num_lines(value)) == (2, 1)


def test_containers_are_lists_and_objects_with_free_keys_of_most_documents() -> None:
    nodes = Paths(["jobs", "steps", "name"]).nodes
    held_out = [nodes({"name": 1, "jobs": {"a": {"steps": [1, 2]}, "b": {"steps": [1]}}})]
    rare = nodes({"name": [1], "jobs": {"c": {"name": 2, "steps": []}}})
    found = compare_containers([rare], [*held_out, *held_out, rare], held_out)
    assert {length.name: length.held_out.values for length in found} == {
        "jobs": (2, 2, 1),
        "jobs.*.steps": (2, 1, 2, 1, 0),
    }
    assert {length.name: length.samples.values for length in found} == {"jobs": (1,), "jobs.*.steps": (0,)}


def test_ratios_are_samples_by_held_out_documents() -> None:
    length = Length("lines", Distribution.of([1, 2, 3]), Distribution.of([4, 4, 1]), Distribution.of([7]))
    assert (length.medians.ratio, length.means.ratio) == (0.5, 2 / 3)
    assert length.medians.train == 7
    nothing = Distribution.of([0])
    assert Length("lines", nothing, nothing, nothing).medians.ratio is None
    assert length.to_dict()["ratio_of_medians"] == 0.5
