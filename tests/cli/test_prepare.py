"""`schemalm prepare`: a corpus with its own split, several workers, and folders that are in use."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemalm.dataset.shards import open_work
from schemalm.dataset.store import Split
from schemalm.tokenizer import Tokenizer


def prepare_command(pipeline, corpus: Path, out: Path) -> tuple[object, ...]:
    sizes = ("--context-size", 16, "--stride", 4, "--train-split", 0.7)
    return ("prepare", "--input", corpus, "--output", out, "--tokenizer", pipeline.tokenizer, *sizes)


def assert_refused(result, *parts: object) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for part in parts:
        assert str(part) in result.stderr


def collected(folder: Path) -> Path:
    """A collected corpus: three sources for training and one for validation."""
    for name, sources in (("train", "abc"), ("val", "d")):
        (folder / name).mkdir(parents=True)
        rows = [
            {
                "json": json.dumps({"kind": "alpha", "name": f"{source}{'abcde'[index]}"}),
                "repo": source,
                "path": str(index),
            }
            for source in sources
            for index in range(5)
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / name / "000000.parquet")
    manifest = {"kind": "schemalm corpus", "format": 1, "settings": {"train_split": 0.75}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "rejected.jsonl").write_text('{"value": {"kind": "beta"}, "repo": "r"}\n')
    return folder


def test_a_collected_corpus_keeps_its_split(invoke, pipeline, tmp_path: Path) -> None:
    corpus = collected(tmp_path / "corpus")
    result = invoke(*prepare_command(pipeline, corpus, tmp_path / "data"))
    assert result.exit_code == 0, result.stderr
    assert "has its own split with a training share of 0.75" in result.stderr
    documents = {name: Split(tmp_path / "data", name).num_documents for name in ("train", "val")}
    assert documents == {"train": 15, "val": 5}
    tokenizer, split = Tokenizer.load(pipeline.tokenizer), Split(tmp_path / "data", "val")
    first = tokenizer.decode(split.document(0)[0].tolist())
    assert first["name"] == "da"


def test_some_of_a_collected_corpus_are_of_both_splits(invoke, pipeline, tmp_path: Path) -> None:
    corpus = collected(tmp_path / "corpus")
    command = prepare_command(pipeline, corpus, tmp_path / "data")
    result = invoke(*command, "--max-files", 8, "--train-split", 0.75)
    assert result.exit_code == 0, result.stderr
    assert "its own split" not in result.stderr
    documents = {name: Split(tmp_path / "data", name).num_documents for name in ("train", "val")}
    assert documents == {"train": 6, "val": 2}


@pytest.mark.slow
def test_several_workers_give_the_same_data(invoke, pipeline, tmp_path: Path) -> None:
    for name, options in (("one", ()), ("two", ("--workers", 2))):
        assert invoke(*prepare_command(pipeline, pipeline.corpus, tmp_path / name), *options).exit_code == 0
    metadata = [(tmp_path / name / "metadata.json").read_bytes() for name in ("one", "two")]
    assert metadata[0] == metadata[1]


def test_preparing_into_a_folder_that_another_command_writes_is_refused(invoke, pipeline, tmp_path: Path) -> None:
    with open_work(tmp_path / "data", {}):
        result = invoke(*prepare_command(pipeline, pipeline.corpus, tmp_path / "data"))
    assert_refused(result, "another command is writing into")


@pytest.mark.parametrize("options", [("--engine", "spark"), ("--address", "auto"), ("--workers", 0)])
def test_unknown_engines_are_refused(invoke, pipeline, tmp_path: Path, options) -> None:
    result = invoke(*prepare_command(pipeline, pipeline.corpus, tmp_path / "data"), *options)
    assert_refused(result, str(options[1]))
    assert not (tmp_path / "data").exists()


def test_another_existing_tokenizer_is_not_replaced(invoke, pipeline, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("mine")
    result = invoke(*prepare_command(pipeline, pipeline.corpus, tmp_path))
    assert_refused(result, "already contains another tokenizer.json")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("tokenizer.json", "mine")]


def test_the_same_tokenizer_may_exist_already(invoke, pipeline, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(pipeline.tokenizer.read_bytes())
    assert invoke(*prepare_command(pipeline, pipeline.corpus, tmp_path)).exit_code == 0
