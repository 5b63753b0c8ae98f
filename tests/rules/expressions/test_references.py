"""References to declared names in texts."""

from __future__ import annotations

import pytest
from tests.rules.expressions.workflow_places import NEEDS, free_place

from schemalm.rules.expressions import reader_of

CHAINS = {
    "no expression": [],
    "${{ github.ref }}": [],
    "${{ needs.build.outputs.version }}": ["build outputs version"],
    "${{ needs['build'].outputs['a b'] }}": ["build outputs a b"],
    "${{ needs.a.result }} ${{ steps.B }}": ["a result", "B"],
    "${{ needs[steps.x.outputs.y].outputs.z || needs.a[steps.b.c].outputs }}": ["x", "a", "b"],
    "${{ needs.*.result && needs }}": [],
    "${{ contains(needs.a, steps.b) }}": ["a", "b"],
    "${{ needs.é }}": [],
}


@pytest.mark.parametrize("text", CHAINS)
def test_chains_of_names(text: str) -> None:
    found = reader_of(free_place("text")).references(text) or ()
    assert [" ".join(link.name for link in chain) for chain in found] == CHAINS[text]
    assert all(text[link.start : link.end] == link.name for chain in found for link in chain)


def test_links_tell_whose_names_they_are() -> None:
    (chain,) = reader_of(free_place("text")).references("é ${{ needs.build }}")
    assert chain[0].type == NEEDS
    assert (chain[0].start, chain[0].end) == (12, 17)


def test_a_name_that_ends_a_condition_is_found() -> None:
    (chain,) = reader_of(free_place("condition")).references("needs.build")
    assert chain[0].name == "build"
