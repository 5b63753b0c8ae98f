"""What is written is read back, and the name of anything half-written or damaged is in the error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from schemalm.dataset import store
from schemalm.dataset.prepare import PrepareSettings
from schemalm.dataset.store import (
    FORMAT_VERSION,
    MASKS_FILE,
    METADATA_FILE,
    STATE_TABLE_FILE,
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
from schemalm.dataset.window_counts import MAX_CONTEXT_SIZE
from schemalm.errors import ConfigurationError, DataError
from schemalm.files.writing import write_atomically
from schemalm.machine.masks import pack_masks

VOCAB_SIZE = 300
DOCUMENTS = [[1, 2, 299], [7], [5] * 40]
STATES = [(2, 1, 3), (0, 0, 0), (2, 1, 2)]
FILES = {"blocks.zst", "blocks.bin", "documents.bin", "bytes.bin"}


def write(folder: Path, *, vocab_size: int = VOCAB_SIZE, with_grammar: bool = True) -> Metadata:
    """A data set of `DOCUMENTS` in one split."""
    num_places = len(STATES) if with_grammar else 0
    sizes = {"vocab_size": vocab_size, "context_size": 16, "stride": 4, "num_places": num_places}
    with SplitWriter(folder / "train", **sizes) as writer:
        for tokens in DOCUMENTS:
            writer.add(tokens, [2] * len(tokens) if with_grammar else None, num_bytes=10 + len(tokens))
        split = writer.finish()
    write_atomically(folder / TOKENIZER_FILE, b"{}\n")
    files = {TOKENIZER_FILE: hash_file(folder / TOKENIZER_FILE)}
    if with_grammar:
        files[MASKS_FILE] = write_array(folder / MASKS_FILE, pack_masks(np.ones((3, vocab_size), dtype=bool)))
        files[STATE_TABLE_FILE] = write_array(folder / STATE_TABLE_FILE, np.array(STATES, dtype=np.uint32))
    metadata = Metadata(
        pad_id=0,
        num_masks=3 if with_grammar else 0,
        num_states=4 if with_grammar else 0,
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
    for number in (2, 0, 1):
        tokens, states = split.document(number)
        assert tokens.dtype == np.uint16
        assert tokens.tolist() == DOCUMENTS[number]
        assert states is not None
        assert states.tolist() == [2] * len(tokens)
    assert split.state_table is not None
    assert split.state_table.tolist() == [list(row) for row in STATES]
    assert split.num_bytes.tolist() == [13, 11, 50]
    counts = metadata.splits["train"]
    assert (counts.num_documents, counts.num_tokens, counts.num_windows, counts.num_bytes) == (3, 44, 1 + 1 + 7, 74)


def test_large_vocabularies_take_four_bytes(tmp_path: Path) -> None:
    write(tmp_path, vocab_size=70_000)
    assert Split(tmp_path, "train").document(0)[0].dtype == np.uint32
    assert json.loads((tmp_path / METADATA_FILE).read_text())["dtype"] == "uint32"


def test_text_data_has_no_grammar_files(tmp_path: Path) -> None:
    metadata = write(tmp_path, with_grammar=False)
    assert {path.name for path in (tmp_path / "train").iterdir()} == FILES
    split = Split(tmp_path, "train")
    assert split.document(0)[1] is None
    assert split.state_table is None
    assert load_masks(tmp_path, metadata) is None


@pytest.mark.slow
@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 5), st.randoms(use_true_random=False))
def test_packed_masks_equal_the_masks(vocab_size: int, num_rows: int, random: Any) -> None:
    masks = np.array([[random.random() < 0.5 for _ in range(vocab_size)] for _ in range(num_rows)])
    packed = pack_masks(masks)
    assert packed.shape == (num_rows, -(-vocab_size // 8))
    assert all(bool(packed[i, j // 8] >> (j % 8) & 1) == masks[i, j] for i, j in np.ndindex(*masks.shape))


def test_writing_twice_gives_the_same_files(tmp_path: Path) -> None:
    assert write(tmp_path / "a") == write(tmp_path / "b")


def test_an_interrupted_preparation_is_not_a_data_set(tmp_path: Path) -> None:
    with SplitWriter(tmp_path / "train", vocab_size=VOCAB_SIZE, context_size=16, stride=4) as writer:
        writer.add([1, 2], None, num_bytes=3)
    with pytest.raises(DataError, match=r"has no metadata\.json.*run it again"):
        Split(tmp_path, "train")


def test_a_finished_data_set_is_not_overwritten(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="already contains"):
        write(tmp_path)


@pytest.mark.parametrize("name", sorted(FILES))
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


@pytest.mark.parametrize("name", ["train/blocks.zst", "train/blocks.bin", MASKS_FILE, STATE_TABLE_FILE])
def test_a_changed_byte_is_found_by_its_hash(tmp_path: Path, name: str) -> None:
    metadata = write(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name} is damaged"):
        verify_files(tmp_path, metadata)


@pytest.mark.parametrize("offsets", [[0, 9, 4, 44], [0, 4, 4, 44], [1, 4, 9, 44], [0, 4, 9, 45]])
@pytest.mark.parametrize("num_at_once", [1, 2, 100])
def test_offsets_that_do_not_rise_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offsets: list[int], num_at_once: int
) -> None:
    monkeypatch.setattr(store, "_DOCUMENTS_AT_ONCE", num_at_once)
    write(tmp_path)
    np.array(offsets).tofile(tmp_path / "train" / "documents.bin")
    with pytest.raises(DataError, match=r"documents\.bin is damaged"):
        Split(tmp_path, "train")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"splits": 3, "dtype": "uint16"}', "null"])
def test_damaged_metadata_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / METADATA_FILE).write_text(content)
    with pytest.raises(DataError, match=r"metadata\.json is damaged"):
        read_metadata(tmp_path)


def test_deeply_nested_metadata_is_named(tmp_path: Path) -> None:
    (tmp_path / METADATA_FILE).write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"metadata\.json is damaged"):
        read_metadata(tmp_path)


COUNTS = ("num_documents", "num_tokens", "num_windows", "num_bytes")
SIZES = ("context_size", "stride", "vocab_size", "pad_id", "num_masks", "num_places", "num_states")


@pytest.mark.parametrize("value", [-1, 1.5, "x", None, True, [], 10**30])
@pytest.mark.parametrize("name", [*SIZES, *COUNTS])
def test_impossible_numbers_in_the_metadata_are_named(tmp_path: Path, name: str, value: Any) -> None:
    write(tmp_path)
    path = tmp_path / METADATA_FILE
    fields = json.loads(path.read_text())
    (fields if name in SIZES else fields["splits"]["train"])[name] = value
    path.write_text(json.dumps(fields))
    with pytest.raises(DataError, match=rf"metadata\.json is damaged.*\b{name}\b.* (expected|must)"):
        read_metadata(tmp_path)


@pytest.mark.parametrize("dtype", ["uint32", 16, [], {}, True])
def test_a_type_that_does_not_follow_from_the_vocabulary_is_named(tmp_path: Path, dtype: Any) -> None:
    write(tmp_path)
    path = tmp_path / METADATA_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "dtype": dtype}))
    with pytest.raises(DataError, match=r"damaged at /dtype: expected uint16"):
        read_metadata(tmp_path)


@pytest.mark.parametrize("name", ["../x", "..", "", "a/b", "a\0"])
def test_a_split_whose_name_is_not_a_folder_name_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    path = tmp_path / METADATA_FILE
    fields = json.loads(path.read_text())
    path.write_text(json.dumps({**fields, "splits": {name: fields["splits"]["train"]}}))
    with pytest.raises(DataError, match="a split must have the name of a folder"):
        read_metadata(tmp_path)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    (tmp_path / "train" / name).unlink()
    (tmp_path / "train" / name).mkdir()
    with pytest.raises(DataError, match=name):
        Split(tmp_path, "train")


def test_a_changed_byte_of_a_block_is_found_when_it_is_read(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "train" / "blocks.zst"
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 8]) + content[place + 1 :])
        with pytest.raises(DataError, match=r"blocks\.zst is damaged, block 0"):
            Split(tmp_path, "train").document(1)


@pytest.mark.parametrize("content", [[300] * 44 + [2] * 44, [1] * 44 + [3] * 44], ids=["tokens", "states"])
def test_ids_beyond_the_tables_are_named(tmp_path: Path, content: list[int]) -> None:
    write(tmp_path)
    frame = zstandard.compress(np.array(content, dtype=np.uint16).tobytes())
    (tmp_path / "train" / "blocks.zst").write_bytes(frame)
    np.array([[0, 0], [3, len(frame)]]).tofile(tmp_path / "train" / "blocks.bin")
    with pytest.raises(DataError, match="train is damaged: document 1 has the id 3"):
        Split(tmp_path, "train").document(1)


@pytest.mark.parametrize("fields", [{}, {"num_nonterminals": 3, "num_masks": None}])
def test_another_format_version_is_refused(tmp_path: Path, fields: dict[str, Any]) -> None:
    write(tmp_path)
    path = tmp_path / METADATA_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": FORMAT_VERSION - 1, **fields}))
    with pytest.raises(DataError, match=f"format version {FORMAT_VERSION - 1}.*prepare again"):
        read_metadata(tmp_path)


@pytest.mark.parametrize("row", [(3, 0, 0), (0, 4, 0), (0, 0, 4)])
def test_states_that_refer_to_rows_beyond_the_tables_are_refused(tmp_path: Path, row: tuple[int, int, int]) -> None:
    write(tmp_path)
    write_array(tmp_path / STATE_TABLE_FILE, np.array([*STATES[:-1], row], dtype=np.uint32))
    with pytest.raises(DataError, match=r"places\.npy is damaged"):
        Split(tmp_path, "train")


@pytest.mark.parametrize(("num_places", "dtype"), [(1 << 16, "uint16"), ((1 << 16) + 1, "uint32")])
def test_many_states_take_four_bytes(tmp_path: Path, num_places: int, dtype: str) -> None:
    with SplitWriter(tmp_path / "train", vocab_size=9, context_size=16, stride=4, num_places=num_places) as writer:
        writer.add([1, 2], [0, num_places - 1], num_bytes=3)
        writer.finish()
    frame = zstandard.ZstdDecompressor().decompress((tmp_path / "train" / "blocks.zst").read_bytes())
    assert np.frombuffer(frame[4:], dtype).tolist() == [0, num_places - 1]


def test_tokens_without_any_order_take_little_more_than_four_bytes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    with SplitWriter(tmp_path / "train", vocab_size=1 << 16, context_size=512, stride=32, num_places=1 << 16) as writer:
        for _ in range(9):
            writer.add(random.integers(1 << 16, size=3000), random.integers(1 << 16, size=3000), num_bytes=900)
        writer.finish()
    assert sum(path.stat().st_size for path in (tmp_path / "train").iterdir()) <= 4.1 * 9 * 3000


@pytest.mark.parametrize(
    "content", [b"", b"no frame at all", zstandard.compress(b"12"), zstandard.compress(bytes(999))]
)
def test_a_block_with_other_content_is_named(tmp_path: Path, content: bytes) -> None:
    write(tmp_path)
    (tmp_path / "train" / "blocks.zst").write_bytes(content)
    np.array([[0, 0], [3, len(content)]]).tofile(tmp_path / "train" / "blocks.bin")
    with pytest.raises(DataError, match=r"blocks\..* is damaged"):
        Split(tmp_path, "train").document(1)


def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(DataError, match="no split 'test'; it has train"):
        Split(tmp_path, "test")


@pytest.mark.parametrize(
    ("tokens", "states", "problem"),
    [
        ([], [], "at least one token"),
        ([300], [0], "0 .. 299"),
        ([-1], [0], "0 .. 299"),
        ([1], [3], "0 .. 2"),
        ([1], [0, 0], "expected shape"),
        ([1], None, "missing"),
    ],
)
def test_documents_that_do_not_fit_are_refused(tmp_path: Path, tokens: Any, states: Any, problem: str) -> None:
    sizes = {"vocab_size": VOCAB_SIZE, "context_size": 16, "stride": 4, "num_places": len(STATES)}
    with (
        SplitWriter(tmp_path / "train", **sizes) as writer,
        pytest.raises(DataError, match=f"document 0.*{problem}"),
    ):
        writer.add(tokens, states, num_bytes=1)


def test_several_documents_at_once_are_written_like_single_ones(tmp_path: Path) -> None:
    sizes = {"vocab_size": VOCAB_SIZE, "context_size": 4, "stride": 2, "num_places": 3}
    with SplitWriter(tmp_path / "a", **sizes) as writer:
        writer.add([1, 2, 299], [0, 1, 2], num_bytes=7)
        writer.add([5] * 9, [0] * 9, num_bytes=8)
        one_by_one = writer.finish()
    with SplitWriter(tmp_path / "b", **sizes) as writer:
        writer.extend([], [], [], [])
        writer.extend([1, 2, 299, *[5] * 9], [0, 1, 2, *[0] * 9], [3, 9], [7, 8])
        assert writer.finish() == one_by_one


@pytest.mark.parametrize("context_size", [0, MAX_CONTEXT_SIZE + 1, 1 << 40])
def test_an_excessive_context_is_refused_before_anything_is_read(context_size: int) -> None:
    with pytest.raises(ConfigurationError, match=f"context_size must be .*, got {context_size}"):
        PrepareSettings(context_size, stride=1)
