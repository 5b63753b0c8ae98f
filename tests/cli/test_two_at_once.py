"""Two commands with one folder: one of them writes it, the other is refused, and nothing is mixed or lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from schemalm.baselines import ByteBPETokenizer
from schemalm.dataset.prepare import CorpusInput, PrepareSettings, prepare, prepare_corpus
from schemalm.dataset.reading import SourceDocument
from schemalm.dataset.shards import LOCK_FILE, WORKING_FOLDER
from schemalm.dataset.store import read_metadata, verify_files
from schemalm.engines import open_engine
from schemalm.errors import DataError
from schemalm.files.writing import filled_atomically

from .conftest import Pipeline

Invoke = Callable[..., Result]


def test_the_second_generate_is_refused_before_it_works(pipeline: Pipeline, invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "written"
    with filled_atomically(out) as folder:
        (folder / "0001.yaml").write_text("the first command's")
        refused = invoke("generate", pipeline.run, "-n", 2, "--out", out)
        assert refused.exit_code == 2
        assert f"another command is writing into {out}" in refused.output
    assert [file.name for file in out.iterdir()] == ["0001.yaml"]
    assert (out / "0001.yaml").read_text() == "the first command's"


def test_files_of_a_killed_generate_are_no_obstacle(pipeline: Pipeline, invoke: Invoke, tmp_path: Path) -> None:
    out = tmp_path / "written"
    for hidden in (out / ".partial", tmp_path / ".new.partial"):
        hidden.mkdir(parents=True)
        (hidden / "0001.yaml").write_text("half")
    for folder in (out, tmp_path / "new"):
        written = invoke("generate", pipeline.run, "-n", 2, "--max-tokens", 4, "--out", folder, "--json")
        assert written.exit_code == 0, written.output
        names = ["0001.yaml", "0002.yaml"]
        assert sorted(file.name for file in folder.iterdir()) == names
        assert json.loads(written.stdout)["files"] == [str(folder / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "written"]


@pytest.mark.parametrize("delay", [0, 1, 2, 4])
def test_of_two_preparations_one_succeeds_and_its_data_is_whole(tmp_path: Path, delay: int) -> None:
    rows = [json.dumps({"value": {"name": f"n{index}"}, "repo": f"r{index % 5}"}) + "\n" for index in range(99)]
    (tmp_path / "rows.jsonl").write_text("".join(rows))
    tokenizer = ByteBPETokenizer.train([{"name": "n"}], 300)
    ended: dict[int, BaseException | None] = {}
    both = threading.Barrier(2)

    def run(stride: int) -> None:
        try:
            with open_engine("local", workers=1) as engine:
                both.wait(10)
                if stride == 2:
                    threading.Event().wait(delay / 100)
                corpus = CorpusInput([tmp_path / "rows.jsonl"], True)
                prepare_corpus(corpus, tokenizer, tmp_path / "data", PrepareSettings(16, stride), engine)
            ended[stride] = None
        except Exception as error:
            ended[stride] = error

    threads = [threading.Thread(target=run, args=(stride,)) for stride in (2, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = (stride for stride, error in ended.items() if error is None)
    (refusal,) = (error for error in ended.values() if error is not None)
    assert isinstance(refusal, DataError), refusal
    metadata = read_metadata(tmp_path / "data")
    assert metadata.stride == winner
    verify_files(tmp_path / "data", metadata)
    assert not [path for path in (tmp_path / "data").iterdir() if path.name.startswith(".")]


def test_a_preparation_does_not_overwrite_one_that_finished_in_the_meantime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from schemalm.dataset import prepare as module  # noqa: PLC0415

    documents = [SourceDocument({"n": index}, f"r{index}", f"{index}") for index in range(6)]
    tokenizer = ByteBPETokenizer.train([{"n": 1}], 300)
    module.prepare(documents, tokenizer, tmp_path / "data", context_size=8, stride=4)
    before = (tmp_path / "data" / "metadata.json").read_bytes()
    looks = iter([None])  # the first check finds nothing yet
    refuse = module.refuse_data_set
    monkeypatch.setattr(module, "refuse_data_set", lambda folder: next(looks, folder) and refuse(folder))
    with pytest.raises(DataError, match="already contains a prepared data set"):
        module.prepare(documents[:3], tokenizer, tmp_path / "data", context_size=8, stride=2)
    assert (tmp_path / "data" / "metadata.json").read_bytes() == before


@pytest.mark.parametrize("linked", [WORKING_FOLDER, f"{WORKING_FOLDER}/{LOCK_FILE}"])
def test_a_link_instead_of_the_working_folder_or_its_lock_is_not_followed(tmp_path: Path, linked: str) -> None:
    mine = tmp_path / "mine"
    (mine / "shards").mkdir(parents=True)
    (mine / "shards" / "letter").write_text("dear")
    link = tmp_path / "data" / linked
    link.parent.mkdir(parents=True)
    link.symlink_to(mine if linked == WORKING_FOLDER else mine / "new")
    tokenizer = ByteBPETokenizer.train([{"n": 1}], 300)
    documents = [SourceDocument({"n": index}, f"r{index}", f"{index}") for index in range(6)]
    with pytest.raises((DataError, OSError), match=f"{linked} is a link|it is a link"):
        prepare(documents, tokenizer, tmp_path / "data", context_size=8, stride=4)
    assert [path.name for path in mine.rglob("*")] == ["shards", "letter"]
