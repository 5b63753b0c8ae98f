"""A folder prepared from files is the same, byte for byte, with every engine and after any kill."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.dataset.encoding import Encoder, Encoding
from schemalm.dataset.prepare import (
    ORIGIN_FILE,
    CorpusInput,
    PrepareSettings,
    finished,
    open_preparation,
    prepare,
    prepare_corpus,
)
from schemalm.dataset.reading import SourceDocument, read_documents
from schemalm.dataset.recall_files import RECALL_FILES
from schemalm.dataset.shard_merging import LEFT_OUT_FILE
from schemalm.dataset.shards import WORKING_FOLDER
from schemalm.dataset.store import METADATA_FILE, Split, verify_files
from schemalm.documents import pieces
from schemalm.engines import Engine, open_engine
from schemalm.errors import ConfigurationError, DataError
from schemalm.tokenizer import Tokenizer

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
    "additionalProperties": {"type": "string"},
}
SETTINGS = PrepareSettings(context_size=16, stride=4)
NUM_ROWS, ROWS_PER_SHARD = 60, 8


def row(index: int) -> dict[str, Any]:
    """A row of the corpus: most are documents; some are not, violate the schema or repeat an earlier one."""
    fields = {"repo": f"o/r{index % 9}", "path": f"{index}.yml"}
    if index % 17 == 5:
        return {**fields, "yaml": "a: b: c"}
    if index % 13 == 7:
        return {**fields, "value": {"size": "five"}}
    if index % 11 == 10:
        index //= 2
    return {**fields, "value": {"size": index, "name": f"document {index}", "note": "text " * (index % 7)}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of two files, and a tokenizer beside it."""
    folder = tmp_path_factory.mktemp("prepare")
    (folder / "corpus").mkdir()
    rows = [json.dumps(row(index)) + "\n" for index in range(NUM_ROWS)]
    (folder / "corpus" / "a.jsonl").write_text("".join(rows[:33]))
    (folder / "corpus" / "b.jsonl").write_text("".join(rows[33:]))
    values = [row(index)["value"] for index in range(NUM_ROWS) if "value" in row(index) and index % 13 != 7]
    Tokenizer.train(compile_schema(SCHEMA), values, 320).save(folder / "tokenizer.json")
    return folder


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> Tokenizer:
    return Tokenizer.load(folder / "tokenizer.json")


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAX_ROWS", ROWS_PER_SHARD)


def corpus(folder: Path, **options: Any) -> CorpusInput:
    return CorpusInput([folder / "corpus"], SCHEMA, **options)


def prepared(documents: CorpusInput, tokenizer: Any, out: Path, engine: Engine | None = None, **options: Any) -> Any:
    if engine is not None:
        return prepare_corpus(documents, tokenizer, out, SETTINGS, engine, **options)
    with open_engine("local", workers=1) as opened:
        return prepare_corpus(documents, tokenizer, out, SETTINGS, opened, **options)


def contents(out: Path) -> dict[str, str]:
    """The hash of every file of a folder."""
    files = (path for path in out.rglob("*") if path.is_file())
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def whole(folder: Path, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The folder prepared in this process, without interruption."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "MAX_ROWS", ROWS_PER_SHARD)
        out = tmp_path_factory.mktemp("whole") / "data"
        prepared(corpus(folder), tokenizer, out)
    return contents(out)


def test_a_shard_has_the_arrays_that_interrupted_work_has(tokenizer: Tokenizer) -> None:
    content = Encoder(tokenizer, SETTINGS.windows).pack(Encoding())
    names = "tokens places masks rows lengths num_bytes digests draws sources entries left_out"
    assert np.load(io.BytesIO(content)).files == names.split()


def test_the_documents_are_those_of_the_corpus(folder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    summary = prepared(corpus(folder), tokenizer, tmp_path)
    verify_files(tmp_path, summary.metadata)
    read, _ = read_documents([folder / "corpus"], SCHEMA)
    names = {rejection.name for rejection in summary.rejections}
    expected = [json.dumps(one.value, sort_keys=True) for one in read if one.name not in names]
    found = []
    for name in ("train", "val"):
        split = Split(tmp_path, name)
        for number in range(split.num_documents):
            found.append(json.dumps(tokenizer.decode(split.document(number)[0].tolist()), sort_keys=True))
    assert sorted(found) == sorted(expected)
    assert {path.name for path in tmp_path.iterdir()} == {
        *(
            "train",
            "val",
            "metadata.json",
            "tokenizer.json",
            "masks.npy",
            "places.npy",
            "left_out.jsonl",
            "origin.json",
        ),
        *RECALL_FILES,
    }


def test_every_document_that_is_left_out_is_listed_with_its_location(
    folder: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    summary = prepared(corpus(folder), tokenizer, tmp_path)
    lines = [json.loads(line) for line in (tmp_path / LEFT_OUT_FILE).read_text().splitlines()]
    kept = sum(split.num_documents for split in summary.metadata.splits.values())
    assert len(lines) + kept == NUM_ROWS
    assert [line["name"] for line in lines] == sorted(
        (line["name"] for line in lines), key=lambda name: int(name[5:-4])
    )
    by_name = {line["name"]: line for line in lines}
    broken = by_name["o/r7/7.yml"]
    assert (broken["file"], broken["line"]) == (str(folder / "corpus" / "a.jsonl"), 8)
    assert (broken["pointer"], broken["keyword"]) == ("/size", "type")
    again = by_name["o/r0/54.yml"]
    assert (again["original"], again["line"]) == ("o/r0/27.yml", 22)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["pool", "ray_engine"])
def test_any_engine_gives_the_same_folder(
    folder: Path,
    tokenizer: Tokenizer,
    whole: dict[str, str],
    tmp_path: Path,
    workers: str,
    request: pytest.FixtureRequest,
) -> None:
    if workers == "pool":
        with open_engine("local", workers=2) as engine:
            prepared(corpus(folder), tokenizer, tmp_path, engine)
    else:
        prepared(corpus(folder), tokenizer, tmp_path, request.getfixturevalue(workers))
    assert contents(tmp_path) == whole


def test_shards_of_another_size_give_the_same_folder(
    folder: Path, tokenizer: Tokenizer, whole: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "MAX_ROWS", 512)
    prepared(corpus(folder), tokenizer, tmp_path)
    assert contents(tmp_path) == whole


# A process that prepares, and kills itself at the n-th call of a function.
KILLED = f"""
import importlib, os, signal, sys
from pathlib import Path
from schemalm.documents import pieces
pieces.MAX_ROWS = {ROWS_PER_SHARD}
folder, out, place, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
module, *names, name = place.split(":")
owner = importlib.import_module(module)
for part in names:
    owner = getattr(owner, part)
function, calls = getattr(owner, name), []
def killed(*arguments, **options):
    calls.append(0)
    if len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments, **options)
setattr(owner, name, killed)
from schemalm.dataset.prepare import CorpusInput, PrepareSettings, prepare_corpus
from schemalm.engines import open_engine
from schemalm.tokenizer import Tokenizer
tokenizer = Tokenizer.load(folder / "tokenizer.json")
with open_engine("local", workers=1) as engine:
    documents = CorpusInput([folder / "corpus"], tokenizer.grammar.schema)
    prepare_corpus(documents, tokenizer, out, PrepareSettings(16, 4), engine, resume=True)
"""
MOMENTS = [
    "schemalm.files.writing:sync_folder 4",  # a shard is written, and the next one is started
    "os:fsync 6",  # in the middle of writing a shard
    "schemalm.dataset.shard_merging:SplitWriter:extend 3",
    "schemalm.dataset.shards:Work:remove 1",  # everything is written
]


@pytest.mark.slow
def test_a_run_that_is_killed_again_and_again_gives_the_same_folder(
    folder: Path, tokenizer: Tokenizer, whole: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "data"
    for moment in MOMENTS:
        command = [sys.executable, "-c", KILLED, str(folder), str(out), *moment.split()]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == -signal.SIGKILL, (moment, ended.stderr)
        assert (out / METADATA_FILE).exists() == (moment == MOMENTS[-1])
    summary = finished(corpus(folder), tokenizer, out, SETTINGS)
    assert summary is not None
    assert summary.left_out.num_rejected == 9
    assert contents(out) == whole


@pytest.mark.slow
def test_preparing_does_without_torch(folder: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from schemalm.cli.application import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as ended: assert not ended.code\n"
        "assert 'torch' not in sys.modules and 'pyarrow' not in sys.modules"
    )
    given = ("--input", folder / "corpus", "--tokenizer", folder / "tokenizer.json", "--output", tmp_path / "data")
    command = [sys.executable, "-c", program, "prepare", *map(str, given)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_killed_run_continues_at_its_last_shard(
    folder: Path, tokenizer: Tokenizer, whole: dict[str, str], tmp_path: Path
) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        open_engine("local", workers=1) as engine,
        open_preparation(corpus(folder), tokenizer, tmp_path, SETTINGS) as preparation,
    ):
        preparation.encode(engine, lambda done: (_ for _ in ()).throw(KeyboardInterrupt) if done > 20 else None)
    seen: list[int] = []
    with (
        open_engine("local", workers=1) as engine,
        open_preparation(corpus(folder), tokenizer, tmp_path, SETTINGS, resume=True) as preparation,
    ):
        preparation.encode(engine, seen.append)
        preparation.merge()
    assert seen[0] == 32
    assert contents(tmp_path) == whole


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"stride": 8}, "stride was 4, and is now 8"),
        ({"context_size": 32}, "context_size was 16, and is now 32"),
        ({"seed": 1}, "seed was 0, and is now 1"),
    ],
)
def test_other_settings_cannot_be_resumed(
    folder: Path, tokenizer: Tokenizer, tmp_path: Path, settings: dict[str, int], problem: str
) -> None:
    with open_preparation(corpus(folder), tokenizer, tmp_path, SETTINGS):
        pass
    other = PrepareSettings(**{"context_size": 16, "stride": 4, **settings})
    with (
        pytest.raises(DataError, match=problem),
        open_preparation(corpus(folder), tokenizer, tmp_path, other, resume=True),
    ):
        pass


def test_a_finished_preparation_is_recognized_by_its_settings(
    folder: Path, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    assert finished(corpus(folder), tokenizer, tmp_path / "data", SETTINGS) is None
    prepared(corpus(folder), tokenizer, tmp_path / "data")
    one_file = CorpusInput([folder / "corpus" / "a.jsonl"], SCHEMA)
    for changed, settings, difference in (
        (corpus(folder), PrepareSettings(context_size=16, stride=8), "stride is 4, not 8"),
        (corpus(folder), replace(SETTINGS, seed=3), "seed is 0, not 3"),
        (corpus(folder), replace(SETTINGS, train_split=0.5), "train_split is 0.8, not 0.5"),
        (corpus(folder, max_rows=9), SETTINGS, "max_files is None, not 9"),
        (one_file, SETTINGS, "input_sha256 is"),
    ):
        with pytest.raises(DataError, match=f"already contains a prepared data set, whose {difference}"):
            finished(changed, tokenizer, tmp_path / "data", settings)
    with pytest.raises(DataError, match="already contains a prepared data set"):
        prepared(corpus(folder), tokenizer, tmp_path / "data", resume=True)


def test_the_location_of_a_corpus_changes_nothing(folder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    shutil.copytree(folder / "corpus", tmp_path / "elsewhere")
    for name, place in (("one", folder / "corpus"), ("other", tmp_path / "elsewhere")):
        prepared(CorpusInput([place], SCHEMA), tokenizer, tmp_path / name)
    one, other = contents(tmp_path / "one"), contents(tmp_path / "other")
    assert {name for name in one if one[name] != other[name]} == {LEFT_OUT_FILE}  # it contains the names of files


def test_excessive_contexts_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="context_size must be a whole number from 1 to 1048576"):
        PrepareSettings(context_size=10**20)


def test_some_rows_are_spread_over_the_corpus(folder: Path, tokenizer: Tokenizer, tmp_path: Path) -> None:
    summary = prepared(corpus(folder, max_rows=7), tokenizer, tmp_path)
    lines = (tmp_path / LEFT_OUT_FILE).read_text().splitlines()
    assert sum(split.num_documents for split in summary.metadata.splits.values()) + len(lines) == 7


def test_a_refused_corpus_leaves_nothing(tokenizer: Tokenizer, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"value": {"size": "five"}}\n' * 9)
    with pytest.raises(DataError, match=r"no document is left.*is it the right one") as caught:
        prepared(CorpusInput([tmp_path / "rows.jsonl"], SCHEMA), tokenizer, tmp_path / "data")
    assert "9 rejected: the schema's type" in str(caught.value)
    assert not (tmp_path / "data").exists()


def test_a_single_source_is_reported(tokenizer: Tokenizer, tmp_path: Path) -> None:
    rows = [json.dumps({"value": {"size": index}, "repo": "o/r"}) + "\n" for index in range(9)]
    (tmp_path / "rows.jsonl").write_text("".join(rows))
    with pytest.raises(DataError, match=r"fewer than two sources.*9 documents of o/r"):
        prepared(CorpusInput([tmp_path / "rows.jsonl"], SCHEMA), tokenizer, tmp_path / "data")


def test_text_tokenizers_have_no_states(folder: Path, tmp_path: Path) -> None:
    baseline = ByteBPETokenizer.train([{"name": "document"}], 300)
    (tmp_path / "places.npy").write_bytes(b"of a killed command")
    summary = prepared(corpus(folder), baseline, tmp_path)
    assert summary.metadata.num_places == 0
    assert not list(tmp_path.rglob("places.*"))


def test_documents_in_memory_give_the_same_tokens(
    folder: Path, tokenizer: Tokenizer, whole: dict[str, str], tmp_path: Path
) -> None:
    read, left_out = read_documents([folder / "corpus"], SCHEMA)
    prepare(read, tokenizer, tmp_path, context_size=16, stride=4, left_out=left_out)
    found = contents(tmp_path)
    assert {name: found[name] for name in found if name != LEFT_OUT_FILE} == {
        name: whole[name] for name in whole if name not in (LEFT_OUT_FILE, ORIGIN_FILE)
    }


def test_documents_in_memory_are_all_kept(tokenizer: Tokenizer, tmp_path: Path) -> None:
    documents = [SourceDocument({"size": 1}, f"s{index % 3}", f"d{index}") for index in range(9)]
    summary = prepare(documents, tokenizer, tmp_path, context_size=16, stride=4)
    assert sum(split.num_documents for split in summary.metadata.splits.values()) == 9


def test_an_abandoned_working_folder_is_removed(
    folder: Path, tokenizer: Tokenizer, whole: dict[str, str], tmp_path: Path
) -> None:
    with open_preparation(corpus(folder), tokenizer, tmp_path, SETTINGS):
        pass
    assert (tmp_path / WORKING_FOLDER).is_dir()
    prepared(corpus(folder), tokenizer, tmp_path)
    assert contents(tmp_path) == whole
