"""Records: figures from logs, differences of settings, and folders that are not runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from schemalm.errors import CheckpointError
from schemalm.evaluation.records import (
    ABSENT,
    differing_settings,
    find_records,
    have_same_validation,
    labels,
    read_record,
)

LINES = [
    {"kind": "train", "step": 2, "loss": 3.0, "num_tokens": 200, "tokens_per_second": 50.0, "elapsed_seconds": 4.0},
    {"kind": "validation", "step": 2, "loss": 2.5, "bits_per_byte": 1.5, "num_bytes": 70, "elapsed_seconds": 5.0},
    {"kind": "validation", "step": 3, "loss": 2.0, "bits_per_byte": 1.2, "num_bytes": 70, "elapsed_seconds": 7.0},
    {"kind": "train", "step": 4, "loss": 1.0, "num_tokens": 400, "tokens_per_second": 70.0, "elapsed_seconds": 9.0},
    {"kind": "validation", "step": 4, "loss": 2.0, "bits_per_byte": 1.2, "num_bytes": 70, "elapsed_seconds": 9.5},
]


def write(folder: Path, lines: Sequence[dict[str, Any]] = LINES, **sections: Any) -> Path:
    config = {
        "model": {"num_layers": 1},
        "training": {"model": "tiny", "num_steps": 5, "seed": 0},
        "data": {"context_size": 8, "num_validation_documents": 3, "num_validation_bytes": 70},
        "data_sha256": "0123456789ab",
        "tokenizer_sha256": "ba9876543210",
        "versions": {"torch": "2"},
        "environment": {"started": "2026-01-02T03:04:05+00:00"},
    }
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config | sections))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_figures_are_those_that_were_logged(tmp_path: Path) -> None:
    record = read_record(write(tmp_path / "run"))
    assert record.figures() == {
        "folder": str(tmp_path / "run"),
        "started": "2026-01-02T03:04:05+00:00",
        "model": "tiny",
        "step": 4,
        "num_steps": 5,
        "num_tokens": 400,
        "tokens_per_second": 60.0,
        "elapsed_seconds": 9.5,
        "num_validated_documents": None,
        "best_step": 3,
        "validation_loss": 2.0,
        "bits_per_byte": 1.2,
    }


def test_a_real_run_is_read(run_folder: Path) -> None:
    record = read_record(run_folder)
    assert (record.step, record.num_steps, record.model) == (4, 4, "custom")
    assert record.best["bits_per_byte"] > 0
    assert record.settings()["model.model_width"] == 16
    assert record.validation[1] == record.validation[2]  # all validation documents were scored


@pytest.mark.parametrize("has_file", [True, False])
def test_a_run_that_logged_nothing_has_no_figures(tmp_path: Path, has_file: bool) -> None:
    folder = write(tmp_path / "run", [])
    if not has_file:
        (folder / "metrics.jsonl").unlink()
    record = read_record(folder)
    assert (record.step, record.num_tokens, record.elapsed_seconds) == (0, 0, 0)
    assert record.tokens_per_second is None
    assert record.best == {}
    assert record.curve("train", "loss", "num_tokens") == []


def test_what_is_missing_from_a_configuration_is_unknown(tmp_path: Path) -> None:
    sections = {"training": {}, "data": {}, "environment": {}, "versions": {}, "parent": None}
    record = read_record(write(tmp_path / "run", **sections))
    assert (record.started, record.parent, record.num_steps, record.model) == (None, None, None, "custom")
    assert record.validation == (None, None, 70)


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ({"data": []}, "/data: expected object, found array"),
        ({"environment": {"started": 3}}, "/environment/started: expected str, found int 3"),
        ({"versions": None}, "/versions: expected object, found null"),
        ({"versions": {"a": "1", "b/c": 2}}, "/versions/b~1c: expected str, found int 2"),
        ({"parent": 1}, "/parent: expected str"),
        ({"model": {"num_layers": "many"}}, '/model/num_layers: expected int, found str "many"'),
        ({"training": {"unheard of": 1}}, "/training/unheard of: this version does not know this field"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_position(
    tmp_path: Path, sections: dict[str, Any], place: str
) -> None:
    with pytest.raises(CheckpointError, match=re.escape(f"config.json is damaged at {place}")):
        read_record(write(tmp_path / "run", **sections))


def test_curves_go_over_tokens_and_over_time(tmp_path: Path) -> None:
    record = read_record(write(tmp_path / "run"))
    assert record.curve("train", "loss", "num_tokens") == [(200, 3.0), (400, 1.0)]
    assert record.curve("validation", "bits_per_byte", "num_tokens") == [(200, 1.5), (300, 1.2), (400, 1.2)]
    assert record.curve("validation", "bits_per_byte", "elapsed_seconds") == [(5, 1.5), (7, 1.2), (9.5, 1.2)]
    assert record.curve("train", "rate", "num_tokens") == []


def test_losses_that_are_not_finite_are_not_the_best(tmp_path: Path) -> None:
    lines = [{"kind": "validation", "step": step, "loss": loss} for step, loss in ((1, float("nan")), (2, 3.0))]
    assert read_record(write(tmp_path / "run", lines)).best["step"] == 2


def test_settings_that_differ_are_found_with_those_that_are_absent(tmp_path: Path) -> None:
    base = read_record(write(tmp_path / "base"))
    training = {"model": "tiny", "num_steps": 5, "seed": 1, "echo": True}
    child = read_record(write(tmp_path / "child", training=training, tokenizer_sha256="c", parent="../base"))
    assert differing_settings([base, child]) == {
        "seed": [0, 1],
        "tokenizer": ["ba987654", "c"],
        "echo": [ABSENT, True],
    }
    assert differing_settings([base, base]) == {}
    assert child.parent == tmp_path / "base"


@pytest.mark.parametrize(
    ("data", "num_bytes", "is_same"),
    [
        ({"num_validation_documents": 3, "num_validation_bytes": 70}, 70, True),
        ({}, 70, True),
        ({"num_validation_documents": 3, "num_validation_bytes": 71}, 70, False),
        ({}, 60, False),
    ],
)
def test_different_validation_documents_are_distinguished(
    tmp_path: Path, data: dict[str, Any], num_bytes: int, is_same: bool
) -> None:
    lines = [{**line, "num_bytes": num_bytes} if line["kind"] == "validation" else line for line in LINES]
    records = [read_record(write(tmp_path / "a")), read_record(write(tmp_path / "b", lines, data=data))]
    assert have_same_validation(records) is is_same


def test_runs_are_found_in_folders_oldest_first(tmp_path: Path) -> None:
    write(tmp_path / "one" / "deep" / "down", environment={"started": "2026-01-03"})
    write(tmp_path / "one" / "second", environment={"started": "2026-01-02"})
    write(tmp_path / "one" / "second" / "checkpoints" / "not a run of its own")
    write(tmp_path / "one" / ".hidden" / "run")
    (tmp_path / "one" / "other").mkdir()
    (tmp_path / "one" / "other" / "config.json").write_text('{"model_type": "of another program"}')
    records, problems = find_records([tmp_path / "one", tmp_path / "one" / "second"])
    assert [record.name for record in records] == ["second", "down"]
    assert problems == []


def test_runs_deep_down_are_not_looked_for(tmp_path: Path) -> None:
    write(tmp_path.joinpath(*"abcdef") / "run")
    with pytest.raises(CheckpointError, match="contains no run"):
        find_records([tmp_path])


def test_damaged_runs_are_named_and_the_others_read(tmp_path: Path) -> None:
    write(tmp_path / "good")
    (write(tmp_path / "torn") / "config.json").write_text('{"model": ')
    (write(tmp_path / "wrong") / "metrics.jsonl").write_text("nonsense\n")
    records, problems = find_records([tmp_path])
    assert [record.name for record in records] == ["good"]
    assert ["torn/config.json is damaged" in problems[0], "wrong/metrics.jsonl is damaged" in problems[1]] == [True] * 2


@pytest.mark.parametrize("content", [None, "[", "[]", '{"model": {}}', '{"model": 1, "training": 2}', "[" * 100_000])
def test_something_that_is_not_a_run_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"not a run folder|is damaged"):
        read_record(tmp_path)


@pytest.fixture
def label(tmp_path: Path) -> Callable[..., list[str]]:
    return lambda *names: labels([read_record(write(tmp_path / name)) for name in names])


def test_labels_are_as_short_as_possible_to_distinguish_runs(label: Callable[..., list[str]]) -> None:
    assert label("a/run", "b/run", "b/other") == ["a/run", "b/run", "other"]


def test_labels_replace_characters_that_no_page_can_contain(label: Callable[..., list[str]]) -> None:
    assert label("a\x1b[1m\n", "b\udcff") == ["a\ufffd[1m\ufffd", "b\ufffd"]
