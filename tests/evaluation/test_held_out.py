"""Unseen documents are those of the validation split, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemalm.dataset.store import METADATA_FILE, Split
from schemalm.errors import ConfigurationError, DataError
from schemalm.evaluation.held_out import unseen_documents
from schemalm.tokenizer import Tokenizer


def test_all_validation_documents_are_unseen(data: Path, tokenizer: Tokenizer) -> None:
    unseen, split = unseen_documents(data), Split(data, "val")
    assert unseen.indices.tolist() == list(range(split.num_documents))
    assert len(unseen) == split.num_documents
    assert unseen.num_bytes == split.num_bytes.sum()
    tokens = [*unseen.tokens()]
    assert [len(document) for document in tokens] == unseen.num_tokens.tolist()
    assert sum(map(len, tokens)) == split.offsets[-1]
    assert [tokenizer.encode(value) for value in unseen.values(tokenizer)] == tokens


def test_a_limit_takes_evenly_spaced_documents(data: Path) -> None:
    whole, some = unseen_documents(data), unseen_documents(data, 3)
    last = len(whole) - 1
    assert some.indices.tolist() == [0, round(last / 2), last]
    tokens = [*whole.tokens()]
    assert [*some.tokens()] == [tokens[index] for index in some.indices]
    assert unseen_documents(data, 10_000).indices.tolist() == whole.indices.tolist()


@pytest.mark.parametrize("num_documents", [0, -1, 1.5])
def test_a_limit_is_a_positive_number(data: Path, num_documents: int) -> None:
    with pytest.raises(ConfigurationError, match="num_documents must be a whole number of at least 1"):
        unseen_documents(data, num_documents)


def test_data_without_a_validation_split_is_refused(data: Path, tmp_path: Path) -> None:
    metadata = json.loads((data / METADATA_FILE).read_text())
    del metadata["splits"]["val"]
    (tmp_path / METADATA_FILE).write_text(json.dumps(metadata))
    with pytest.raises(DataError, match="has no split 'val'"):
        unseen_documents(tmp_path)
