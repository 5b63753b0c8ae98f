"""States that expect a declared name."""

from __future__ import annotations

import pytest
from tests.rules.expressions.workflow_places import JOB, NEEDS, OUTPUTS, STEPS, free_place

from schemalm.rules.expressions import Slot, expression_language

SLOTS = {
    "${{ needs.": Slot(NEEDS, 0, False),
    "${{ needs.bui": Slot(NEEDS, 0, False),
    "${{ needs['bui": Slot(NEEDS, 0, True),
    "${{ needs[ 'bui": Slot(NEEDS, 0, True),
    "${{ needs.build.": Slot(JOB, 1, False),
    "${{ needs.build.outp": Slot(JOB, 1, False),
    "${{ needs['build']['outp": Slot(JOB, 1, True),
    "${{ needs.build.outputs.": Slot(OUTPUTS, 2, False),
    "${{ needs['build'].outputs['a": Slot(OUTPUTS, 2, True),
    "${{ needs[steps.": Slot(STEPS, 0, False),
    "${{ needs": None,
    "${{ needs.*.outputs.": None,
    "${{ needs[env.x].outputs.": None,
    "${{ needs[": None,
    "${{ needs['build']": None,
    "${{ needs.build.outputs.x.": None,
    "${{ (needs).": None,
    "${{ github.": None,
    "${{ steps.a.outputs.": None,
    "needs.": None,
}


@pytest.mark.parametrize("text", SLOTS)
def test_slots_after_a_beginning(text: str) -> None:
    found = expression_language(free_place("text")).run(text.encode())
    assert found is not None
    assert found.slot == SLOTS[text]
