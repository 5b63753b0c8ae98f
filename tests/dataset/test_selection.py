from __future__ import annotations

from schemalm.dataset.selection import evenly_spaced


def test_documents_are_spread_over_the_split() -> None:
    assert evenly_spaced(101, 5).tolist() == [0, 25, 50, 75, 100]
    assert evenly_spaced(3, 5).tolist() == [0, 1, 2]
    assert evenly_spaced(9, 1).tolist() == [0]
