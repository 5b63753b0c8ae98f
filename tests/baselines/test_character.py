"""One id per character, for documents and for any other text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemalm.baselines import CharacterTokenizer
from schemalm.documents import canonical_json, json_equal
from schemalm.errors import DataError, DecodeError


@pytest.fixture(scope="module")
def characters(documents: list[Any]) -> CharacterTokenizer:
    return CharacterTokenizer.train(documents)


def test_documents_round_trip(characters: CharacterTokenizer, documents: list[Any]) -> None:
    for document in documents:
        ids = characters.encode(document)
        assert len(ids) == len(canonical_json(document).decode())
        assert json_equal(characters.decode(ids), document)


def test_the_vocabulary_is_bos_and_then_the_characters_in_order() -> None:
    tokenizer = CharacterTokenizer("hello 𝄞é")
    assert tokenizer.bos_id == 0
    assert tokenizer.vocab_size == 8
    assert [tokenizer.describe(token) for token in range(8)] == ["BOS", "' '", "'e'", "'h'", "'l'", "'o'", "'é'", "'𝄞'"]


def test_any_text_round_trips() -> None:
    text = "To be, or not to be:\nthat is the question."
    tokenizer = CharacterTokenizer(text)
    ids = tokenizer.encode_text(text)
    assert tokenizer.decode_text(ids) == text
    assert 0 not in ids


def test_rows_are_padded_with_bos_which_no_text_contains() -> None:
    tokenizer = CharacterTokenizer("\0ab")
    assert tokenizer.pad_id == tokenizer.bos_id == 0
    assert tokenizer.encode_text("\0ab") == [1, 2, 3]


def test_an_unknown_character_is_named_with_its_offset() -> None:
    with pytest.raises(DataError, match=r"'é' \(U\+00E9\) at offset 2 "):
        CharacterTokenizer("ab").encode_text("abé")


@pytest.mark.parametrize("stranger", [0, 3, -1])
def test_ids_without_text_are_refused(stranger: int) -> None:
    with pytest.raises(DecodeError) as caught:
        CharacterTokenizer("ab").decode_text([1, stranger])
    assert caught.value.position == 1


def test_a_truncated_sequence_is_not_a_document(characters: CharacterTokenizer, documents: list[Any]) -> None:
    with pytest.raises(DecodeError):
        characters.decode(characters.encode(documents[0])[:-1])


def test_saving_and_loading_gives_the_same_bytes(characters: CharacterTokenizer, tmp_path: Path) -> None:
    path = tmp_path / "characters.json"
    characters.save(path)
    assert CharacterTokenizer.load(path).digest == characters.digest


@pytest.mark.parametrize("characters", ["1", '["ab"]', "null", r'"\ud800"'])
def test_a_file_without_characters_is_refused(tmp_path: Path, characters: str) -> None:
    path = tmp_path / "characters.json"
    path.write_text(f'{{"kind": "character", "format": 1, "characters": {characters}}}')
    with pytest.raises(DataError):
        CharacterTokenizer.load(path)
