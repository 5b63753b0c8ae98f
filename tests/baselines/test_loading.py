"""One function reads a tokenizer file of any kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemalm.baselines import AnyTokenizer, ByteBPETokenizer, CharacterTokenizer, load_tokenizer
from schemalm.errors import DataError
from schemalm.grammar import Grammar
from schemalm.tokenizer import Tokenizer


def test_a_file_is_read_by_its_kind(tmp_path: Path, grammar: Grammar) -> None:
    tokenizers: list[AnyTokenizer] = [
        Tokenizer.from_grammar(grammar),
        ByteBPETokenizer.train([], text="yaml"),
        CharacterTokenizer("ab"),
    ]
    for tokenizer in tokenizers:
        tokenizer.save(tmp_path / "tokenizer.json")
        loaded = load_tokenizer(tmp_path / "tokenizer.json")
        assert type(loaded) is type(tokenizer)
        assert loaded.digest == tokenizer.digest


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "words"}', '{"kind": []}', "[" * 100_000])
def test_a_file_of_no_kind_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(DataError):
        load_tokenizer(tmp_path / "tokenizer.json")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing\.json"):
        load_tokenizer(tmp_path / "missing.json")
