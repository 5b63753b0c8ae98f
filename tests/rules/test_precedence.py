"""Tests of the order that rules want between the keys of an object."""

from __future__ import annotations

import pytest

from schemalm.compilation import compile_schema
from schemalm.rules.precedence import in_precedence


@pytest.mark.parametrize(
    ("listed", "pairs", "expected"),
    [
        (("a", "b", "c"), (), ("a", "b", "c")),
        (("a", "b", "c"), (("c", "a"),), ("c", "a", "b")),
        (("a", "b", "c"), (("b", "c"), ("a", "c")), ("a", "b", "c")),
        (("a", "b", "c"), (("c", "b"), ("b", "a")), ("c", "b", "a")),
        (("a", "b"), (("c", "a"),), ("a", "b")),
    ],
)
def test_keys_move_before_those_that_need_them(
    listed: tuple[str, ...], pairs: tuple[tuple[str, str], ...], expected: tuple[str, ...]
) -> None:
    assert in_precedence(listed, pairs) == expected


def test_jobs_declare_before_they_refer() -> None:
    grammar = compile_schema("github-workflow", rules="github-workflow-strict")
    (job,) = [names for names in grammar.name_sets() if {"steps", "outputs"} <= set(names)]
    ranks = {name: rank for rank, name in enumerate(job)}
    assert ranks["needs"] < ranks["if"] < ranks["steps"] < ranks["outputs"]
    assert ranks["strategy"] < ranks["runs-on"]


def test_inputs_come_before_jobs_though_outputs_refer_to_jobs() -> None:
    grammar = compile_schema("github-workflow", rules="github-workflow-strict")
    assert ("on", "jobs") in grammar.rules.precedence  # type: ignore[union-attr]
    assert ("jobs", "on") not in grammar.rules.precedence  # type: ignore[union-attr]
