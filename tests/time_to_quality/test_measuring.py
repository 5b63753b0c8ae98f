"""Runs of contenders: made in rounds, kept, refused if they were scored on something else, and resumed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from quality.configuration import Configuration
from quality.documents import Documents, write_documents
from quality.measuring import PlannedRun, Search, points_of, results_of
from quality.report import Report
from quality.revision import RevisionContender
from quality.turns import Command, run_in_turns
from schemalm.dataset.embedded import embedded_workflows
from schemalm.errors import DataError
from turns import REPOSITORY

NUM_BYTES = 1000
# Trains nothing: a score and CPU notes of two seconds a step.
WRITE = """
import json, sys
from pathlib import Path
run, steps, score, num_bytes = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
run.mkdir()
notes = [{"step": step, "seconds": 2.0, "is_first": step == 1} for step in range(1, steps + 1)]
(run.parent / "cpu.jsonl").write_text("\\n".join(map(json.dumps, notes)))
line = {"kind": "validation", "step": steps, "bits_per_byte": score, "num_tokens": 1, "num_bytes": num_bytes}
(run / "metrics.jsonl").write_text(json.dumps(line))
"""


@dataclass
class StandIn:
    """A contender that has a score of `factor` / steps."""

    name: str
    folder: Path
    factor: float
    num_bytes: int = NUM_BYTES
    documents: Documents = field(default_factory=lambda: Documents(Path(), 10, 5, NUM_BYTES, "digest"))

    @property
    def description(self) -> Mapping[str, Any]:
        return {"commit": "0123456789"}

    def prepare(self) -> None:
        pass

    def command(self, seed: int, steps: int, run: Path) -> Command:
        arguments = ("-c", WRITE, run, steps, self.factor / steps, self.num_bytes)
        return Command(arguments, dict(os.environ), run.parent / "log.txt")


def test_every_contender_is_measured_to_the_mark_and_to_the_best_score_of_nanochat(tmp_path: Path) -> None:
    ours, other = StandIn("this", tmp_path / "this", 20.0), StandIn("other", tmp_path / "other", 40.0)
    nanochat = StandIn("nanochat", tmp_path / "nanochat", 160.0)
    search = Search(mark=1.0, first_steps=16, limit_seconds=128)
    search.run([ours, other, nanochat], nanochat, seed=0)
    assert [point.steps for point in points_of(nanochat, 0)] == [16, 32, 64]  # no longer than the limit; best 2.5
    found = Report(search, ours.documents, [ours, other, nanochat], nanochat, [0]).to_dict()["contenders"]
    assert found["this"]["seconds_to_mark"] == [pytest.approx(40, rel=0.03)]
    assert found["other"]["seconds_to_mark"] == [pytest.approx(80, rel=0.03)]
    assert found["nanochat"]["seconds_to_mark"] == [None]
    assert found["this"]["seconds_to_nanochat"] == [pytest.approx(16, rel=0.03)]
    assert found["other"]["seconds_to_nanochat"] == [pytest.approx(32, rel=0.03)]


def test_finished_runs_are_not_made_again(tmp_path: Path) -> None:
    search = Search(mark=1.0, first_steps=16, limit_seconds=1000)
    search.run([StandIn("this", tmp_path, 20.0)], None, seed=0)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("result.json")}
    search.run([StandIn("this", tmp_path, 20.0)], None, seed=0)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("result.json")}
    assert len(before) == 2


def test_a_run_that_was_scored_on_other_bytes_is_refused_by_name(tmp_path: Path) -> None:
    search = Search(mark=1.0, first_steps=16, limit_seconds=1000)
    with pytest.raises(DataError, match="other was scored at step 16 on 999 bytes, not at step 16 on 1000 bytes"):
        search.run([StandIn("other", tmp_path, 20.0, num_bytes=999)], None, seed=0)
    assert points_of(StandIn("other", tmp_path, 20.0), 0) == []


def test_the_report_compares_the_first_contender_seed_by_seed(tmp_path: Path) -> None:
    ours, other = StandIn("this", tmp_path / "this", 20.0), StandIn("other", tmp_path / "other", 40.0)
    search = Search(mark=1.0, first_steps=16, limit_seconds=1000)
    for seed in (0, 1):
        search.run([ours, other], None, seed)
    report = Report(search, ours.documents, [ours, other], None, [0, 1])
    assert "| other | 0123456 |" in report.markdown()
    assert "| 0.50 |" in report.markdown()
    svg = report.curve()
    assert svg is not None
    assert "this" in svg
    assert json.dumps(report.to_dict())


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_and_ends_with_the_same_score(tmp_path: Path) -> None:
    workflows = embedded_workflows(40)
    rows = [
        {"repo": f"a/{number % 5}", "path": f"{number}.yml", "json": each.value}
        for number, each in enumerate(workflows)
    ]
    held_out = [{**row, "repo": "b/b"} for row in rows[32:]]
    documents = write_documents(rows[:32], held_out, tmp_path / "documents")
    settings = {"compile": False, "batch_size": 1, "checkpoint_every": 2}
    configuration = Configuration({"rules": "none", "vocab-size": 1024}, training=settings)
    contender = RevisionContender("this", "commit", REPOSITORY, configuration, documents, tmp_path / "this")
    contender.prepare()
    whole, killed = PlannedRun(contender, 0, 8), PlannedRun(contender, 0, 8)
    run_in_turns([whole.begin()])
    whole.finish()
    (expected,) = results_of(contender, 0)
    assert expected["num_validation_bytes"] == documents.num_bytes
    assert expected["num_interruptions"] == 0
    (whole.folder / "result.json").unlink()
    (whole.folder / "cpu.jsonl").unlink()
    process = killed.begin().start()
    while not (killed.folder / "run" / "checkpoints" / "000002").exists():
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    process.wait()
    assert not (killed.folder / "run" / "checkpoints" / "000008").exists()
    run_in_turns([killed.begin()])
    killed.finish()
    (found,) = results_of(contender, 0)
    assert found["bits_per_byte"] == expected["bits_per_byte"]
    assert found["num_interruptions"] == 1
    assert not (killed.folder / "run").exists()
