"""Origins of documents are read back from files; duplicates are counted, and the first of them named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemalm.dataset import origins as module
from schemalm.dataset.origins import Origin, Origins, note_duplicates
from schemalm.documents import LeftOut
from schemalm.documents.left_out import Duplicate


def test_origins_are_read_by_number(tmp_path: Path) -> None:
    given = [Origin(f"name {number} é\n", f"file{number}.jsonl", number) for number in range(20)]
    origins = Origins(tmp_path)
    origins.add(given[:7])
    origins.add([])
    origins.add(given[7:])
    assert [origins[number] for number in range(20)] == given
    assert str(given[3]) == "name 3 é\n (file3.jsonl:3)"


def test_all_duplicates_are_counted_and_the_first_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(module, "NUM_KEPT", 2)
    origins, left_out = Origins(tmp_path), LeftOut()
    origins.add([Origin(f"d{number}", "rows.jsonl", number + 1) for number in range(8)])
    note_duplicates(np.array([0, 1, 0, 3, 1, 5, 0, 5]), origins, left_out)
    assert left_out.num_duplicates == 4
    assert left_out.duplicates == [Duplicate("d2", "d0"), Duplicate("d4", "d1")]
