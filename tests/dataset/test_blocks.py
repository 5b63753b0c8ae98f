"""Documents are read back from their blocks, whatever their sizes and the order of reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.dataset import blocks
from schemalm.dataset.blocks import BlockBuilder, BlockReader

DTYPES = ("uint16", "uint32")


def build(texts: list[list[int]]) -> Any:
    """A reader of documents whose states are twice their tokens, and the number of blocks."""
    builder, frames, index = BlockBuilder(), b"", []
    for number, text in enumerate(texts, start=1):
        tokens = np.array(text, dtype=np.uint16)
        builder.add([tokens, 2 * tokens.astype(np.uint32)])
        if builder.is_full or number == len(texts):
            index.append((number - builder.num_documents, len(frames)))
            frames += builder.build()
    index.append((len(texts), len(frames)))
    offsets = np.concatenate(([0], np.cumsum([len(text) for text in texts])))
    return BlockReader(Path(), np.frombuffer(frames, np.uint8), np.array(index), offsets), len(index) - 1


documents = st.lists(st.lists(st.integers(0, 65_535), min_size=1, max_size=30), min_size=1, max_size=20)


@given(documents, st.randoms(use_true_random=False), st.integers(1, 50))
def test_documents_are_read_in_any_order(texts: list[list[int]], random: Any, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "TOKENS_AT_ONCE", size)
        reader, _ = build(texts)
    for number in random.choices(range(len(texts)), k=2 * len(texts)):
        tokens, places = reader.read(number, DTYPES)
        assert tokens.tolist() == texts[number]
        assert places.tolist() == [2 * token for token in texts[number]]


def test_a_block_ends_with_the_document_that_fills_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "TOKENS_AT_ONCE", 10)
    assert build([[1] * 3] * 8)[1] == 2
    assert build([[1] * 300, [2], [3]])[1] == 2
