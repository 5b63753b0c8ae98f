from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.errors import DataError
from schemalm.experiments.results import append_result, read_results

from .conftest import MakeResult


def test_results_are_read_back_in_order(tmp_path: Path, make_result: MakeResult) -> None:
    assert read_results(tmp_path) == []
    results = [make_result(seed=seed) for seed in range(3)]
    for result in results:
        append_result(tmp_path, result)
    assert read_results(tmp_path) == results


def test_an_incomplete_last_line_is_ignored_and_replaced(tmp_path: Path, make_result: MakeResult) -> None:
    append_result(tmp_path, make_result(seed=0))
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(b'{"key": "tor')
    assert [result.seed for result in read_results(tmp_path)] == [0]
    append_result(tmp_path, make_result(seed=1))
    assert [result.seed for result in read_results(tmp_path)] == [0, 1]


@pytest.mark.parametrize("line", [b"{}\n", b"no json\n", b"3\n"])
def test_a_damaged_file_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "results.jsonl").write_bytes(line)
    with pytest.raises(DataError, match=r"results\.jsonl is damaged"):
        read_results(tmp_path)
