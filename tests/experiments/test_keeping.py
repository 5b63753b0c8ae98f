from __future__ import annotations

import threading
from pathlib import Path
from types import MappingProxyType

from schemalm.experiments.keeping import digest, waiting_lock


def test_equal_values_have_one_name() -> None:
    assert digest({"a": 1, "b": [2.5]}) == digest(MappingProxyType({"b": [2.5], "a": 1}))
    assert digest({"a": 1}) != digest({"a": 2})


def test_a_lock_waits_for_its_holder(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with waiting_lock(tmp_path / "folder" / ".lock"):
            order.append("second")

    with waiting_lock(tmp_path / "folder" / ".lock"):
        other = threading.Thread(target=second)
        other.start()
        other.join(timeout=0.1)
        order.append("first")
    other.join()
    assert order == ["first", "second"]
