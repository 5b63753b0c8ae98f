"""If writing fails, the error names the file, although the system's error does not; here files may not grow."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.dataset.prepare import CorpusInput, PrepareSettings, prepare_corpus
from schemalm.dataset.store import METADATA_FILE, SplitWriter, write_array
from schemalm.engines import open_engine
from schemalm.files.writing import write_atomically
from schemalm.training.metrics import Metrics, read_metrics

MOST_BYTES = 1000
LINE = {"kind": "train", "step": 1, "loss": 2.0}


@contextmanager
def full() -> Iterator[None]:
    """Limit files to a thousand bytes during the writing only, since the report of the tests is a file too."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def write_whole(folder: Path) -> None:
    write_atomically(folder / "file", bytes(2 * MOST_BYTES))


def write_numbers(folder: Path) -> None:
    write_array(folder / "file", np.zeros(2 * MOST_BYTES))


def write_metrics(folder: Path) -> None:
    metrics = Metrics(folder, 0)
    try:
        for _ in range(100):
            metrics.append(LINE)
    finally:
        metrics.close()


def write_split(folder: Path) -> None:
    random = np.random.default_rng(0)
    with SplitWriter(folder / "split", vocab_size=60_000, context_size=8, stride=4) as writer:
        for _ in range(100):
            writer.add(random.integers(60_000, size=50), None, num_bytes=10)
        writer.finish()


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (write_whole, "file"),
        (write_numbers, "file"),
        (write_metrics, "metrics.jsonl"),
        (write_split, "split/blocks.zst"),
    ],
)
def test_the_error_names_the_file(tmp_path: Path, write: Callable[[Path], None], name: str) -> None:
    with pytest.raises(OSError, match=r".") as caught, full():
        write(tmp_path)
    assert str(caught.value.filename) == str(tmp_path / name)


def test_a_preparation_names_the_file_and_resumes_when_there_is_space(tmp_path: Path) -> None:
    rows = [json.dumps({"value": {"name": f"n{index}"}, "repo": f"r{index % 5}"}) + "\n" for index in range(99)]
    (tmp_path / "rows.jsonl").write_text("".join(rows))
    tokenizer = ByteBPETokenizer.train([{"name": "n"}], 300)
    corpus = CorpusInput([tmp_path / "rows.jsonl"], True)
    for name, is_full in (("whole", False), ("data", True), ("data", False)):
        with open_engine("local", workers=1) as engine, full() if is_full else nullcontext():
            try:
                prepare_corpus(corpus, tokenizer, tmp_path / name, PrepareSettings(), engine, resume=True)
            except OSError as error:
                assert is_full, error
                assert str(error.filename).startswith(str(tmp_path / name))
                assert not (tmp_path / name / METADATA_FILE).exists()
            else:
                assert not is_full
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
        for name in ("whole", "data")
    ]
    assert contents[0] == contents[1]


def test_the_old_content_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(OSError, match="too large"), full():
        write_whole(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_metrics_are_read_up_to_the_line_that_could_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too large"), full():
        write_metrics(tmp_path)
    lines = read_metrics(tmp_path)
    assert lines
    assert all(line == LINE for line in lines)
