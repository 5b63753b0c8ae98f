"""Every attack has an allowed outcome within limits on time and memory: no hang, no crash, no fault of SchemaLM."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.attacks.attack import Outcome
from tests.attacks.cases import ATTACKS

pytestmark = pytest.mark.slow
REPOSITORY = Path(__file__).resolve().parents[2]
MAX_MEBIBYTES = 256


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """The outcomes of all attacks, run in a separate process, because forking requires a process without threads."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.attacks.runner"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, ["src", "benchmarks", "."]))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2_000:]
    return {name: Outcome(**outcome) for name, outcome in json.loads(ended.stdout).items()}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_has_an_allowed_outcome(name: str, outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes[name]
    assert outcome.end in ATTACKS[name].ends_in, outcome
    assert outcome.peak_mebibytes < MAX_MEBIBYTES, outcome
