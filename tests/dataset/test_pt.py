"""`.pt` files: torch reads them, their metadata describes them, and nothing is left half-written."""

from __future__ import annotations

import json
import resource
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.dataset.test_prepare import SCHEMA, documents

from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.dataset import pt
from schemalm.dataset.prepare import prepare
from schemalm.dataset.pt import read_pt, read_pt_metadata, write_pt
from schemalm.dataset.store import PREPARED, Split
from schemalm.dataset.windows import training_windows
from schemalm.errors import DataError
from schemalm.tokenizer import Tokenizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with prepared data for `.pt` files."""
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    prepare(documents(), tokenizer, tmp_path / PREPARED, context_size=16, stride=4)
    return tmp_path


@pytest.mark.parametrize("mapped", [False, True])
def test_torch_reads_every_window(folder: Path, mapped: bool) -> None:
    write_pt(folder)
    for split in ("train", "val"):
        rows = torch.load(folder / f"{split}.pt", weights_only=True, mmap=mapped)
        windows = training_windows(Split(folder / PREPARED, split))
        assert rows.dtype == torch.int64
        assert torch.equal(rows, torch.from_numpy(windows.rows(np.arange(len(windows))).tokens_BT))


def test_records_equal_those_that_torch_writes(folder: Path) -> None:
    write_pt(folder)
    torch.save(read_pt(folder / "val.pt").clone(), folder / "other.pt")
    with zipfile.ZipFile(folder / "val.pt") as ours, zipfile.ZipFile(folder / "other.pt") as theirs:
        for name in ours.namelist():
            assert ours.read(name) == theirs.read(name.replace("archive/", "other/")), name
        assert ours.testzip() is None


def test_contents_start_at_aligned_positions(folder: Path) -> None:
    write_pt(folder)
    content = (folder / "train.pt").read_bytes()
    first = read_pt(folder / "train.pt")[:4].numpy().tobytes()
    assert content.index(first) % 64 == 0


def test_many_parts_give_the_same_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    write_pt(folder)
    whole = (folder / "train.pt").read_bytes()
    monkeypatch.setattr(pt, "_IDS_AT_ONCE", 100)
    write_pt(folder, done.append)
    assert (folder / "train.pt").read_bytes() == whole
    assert done == sorted(set(done))
    assert done[-1] == sum(len(read_pt(folder / f"{split}.pt")) for split in ("train", "val"))


def test_the_metadata_describes_the_windows(folder: Path) -> None:
    written = write_pt(folder)
    assert json.loads((folder / "metadata.json").read_bytes()) == {
        "context_size": 16,
        "stride": 4,
        "total_workflows": 60,
        "vocab_size": written.vocab_size,
        "pad_id": 0,
    }
    assert read_pt_metadata(folder) == written


def test_data_of_a_text_tokenizer_is_written_too(tmp_path: Path) -> None:
    tokenizer = ByteBPETokenizer.train([document.value for document in documents()], vocab_size=300)
    prepare(documents(), tokenizer, tmp_path / PREPARED, context_size=16, stride=4)
    assert write_pt(tmp_path).vocab_size == tokenizer.vocab_size
    assert read_pt(tmp_path / "train.pt").shape[1] == 17


def test_a_full_disk_leaves_nothing_half_written(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large") as caught:
            write_pt(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(caught.value.filename) == str(folder / "train.pt")
    assert [path.name for path in folder.iterdir()] == [PREPARED]


def test_what_a_killed_command_left_half_written_is_removed(folder: Path) -> None:
    (folder / ".train.pt.123.partial").write_bytes(b"half")
    write_pt(folder)
    assert not list(folder.glob(".*"))


def test_it_needs_prepared_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="prepared is not a prepared data set"):
        write_pt(tmp_path)


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.pt is missing: `schemalm prepare --format pt`"):
        read_pt(tmp_path / "none.pt")
    (tmp_path / "text.pt").write_text("no tensor")
    (tmp_path / "empty.pt").touch()
    with pytest.raises(DataError, match=r"text\.pt cannot be read as a \.pt file"):
        read_pt(tmp_path / "text.pt")
    with pytest.raises(DataError, match=r"empty\.pt cannot be read as a \.pt file"):
        read_pt(tmp_path / "empty.pt")
    with pytest.raises(DataError, match="cannot be read"):
        read_pt(tmp_path)
    for name, content in (("dict", {"x": torch.zeros(2)}), ("floats", torch.zeros(2, 3)), ("flat", torch.arange(3))):
        torch.save(content, tmp_path / f"{name}.pt")
        with pytest.raises(
            DataError, match=r"contains .*, expected one tensor of torch.int64 \[N, context_size \+ 1\]"
        ):
            read_pt(tmp_path / f"{name}.pt")


def test_a_file_that_was_cut_off_is_refused(folder: Path) -> None:
    write_pt(folder)
    content = (folder / "train.pt").read_bytes()
    (folder / "train.pt").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"train\.pt cannot be read"):
        read_pt(folder / "train.pt")


def test_other_metadata_is_ignored(folder: Path) -> None:
    assert read_pt_metadata(folder) is None
    for content in ("", "[]", "{}", '{"context_size": "x"}'):
        (folder / "metadata.json").write_text(content)
        assert read_pt_metadata(folder) is None
