"""metrics.jsonl loses only the lines that a resumed run writes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.errors import CheckpointError
from schemalm.training.metrics import METRICS_FILE, Metrics, read_metrics, validation_losses


def write_lines(run: Path) -> None:
    metrics = Metrics(run, 0)
    for step in (1, 2, 3):
        metrics.append({"kind": "train", "step": step, "loss": 1 / step})
    metrics.append({"kind": "validation", "step": 3, "loss": 0.5})
    metrics.sync()
    metrics.close()


def test_lines_are_readable_as_soon_as_they_are_appended(tmp_path: Path) -> None:
    metrics = Metrics(tmp_path, 0)
    metrics.append({"kind": "train", "step": 1, "loss": 0.1})
    assert read_metrics(tmp_path) == [{"kind": "train", "step": 1, "loss": 0.1}]
    metrics.close()


def test_lines_after_the_step_are_dropped(tmp_path: Path) -> None:
    write_lines(tmp_path)
    Metrics(tmp_path, 2).close()
    assert [line["step"] for line in read_metrics(tmp_path)] == [1, 2]


def test_a_line_cut_off_by_a_kill_is_dropped(tmp_path: Path) -> None:
    write_lines(tmp_path)
    whole = (tmp_path / METRICS_FILE).read_bytes()
    (tmp_path / METRICS_FILE).write_bytes(whole + b'{"kind": "train", "st')
    Metrics(tmp_path, 3).close()
    assert (tmp_path / METRICS_FILE).read_bytes() == whole


def test_damage_elsewhere_is_named(tmp_path: Path) -> None:
    (tmp_path / METRICS_FILE).write_bytes(b'{"step": 1}\nnonsense\n{"step": 2}\n')
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl is damaged"):
        read_metrics(tmp_path)


def test_validation_losses_are_found_by_step(tmp_path: Path) -> None:
    write_lines(tmp_path)
    assert validation_losses(read_metrics(tmp_path)) == {3: 0.5}
    assert read_metrics(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"3",
        b'{"step": 1, "loss": 2}',
        b'{"kind": "test", "step": 1, "loss": 2}',
        b'{"kind": "train", "loss": 2}',
        b'{"kind": "train", "step": 1.5, "loss": 2}',
        b'{"kind": "train", "step": 1}',
        b'{"kind": "train", "step": 1, "loss": "low"}',
        b'{"kind": "train", "step": 1, "loss": 2, "epoch": null}',
        b'{"kind": "train", "step": 1, "loss": true}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_lines_that_are_not_metrics_are_damage(tmp_path: Path, line: bytes) -> None:
    (tmp_path / METRICS_FILE).write_bytes(b'{"kind": "train", "step": 1, "loss": 2}\n' + line + b"\n")
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl is damaged"):
        read_metrics(tmp_path)
