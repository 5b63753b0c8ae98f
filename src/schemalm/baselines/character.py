"""One token per character: the plainest text tokenizer, for compact JSON and for any other text.

Ids: the beginning (BOS) at 0, then the characters in the order of their code points. There is no id for padding: rows
are filled with BOS, which no text contains, so a vocabulary of n characters has n + 1 ids and a model no idle row.
Characters outside the vocabulary are refused, never replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, Self

import msgspec

from schemalm.baselines.text_tokenizer import TextTokenizer, write_text
from schemalm.errors import DataError, DecodeError

BOS_ID = 0


class _File(msgspec.Struct, frozen=True):
    kind: Literal["character"]
    format: Literal[1]
    characters: str


class CharacterTokenizer(TextTokenizer):
    """Characters as tokens; made from a text, by `train` or by `load`."""

    kind: ClassVar[str] = "character"
    format: ClassVar[int] = 1
    file_type: ClassVar[Any] = _File

    def __init__(self, characters: Iterable[str]) -> None:
        """characters: those of the vocabulary, in any order and however often, such as a whole text."""
        self._characters = sorted(set(characters))
        self._ids = {character: token for token, character in enumerate(self._characters, start=BOS_ID + 1)}

    @classmethod
    def train(cls, values: Iterable[Any]) -> CharacterTokenizer:
        """The characters of the compact JSON of values."""
        return cls({character for value in values for character in write_text(value, cls.text)})

    @classmethod
    def from_content(cls, content: _File) -> Self:
        """The tokenizer of a file's characters."""
        content.characters.encode()  # lone surrogates are no characters
        return cls(content.characters)

    def content(self) -> dict[str, Any]:
        """The characters as one string."""
        return {"characters": "".join(self._characters)}

    @property
    def vocab_size(self) -> int:
        """The number of characters, and one."""
        return len(self._characters) + 1

    @property
    def pad_id(self) -> int:
        """The id that fills rows: BOS."""
        return BOS_ID

    @property
    def bos_id(self) -> int:
        """The id that may stand before a document; no document contains it."""
        return BOS_ID

    def encode_text(self, text: str) -> list[int]:
        """One id per character; raises DataError where one is not in the vocabulary."""
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            character = error.args[0]
            raise DataError(
                f"the character {character!r} (U+{ord(character):04X}) at offset {text.index(character)} is not among "
                f"the {len(self._characters)} of this tokenizer; make one from text that has it"
            ) from None

    def decode_text(self, ids: Sequence[int]) -> str:
        """The characters of ids; raises DecodeError where an id is BOS or out of range."""
        for position, token in enumerate(ids):
            if not BOS_ID < token < self.vocab_size:
                raise DecodeError(f"{token} is no token of a text", position=position)
        return "".join(self._characters[token - 1] for token in ids)

    def describe(self, token: int) -> str:
        """The character, quoted."""
        return "BOS" if token == BOS_ID else repr(self._characters[token - 1])
