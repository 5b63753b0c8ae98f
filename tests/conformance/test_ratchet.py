"""The ratchet: no case of the data sets is worse or slower than the committed baseline.

`make conformance` runs all of them, with more walks.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).resolve().parents[2]
BASELINE = REPOSITORY / "tests" / "conformance" / "baseline"
DATA_SETS = ("jsonschemabench", "json-schema-test-suite", "schemastore")


# Every verdict, with the work of reading the instances; walks, with their work, of some cases.
RUNS = [(data_set, ("--walks", "0")) for data_set in DATA_SETS]
RUNS += [(data_set, ("--walks", "2", "--every", "32")) for data_set in DATA_SETS]


@pytest.mark.parametrize(("data_set", "options"), RUNS)
def test_no_case_is_worse_or_takes_more_work_than_the_baseline_states(
    data_set: str, options: tuple[str, ...], shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (BASELINE / f"{data_set}.txt").exists():
        pytest.skip("there is no baseline yet: make conformance UPDATE=1")
    # A process of its own: it forks for every case, which takes a process without threads.
    command = [sys.executable, "-m", "conformance", str(shared_data), "--data-set", data_set, "--quiet", *options]
    ended = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "benchmarks"), str(REPOSITORY / "src")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    if "UPDATE=1" in ended.stdout:
        with capsys.disabled():
            sys.stdout.write("\n" + ended.stdout)
