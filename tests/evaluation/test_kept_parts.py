"""Parts are kept for one evaluation, and belong where no report is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.errors import ConfigurationError
from schemalm.evaluation.kept_parts import KeptParts, folder_for


def test_without_a_folder_nothing_is_kept() -> None:
    parts = KeptParts(None, "a")
    assert [parts.part("name", int, lambda value=value: value) for value in (1, 2)] == [1, 2]
    assert [*parts.keep("rows", [1], [2, 3])] == [2, 3]
    assert parts.rows("rows", int, id) == []


def test_a_part_is_made_once(tmp_path: Path) -> None:
    for value in (1, 2):
        assert KeptParts(tmp_path, "a").part("name", int, lambda value=value: value) == 1


def test_rows_are_kept_one_by_one(tmp_path: Path) -> None:
    parts = KeptParts(tmp_path, "a")
    coming = parts.keep("rows", [], iter([1, 2, 3]))
    assert [next(coming), next(coming)] == [1, 2]
    assert KeptParts(tmp_path, "a").rows("rows", int, id) == [1, 2]
    assert [*parts.keep("rows", [1, 2], [3])] == [3]
    assert KeptParts(tmp_path, "a").rows("rows", int, id) == [1, 2, 3]


def test_a_row_that_cannot_be_a_result_is_named(tmp_path: Path) -> None:
    def check(value: int) -> None:
        if value == 2:
            raise ConfigurationError("it is two")

    parts = KeptParts(tmp_path, "a")
    assert [*parts.keep("rows", [], [1, 2])] == [1, 2]
    with pytest.raises(ConfigurationError, match=r"rows\.jsonl is damaged, line 2: it is two; choose another folder"):
        parts.rows("rows", int, check)


def test_no_report_is_overwritten(tmp_path: Path) -> None:
    assert folder_for(tmp_path, "a") == tmp_path
    KeptParts(tmp_path, "a")
    assert [folder_for(tmp_path, identity) for identity in "ab"] == [tmp_path, tmp_path / "evaluations" / "2"]
    second = tmp_path / "evaluations" / "2"
    second.mkdir(parents=True)
    (second / "report.html").write_text("a report of an earlier version")
    assert folder_for(tmp_path, "b") == tmp_path / "evaluations" / "3"
    with pytest.raises(ConfigurationError, match="has another evaluation"):
        KeptParts(second, "b")


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "parts").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match="link"):
        KeptParts(tmp_path / "run", "a")
    assert not [*(tmp_path / "outside").iterdir()]
