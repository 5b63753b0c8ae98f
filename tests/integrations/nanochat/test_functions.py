"""The functions for the default tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from schemalm import Tokenizer, compile_schema
from schemalm.dataset.store import Split
from schemalm.dataset.window_counts import count_windows
from schemalm.dataset.windows import training_windows
from schemalm.errors import ConfigurationError, DataError, DecodeError
from schemalm.integrations.nanochat import (
    TCTTokenizer,
    decode,
    decode_prefix,
    encode,
    extract_window,
    set_default_tokenizer,
    vocab_size,
)

TEXT = '{"on":"push","jobs":{"a":{"runs-on":"ubuntu-latest"}}}'
NUMBERS = Tokenizer.from_grammar(compile_schema({"type": "integer"}))


@pytest.fixture(autouse=True)
def packaged_afterwards() -> Iterator[None]:
    yield
    set_default_tokenizer(None)


def test_the_packaged_tokenizer_is_used_by_default() -> None:
    assert vocab_size() == 8192
    assert encode(TEXT) == TCTTokenizer().encode(TEXT)


def test_decode_returns_how_many_ids_the_document_has() -> None:
    ids = encode(TEXT)
    num = len(ids)
    assert decode(ids) == (TEXT, num, num)
    assert decode([1, *ids, 0, 0]) == (TEXT, num + 3, num + 3)
    assert decode([*ids, *ids]) == (TEXT, num, 2 * num)
    assert decode([1, *ids, 1, *ids]) == (TEXT, num + 2, 2 * num + 2)


def test_decode_refuses_incomplete_ids_and_decode_prefix_does_not() -> None:
    ids = encode(TEXT)
    with pytest.raises(DecodeError, match="decode_prefix completes a document"):
        decode(ids[:-1])
    assert decode_prefix(ids[:-1]) == TEXT


@pytest.mark.parametrize("kind", ["file", "folder", "tokenizer", "names"])
def test_another_tokenizer_can_be_set(kind: str, tmp_path: Path) -> None:
    NUMBERS.save(tmp_path / "tokenizer.json")
    choices = {
        "file": str(tmp_path / "tokenizer.json"),
        "folder": tmp_path,
        "tokenizer": NUMBERS,
        "names": TCTTokenizer(NUMBERS),
    }
    set_default_tokenizer(choices[kind])
    assert vocab_size() == NUMBERS.vocab_size
    assert decode(encode(12))[0] == "12"


def test_the_default_stays_if_another_tokenizer_cannot_be_read(tmp_path: Path) -> None:
    set_default_tokenizer(NUMBERS)
    with pytest.raises(DataError):
        set_default_tokenizer(tmp_path / "none")
    assert vocab_size() == NUMBERS.vocab_size


def test_a_window_is_the_row_that_prepared_data_has(data: Path) -> None:
    split = Split(data / "prepared", "train")
    tokens = split.document(0)[0].tolist()
    num_windows = count_windows(len(tokens), 64, 16)
    assert num_windows > 1
    rows = training_windows(split).rows(np.arange(num_windows)).tokens_BT.tolist()
    for number, row in enumerate(rows):
        window = extract_window(tokens, 16 * number, 16 * number + 64, stride=16)
        assert row == window + [0] * (65 - len(window))


def test_the_position_token_counts_strides() -> None:
    tokens = list(range(100, 300))
    assert extract_window(tokens, 0, 4) == [0, 100, 101, 102, 103]
    assert extract_window(tokens, 96, 98) == [3, 196, 197]
    assert extract_window(tokens, 190, 500) == [5, *range(290, 300)]
    assert extract_window(tokens, 96, 98, stride=8) == [12, 196, 197]
    assert repr(extract_window(np.array(tokens), 96, 98)) == "[3, 196, 197]"


@pytest.mark.parametrize(
    ("start", "end", "stride", "message"),
    [
        (-1, 4, 32, "0 <= start < end"),
        (4, 4, 32, "got start 4 and end 4"),
        (10, 20, 32, "inside the document's 10 tokens"),
        (0, 4, 0, "stride must be at least 1"),
    ],
)
def test_windows_without_tokens_are_refused(start: int, end: int, stride: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        extract_window(list(range(10)), start, end, stride)


def test_positions_beyond_the_vocabulary_are_refused() -> None:
    set_default_tokenizer(NUMBERS)
    with pytest.raises(ConfigurationError, match=r"position token \d+, but the vocabulary has \d+ tokens"):
        extract_window([5] * 1000, 999, 1000, stride=1)
