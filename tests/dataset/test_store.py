"""What is written is read back, and anything half written or damaged is refused by name."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.dataset import store
from schemalm.dataset.echo import echoes
from schemalm.dataset.store import (
    FORMAT_VERSION,
    MASKS_FILE,
    METADATA_FILE,
    TOKENIZER_FILE,
    Metadata,
    Split,
    SplitWriter,
    hash_file,
    load_masks,
    read_metadata,
    verify_files,
    write_array,
    write_metadata,
)
from schemalm.errors import DataError
from schemalm.files import write_atomically
from schemalm.machine.masks import pack_masks

VOCAB_SIZE = 300
DOCUMENTS = [[1, 2, 299], [7], [5] * 40]
GRAMMAR = {"num_nonterminals": 3, "num_states": 4}
TEXT_FILES = {"tokens.bin", "echoes.bin", "documents.npy", "bytes.npy"}


def write(folder: Path, *, vocab_size: int = VOCAB_SIZE, with_grammar: bool = True) -> Metadata:
    """A data set of `DOCUMENTS` in one split."""
    sizes: dict[str, int] = GRAMMAR if with_grammar else {"num_nonterminals": 0, "num_states": 0}
    with SplitWriter(folder / "train", vocab_size=vocab_size, context_size=16, stride=4, **sizes) as writer:
        for tokens in DOCUMENTS:
            grammar: tuple[Any, Any] = ([2] * len(tokens), [(1, 3)] * len(tokens)) if with_grammar else (None, None)
            writer.add(tokens, *grammar, num_bytes=10 + len(tokens))
        split = writer.finish()
    write_atomically(folder / TOKENIZER_FILE, b"{}\n")
    files = {TOKENIZER_FILE: hash_file(folder / TOKENIZER_FILE)}
    if with_grammar:
        files[MASKS_FILE] = write_array(folder / MASKS_FILE, pack_masks(np.ones((3, vocab_size), dtype=bool)))
    metadata = Metadata(
        context_size=16,
        stride=4,
        vocab_size=vocab_size,
        pad_id=0,
        tokenizer_sha256=files[TOKENIZER_FILE],
        files=files,
        splits={"train": split},
        **sizes,
    )
    write_metadata(folder, metadata)
    return metadata


def test_documents_are_read_back(tmp_path: Path) -> None:
    metadata = write(tmp_path)
    assert read_metadata(tmp_path) == metadata
    verify_files(tmp_path, metadata)
    split = Split(tmp_path, "train")
    tokens = [
        split.tokens[a:b].tolist() for a, b in zip(split.offsets[:-1].tolist(), split.offsets[1:].tolist(), strict=True)
    ]
    assert tokens == DOCUMENTS
    assert split.tokens.dtype == np.uint16
    assert split.nonterminals is not None
    assert split.states is not None
    assert set(split.nonterminals.tolist()) == {2}
    assert split.states.tolist() == [[1, 3]] * 44
    last = np.array(DOCUMENTS[-1])
    assert split.echoes[-len(last) :].tolist() == echoes(last).tolist()
    assert split.num_bytes.tolist() == [13, 11, 50]
    counts = metadata.splits["train"]
    assert (counts.num_documents, counts.num_tokens, counts.num_windows, counts.num_bytes) == (3, 44, 1 + 1 + 7, 74)


def test_large_vocabularies_take_four_bytes(tmp_path: Path) -> None:
    write(tmp_path, vocab_size=70_000)
    assert Split(tmp_path, "train").tokens.dtype == np.uint32
    assert json.loads((tmp_path / METADATA_FILE).read_text())["dtype"] == "uint32"


def test_text_data_has_no_grammar_files(tmp_path: Path) -> None:
    metadata = write(tmp_path, with_grammar=False)
    assert {path.name for path in (tmp_path / "train").iterdir()} == TEXT_FILES
    split = Split(tmp_path, "train")
    assert split.nonterminals is None
    assert split.states is None
    assert load_masks(tmp_path, metadata) is None


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 5), st.randoms(use_true_random=False))
def test_packed_masks_say_what_the_masks_say(vocab_size: int, num_rows: int, random: Any) -> None:
    masks = np.array([[random.random() < 0.5 for _ in range(vocab_size)] for _ in range(num_rows)])
    packed = pack_masks(masks)
    assert packed.shape == (num_rows, -(-vocab_size // 8))
    assert all(bool(packed[i, j // 8] >> (j % 8) & 1) == masks[i, j] for i, j in np.ndindex(*masks.shape))


def test_writing_twice_gives_the_same_files(tmp_path: Path) -> None:
    assert write(tmp_path / "a") == write(tmp_path / "b")


def test_a_preparation_that_stopped_is_no_data_set(tmp_path: Path) -> None:
    with SplitWriter(tmp_path / "train", vocab_size=VOCAB_SIZE, context_size=16, stride=4) as writer:
        writer.add([1, 2], None, None, num_bytes=3)
    with pytest.raises(DataError, match=r"has no metadata\.json.*run it again"):
        Split(tmp_path, "train")


def test_a_finished_data_set_is_not_written_into(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="already holds"):
        write(tmp_path)


@pytest.mark.parametrize("name", sorted(TEXT_FILES | {"nonterminals.bin", "states.bin"}))
@pytest.mark.parametrize("damage", ["remove", "truncate", "extend"])
def test_a_file_of_the_wrong_size_is_named(tmp_path: Path, name: str, damage: str) -> None:
    write(tmp_path)
    path = tmp_path / "train" / name
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content[:-3] if damage == "truncate" else content + b"\0")
    with pytest.raises(DataError, match=name):
        Split(tmp_path, "train")
        verify_files(tmp_path, read_metadata(tmp_path))  # an .npy file with bytes to spare is found by its hash


@pytest.mark.parametrize("name", [f"train/{name}" for name in ("tokens.bin", "states.bin")] + [MASKS_FILE])
def test_a_changed_byte_is_found_by_its_hash(tmp_path: Path, name: str) -> None:
    metadata = write(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name} is damaged"):
        verify_files(tmp_path, metadata)


def test_offsets_that_do_not_rise_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    write_array(tmp_path / "train" / "documents.npy", np.array([0, 9, 4, 44]))
    with pytest.raises(DataError, match=r"documents\.npy is damaged"):
        Split(tmp_path, "train")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"splits": 3, "dtype": "uint16"}', "null"])
def test_damaged_metadata_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / METADATA_FILE).write_text(content)
    with pytest.raises(DataError, match=r"metadata\.json is damaged"):
        read_metadata(tmp_path)


def test_another_format_version_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / METADATA_FILE
    path.write_text(path.read_text().replace(f'"format_version": {FORMAT_VERSION}', '"format_version": 1'))
    with pytest.raises(DataError, match="format version 1"):
        read_metadata(tmp_path)


def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="no split 'test'; it has train"):
        Split(tmp_path, "test")


@pytest.mark.parametrize(
    ("tokens", "nonterminals", "states", "problem"),
    [
        ([], [], np.zeros((0, 2)), "at least one token"),
        ([300], [0], [(0, 0)], "0 .. 299"),
        ([-1], [0], [(0, 0)], "0 .. 299"),
        ([1], [3], [(0, 0)], "0 .. 2"),
        ([1], [0], [(0, 4)], "0 .. 3"),
        ([1], [0, 0], [(0, 0)], "expected shape"),
        ([1], [0], [0], "expected shape"),
        ([1], None, [(0, 0)], "missing"),
    ],
)
def test_documents_that_do_not_fit_are_refused(
    tmp_path: Path, tokens: Any, nonterminals: Any, states: Any, problem: str
) -> None:
    sizes = {"vocab_size": VOCAB_SIZE, "context_size": 16, "stride": 4}
    with (
        SplitWriter(tmp_path / "train", **sizes, **GRAMMAR) as writer,
        pytest.raises(DataError, match=f"document 0: .*{problem}"),
    ):
        writer.add(tokens, nonterminals, states, num_bytes=1)


def test_many_documents_have_their_own_echoes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "TOKENS_AT_ONCE", 10)
    documents = [[number % 5 + 1 for number in range(length)] for length in (3, 12, 1, 4, 4, 4)]
    with SplitWriter(tmp_path / "train", vocab_size=10, context_size=16, stride=4) as writer:
        for tokens in documents:
            writer.add(tokens, None, None, num_bytes=1)
        assert writer.finish().num_tokens == sum(map(len, documents))
    written = np.fromfile(tmp_path / "train" / "echoes.bin", dtype=np.uint16).reshape(-1, 4)
    assert np.array_equal(written, np.concatenate([echoes(np.array(tokens)) for tokens in documents]))
    assert np.fromfile(tmp_path / "train" / "tokens.bin", dtype=np.uint16).tolist() == [*chain(*documents)]
