"""The ratchet: no case of the data sets is worse than the committed baseline. `make conformance` runs all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BASELINE = REPOSITORY / "tests" / "conformance" / "baseline"
DATA_SETS = ("jsonschemabench", "json-schema-test-suite", "schemastore")


@pytest.mark.parametrize("data_set", DATA_SETS)
def test_no_case_is_worse_than_the_baseline(
    data_set: str, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (BASELINE / f"{data_set}.txt").exists():
        pytest.skip("there is no baseline yet: make conformance UPDATE=1")
    # A process of its own: it forks for every case, which takes a process without threads.
    command = [sys.executable, "-m", "conformance", str(shared_data), "--data-set", data_set, "--quiet", "--walks", "0"]
    ended = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "benchmarks")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    if "baseline" in ended.stdout:
        with capsys.disabled():
            sys.stdout.write("\n" + ended.stdout)
